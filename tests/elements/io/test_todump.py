"""ToDump: what it writes, and what becomes of the packets."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.elements.harness import Captured, run_config, write_pcap

START = 1_234_567_890_123_456_789
PACKETS = [Captured(bytes([n]) * (60 + n), 100, START + n) for n in range(5)]
DATA = [packet.data for packet in PACKETS]


def header(path: Path) -> tuple[int, int, int]:
    """Magic number, snap length and link type of a capture file."""
    magic, _, _, _, _, snap_length, link_type = struct.unpack("<IHHiIII", path.read_bytes()[:24])
    return magic, snap_length, link_type


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", (0xA1B23C4D, 2000, 1)),
        ("NANO false, SNAPLEN 96", (0xA1B2C3D4, 96, 1)),
        ("ENCAP IP", (0xA1B23C4D, 2000, 101)),
        ("100, SLL", (0xA1B23C4D, 100, 113)),
        ("ENCAP #195", (0xA1B23C4D, 2000, 195)),
        ("ENCAP NULL", (0xA1B23C4D, 2000, 0)),
        ("USE_ENCAP_FROM f", (0xA1B23C4D, 2000, 101)),
        ("USE_ENCAP_FROM f f", (0xA1B23C4D, 2000, 101)),
    ],
)
def test_the_file_says_what_its_packets_are(arguments: str, expected: tuple[int, int, int], tmp_path: Path) -> None:
    path = tmp_path / "out"
    text = f"f :: FromDump(in.pcap, STOP true) -> ToDump({path}{', ' if arguments else ''}{arguments});\n"
    result = run_config(text, {"in": []}, link_type=101)
    assert result.status == 0, result.stderr
    assert header(path) == expected


def test_link_types_come_from_elements_that_are_defined_later_and_from_devices(tmp_path: Path) -> None:
    path = tmp_path / "out"
    text = f"d :: ToDump({path}, USE_ENCAP_FROM g); FromDevice(in) -> d; g :: FromDevice(in) -> d;\n"
    result = run_config(text, {"in": []}, link_type=113, args=["--port", "in=pcap:in.pcap"])
    assert result.status == 0, result.stderr
    assert header(path)[2] == 113


def test_lengths_and_times_are_kept() -> None:
    text = """
        FromDump(in.pcap, STOP true) -> t :: Tee(4);
        t[0] -> ToDump(all.pcap); t[1] -> ToDump(snapped.pcap, SNAPLEN 10);
        t[2] -> ToDump(own.pcap, EXTRA_LENGTH false); t[3] -> ToDump(micro.pcap, NANO false, UNBUFFERED true);
    """
    outputs = run_config(text, {"in": PACKETS}).outputs
    assert outputs["all"] == PACKETS
    assert outputs["snapped"] == [Captured(p.data[:10], 100, p.time) for p in PACKETS]
    assert outputs["own"] == [Captured(p.data, len(p.data), p.time) for p in PACKETS]
    assert outputs["micro"] == [Captured(p.data, 100, p.time // 1000 * 1000) for p in PACKETS]


def test_packets_without_a_time_are_stamped() -> None:
    text = "InfiniteSource(LIMIT 1, TIMESTAMP false, STOP true) -> ToDump(out.pcap);\n"
    (packet,) = run_config(text, args=["--simtime"]).outputs["out"]
    assert packet.time // 10**9 == 1_000_000_000
    (packet,) = run_config("FromDump(in.pcap, STOP true) -> ToDump(out.pcap);\n", {"in": [b"x"]}).outputs["out"]
    assert packet.time == 10**18


def test_packets_pass_through_unchanged() -> None:
    text = """
        FromDump(in.pcap, STOP true) -> ToDump(a.pcap, SNAPLEN 8, EXTRA_LENGTH false) -> Strip(1) -> ToDump(b.pcap);
    """
    outputs = run_config(text, {"in": PACKETS}).outputs
    assert outputs["a"] == [Captured(p.data[:8], len(p.data), p.time) for p in PACKETS]
    assert outputs["b"] == [Captured(p.data[1:], 99, p.time) for p in PACKETS]


def test_packets_are_drawn_and_pass_through_pull_paths() -> None:
    text = """
        FromDump(in.pcap, STOP true) -> Queue -> a :: ToDump(a.pcap) -> Strip(1) -> b :: ToDump(b.pcap);
    """
    result = run_config(text, {"in": PACKETS}, handlers=["a.count", "b.count"])
    assert (result.data("a"), result.data("b")) == (DATA, [data[1:] for data in DATA])
    assert result.handlers == {"a.count": "5", "b.count": "5"}


def test_more_packets_than_a_ring_has_slots() -> None:
    packets = [struct.pack("<I", n) * 100 for n in range(2000)]
    text = """
        FromDump(in.pcap, STOP true) -> a :: ToDump(a.pcap) -> q :: Queue(10000) -> b :: ToDump(b.pcap);
    """
    result = run_config(text, {"in": packets})
    assert result.data("a") == packets
    assert result.data("b") == packets


@pytest.mark.parametrize("length", [1972, 3000, 65535])
@pytest.mark.parametrize("through", ["", " -> Discard"])
def test_long_packets(length: int, through: str) -> None:
    packet = bytes(n % 251 for n in range(length))
    text = f"FromDump(in.pcap, STOP true) -> ToDump(out.pcap, SNAPLEN 0){through};\n"
    assert run_config(text, {"in": [packet, b"", packet]}).data("out") == [packet, b"", packet]


@pytest.mark.parametrize("queue", ["", "Queue -> "])
def test_a_full_disk_is_reported_once_and_counted(queue: str, tmp_path: Path) -> None:
    """The process may not write files as long as this one becomes: what it cannot write is dropped."""
    text = f"FromDump(in.pcap, END_CALL dm.step) -> {queue}d :: ToDump(out.pcap, UNBUFFERED true);\n"
    text += "dm :: DriverManager(pause, wait 10ms, stop);\n"
    (tmp_path / "config.click").write_text(text, encoding="utf-8")
    write_pcap(tmp_path / "in.pcap", [bytes(984)] * 500)
    command = f"{sys.executable} -m nmclick run -h d.count config.click"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    for limit in ("unlimited", "100"):  # in blocks of 512 bytes; the first run fills the cache of compiled programs
        done = subprocess.run(
            ["bash", "-c", f"ulimit -f {limit}; exec {command}"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "d: pcap:out.pcap: cannot write on: File too large\n")
    # Sixty-four packets, a batch, are written or dropped together.
    assert int(done.stdout) % 64 == 0
    assert int(done.stdout) <= 100


def test_flush_lets_the_packets_reach_the_file() -> None:
    text = """
        FromDump(in.pcap, END_CALL dm.step) -> d :: ToDump(out.pcap);
        dm :: DriverManager(pause, wait 1ms, print $(length $(cat out.pcap)), write d.flush,
                            print $(length $(cat out.pcap)), write d.reset_counts,
                            print "$(d.count) $(d.filename)", stop);
    """
    result = run_config(text, {"in": [bytes(100)] * 3})
    assert result.stdout.splitlines() == ["24", str(24 + 3 * 116), "0 out.pcap"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "FILENAME: required argument missing"),
        ("o.pcap, ENCAP NOTHING", "bad encapsulation type"),
        ("o.pcap, ENCAP #", "bad encapsulation type"),
        ("o.pcap, ENCAP IP, USE_ENCAP_FROM f", "specify at most one of 'ENCAP' and 'USE_ENCAP_FROM'"),
        ("o.pcap, USE_ENCAP_FROM nobody", "no element named 'nobody'"),
        ("o.pcap, SNAPLEN -1", "SNAPLEN: invalid number"),
    ],
)
def test_bad_arguments(arguments: str, message: str) -> None:
    result = run_config(f"f :: FromDump(in.pcap) -> ToDump({arguments});\n", {"in": []})
    assert result.stderr == (
        f"config.click:1: While configuring 'ToDump@2 :: ToDump':\n  {message}\nRouter could not be initialized!\n"
    )


def test_sources_that_do_not_tell_a_link_type() -> None:
    result = run_config("i :: Idle -> ToDump(o.pcap, USE_ENCAP_FROM i);\n")
    assert result.stderr == (
        "config.click:1: While initializing 'ToDump@2 :: ToDump':\n"
        "  'i :: Idle' has no 'encap' read handler\nRouter could not be initialized!\n"
    )


def test_sources_that_disagree(tmp_path: Path) -> None:
    text = "a :: FromDump(in.pcap) -> d :: ToDump(o.pcap, USE_ENCAP_FROM a b); b :: FromDump(other) -> d;\n"
    other = tmp_path / "other.pcap"
    other.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 113))
    result = run_config(text, {"in": []}, args=["--port", f"other=pcap:{other}"])
    assert result.stderr == (
        "config.click:1: While initializing 'd :: ToDump':\n  source encapsulation types disagree:\n"
        "    a has ETHER\n    b has SLL\nRouter could not be initialized!\n"
    )


def test_a_file_that_cannot_be_made() -> None:
    result = run_config("Idle -> ToDump(/nowhere/o.pcap);\n")
    assert result.stderr == (
        "config.click:1: While initializing 'ToDump@2 :: ToDump':\n"
        "  /nowhere/o.pcap: No such file or directory\nRouter could not be initialized!\n"
    )
