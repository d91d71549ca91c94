"""The short configurations of configs/ over real captures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.configs.frames import DATA, ROOT, UDP, captured, checksum, read_frames, run_config_file
from tests.elements.harness import read_pcap


def test_mirror_passes_both_directions_on_byte_for_byte(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.pcap" for name in ("LEFT_OUT", "RIGHT_OUT", "MIRROR")}
    values = run_config_file("mirror.click", {name: f"pcap:{file}" for name, file in files.items()}, ["mirror.count"])
    left, right = captured("lan0-in"), captured("lan0-out")
    assert read_frames(files["RIGHT_OUT"]) == left
    assert read_frames(files["LEFT_OUT"]) == right
    assert Counter(read_frames(files["MIRROR"])) == Counter([*left, *right])
    assert values == {"mirror.count": str(len(left) + len(right))}


@pytest.mark.parametrize("capture", ["lan0-in", "lan2-in", "vlan"])
def test_echo_swaps_the_addresses_and_changes_nothing_else(tmp_path: Path, capture: str) -> None:
    file = tmp_path / "out.pcap"
    variables = {"IN": f"pcap:{DATA}/{capture}.pcap", "OUT": f"pcap:{file}"}
    values = run_config_file("echo.click", variables, ["received.count"])
    received = captured(capture)
    swapped = [frame.source + frame.destination + frame.data[12:] for frame in received]
    assert [frame.data for frame in read_frames(file)] == swapped
    assert values == {"received.count": str(len(received))}


def test_generator_makes_the_packets_its_comments_describe(tmp_path: Path) -> None:
    file = tmp_path / "out.pcap"
    values = run_config_file("generator.click", {"OUT": f"pcap:{file}", "LIMIT": "100"}, ["made.count"])
    made = read_frames(file)
    assert values == {"made.count": "100"}
    assert len(made) == 100
    assert len(set(made)) == 1
    frame = made[0]
    ip = frame.ip
    assert len(frame.data) == 64
    assert (frame.source, frame.destination) == (bytes([2, 0, 0, 0, 0, 2]), bytes([2, 0, 0, 0, 0, 1]))
    assert (ip.source, ip.destination, ip.protocol, ip.ttl) == ("10.0.0.2", "10.0.1.2", UDP, 64)
    assert ip.ports == (1234, 9)
    assert ip.length == len(ip.data) == 50
    assert int.from_bytes(ip.payload[4:6], "big") == len(ip.payload) == 30
    assert checksum(ip.header) == 0


def test_generator_keeps_its_rate(tmp_path: Path) -> None:
    """200 packets at 1,000 a second, two of which (10 ms' worth) may leave at once."""
    file = tmp_path / "out.pcap"
    run_config_file("generator.click", {"OUT": f"pcap:{file}", "LIMIT": "200", "RATE": "1000"}, ["made.count"])
    times = [packet.time for packet in read_pcap(file)]
    assert 0.18 < (times[-1] - times[0]) / 1e9 < 0.6


@pytest.mark.parametrize("file", sorted((ROOT / "configs").glob("*.click")), ids=lambda file: file.name)
def test_every_configuration_explains_how_to_run_it(file: Path) -> None:
    """Its head shows a command that works from the top of the checkout."""
    head = file.read_text().split("\n\n")[0]
    assert f"//     nmclick run configs/{file.name}" in head
