"""FORCE_IP behind every link header, and ToDump in all its places, under AddressSanitizer and
UndefinedBehaviorSanitizer with packets that are cut short, changed or noise."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.elements.harness import write_pcap
from tests.elements.io.test_fromdump import LINKS

ROOT = Path(__file__).parents[3]
PER_LINK = 1500


def odd_packets(link_type: int, chance: random.Random) -> list[bytes]:
    good = [data for link, data, _ in LINKS if link == link_type and data]
    packets = []
    for _ in range(PER_LINK):
        packet = bytearray(chance.choice(good))
        for _ in range(chance.randrange(3)):
            packet[chance.randrange(len(packet))] = chance.choice((0, 6, 0x50, 0xAA, 0xFF, chance.randrange(256)))
        if chance.randrange(2):
            del packet[chance.randrange(len(packet) + 1) :]
        packets.append(bytes(packet))
    return packets


@pytest.mark.skipif(shutil.which("gcc") is None, reason="the sanitizers are those of gcc")
def test_odd_packets_do_no_harm(tmp_path: Path) -> None:
    command = ["gcc", "-print-file-name=libasan.so"]
    library = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    if not Path(library).is_absolute():
        pytest.skip("gcc has no AddressSanitizer")
    chance = random.Random(1)
    links = sorted({link for link, _, _ in LINKS})
    text = "ip :: ToDump(ip.pcap, SNAPLEN 30) -> i :: Counter -> Queue(50000)"
    text += " -> ToDump(again.pcap) -> ToDump(last.pcap);\n"
    text += "other :: ToDump(other.pcap, EXTRA_LENGTH false) -> o :: Counter -> Discard;\n"
    for link in links:
        write_pcap(tmp_path / f"in{link}.pcap", odd_packets(link, chance), link)
        text += f"f{link} :: FromDump(in{link}.pcap, FORCE_IP true, END_CALL dm.step) -> StripIPHeader -> ip;\n"
        text += f"f{link} [1] -> other;\n"
    text += f"dm :: DriverManager({', '.join(['pause'] * len(links))}, wait 10ms, stop);\n"
    (tmp_path / "config.click").write_text(text, encoding="utf-8")
    environment = os.environ | {
        "LD_PRELOAD": library,
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONPATH": str(ROOT),
        "NMCLICK_SANITIZE": "1",
        "CC": "gcc",
    }
    done = subprocess.run(
        [sys.executable, "-m", "nmclick", "run", "-h", "i.count", "-h", "o.count", "config.click"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    values = done.stdout.split()
    assert int(values[1]) + int(values[3]) == PER_LINK * len(links)
