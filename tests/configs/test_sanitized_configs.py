"""The pipeline of every configuration under AddressSanitizer and UndefinedBehaviorSanitizer, fed with packets that
nobody should send: captured ones cut short or with bytes changed, and noise."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.configs.frames import DATA, ROOT
from tests.elements.harness import read_pcap, write_pcap

CAPTURES = [f"lan{port}-{direction}" for port in range(4) for direction in ("in", "out")]
#: The input variables of each configuration.
INPUTS = {
    "echo.click": ["IN"],
    "firewall.click": ["OUTSIDE_IN", "INSIDE_IN"],
    "generator.click": [],
    "ip-router.click": [f"IN{port}" for port in range(4)],
    "mirror.click": ["LEFT_IN", "RIGHT_IN"],
}


def odd_packets(seed: int, count: int) -> list[bytes]:
    """Packets made from the captures' by cutting, changing and inventing; some are as they were."""
    chance = random.Random(seed)
    good = [packet.data for name in CAPTURES for packet in read_pcap(DATA / f"{name}.pcap")]
    packets = []
    for _ in range(count):
        packet = bytearray(chance.choice(good))
        kind = chance.randrange(4)
        if kind == 0:
            # Mostly inside the headers: that is where lengths are looked at.
            del packet[chance.choice((chance.randrange(80), chance.randrange(len(packet)))) :]
        elif kind == 1:
            for _ in range(chance.randrange(1, 5)):
                packet[chance.randrange(min(len(packet), 80))] = chance.choice((0, 0xFF, chance.randrange(256)))
        elif kind == 2:
            length = chance.randrange(14, 1600)
            # The addresses and the type stay: otherwise nothing behind the first element would be reached.
            packet = packet[:15] + chance.randbytes(length)
        packets.append(bytes(packet))
    return packets


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("odd")
    files = [folder / f"odd{number}.pcap" for number in range(4)]
    for seed, file in enumerate(files):
        write_pcap(file, odd_packets(seed, 5000))
    return files


def test_every_configuration_is_listed_here() -> None:
    assert {file.name for file in (ROOT / "configs").glob("*.click")} == set(INPUTS)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="the sanitizers are those of gcc")
@pytest.mark.parametrize("config", INPUTS)
def test_odd_packets_do_no_harm(config: str, odd: list[Path]) -> None:
    library = subprocess.run(
        ["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(library).is_absolute():
        pytest.skip("gcc has no AddressSanitizer")
    variables = [f"{name}=pcap:{file}" for name, file in zip(INPUTS[config], odd, strict=False)]
    if not variables:
        variables = ["LIMIT=5000"]
    environment = os.environ | {
        "LD_PRELOAD": library,
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONPATH": str(ROOT),
        "NMCLICK_SANITIZE": "1",
        "CC": "gcc",
    }
    done = subprocess.run(
        [sys.executable, "-m", "nmclick", "run", "--stats", f"configs/{config}", *variables],
        cwd=ROOT, env=environment, capture_output=True, text=True, errors="replace", timeout=300, check=False,
    )  # fmt: skip
    assert "runtime error" not in done.stderr, done.stderr
    assert "AddressSanitizer" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr
    assert f"{5000 * (len(INPUTS[config]) or 1)} in, " in done.stdout + done.stderr
