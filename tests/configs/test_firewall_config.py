"""configs/firewall.click between the captured network and its server, 10.0.1.2."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.configs.frames import (
    ARP,
    ECHO,
    ECHO_REPLY,
    ICMP,
    IP,
    IPV4,
    IPV6,
    TCP,
    TIME_EXCEEDED,
    UDP,
    UNREACHABLE,
    Frame,
    captured,
    ip_packets,
    read_frames,
    run_config_file,
)

SERVER = "10.0.1.2"
WEB, DNS = 80, 53
TCP_ACK = 0x10
COUNTERS = [f"{name}_{side}.count" for name in ("passed", "refused", "other") for side in ("in", "out")]


def may_enter(ip: IP) -> bool:
    """The rules of `to_server`, read from the comments of the configuration."""
    if ip.destination != SERVER:
        return False
    if ip.fragment_offset:
        return True
    if ip.protocol == ICMP:
        return ip.icmp_type in (ECHO, UNREACHABLE, TIME_EXCEEDED)
    office = ip.source.startswith("10.0.")
    port = ip.ports[1] if ip.ports else None
    return (ip.protocol == TCP and port == WEB) or (office and port == DNS)


def may_leave(ip: IP) -> bool:
    """The rules of `from_server`."""
    if ip.source != SERVER:
        return False
    if ip.fragment_offset:
        return True
    if ip.protocol == ICMP:
        return ip.icmp_type == ECHO_REPLY
    port = ip.ports[0] if ip.ports else None
    if ip.protocol == TCP:
        return port in (WEB, DNS) and bool(ip.payload[13] & TCP_ACK)
    return ip.protocol == UDP and port == DNS


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Frame], list[Frame], dict[str, str]]:
    """What comes out to the server and from it, and the counters."""
    folder = tmp_path_factory.mktemp("firewall")
    inside, outside = folder / "inside.pcap", folder / "outside.pcap"
    counters = run_config_file(
        "firewall.click", {"INSIDE_OUT": f"pcap:{inside}", "OUTSIDE_OUT": f"pcap:{outside}"}, COUNTERS
    )
    return read_frames(inside), read_frames(outside), counters


def test_what_the_rules_allow_comes_out_unchanged_and_in_order(
    result: tuple[list[Frame], list[Frame], dict[str, str]],
) -> None:
    to_server = [f for f in captured("lan1-out") if f.kind == ARP or (f.kind == IPV4 and may_enter(f.ip))]
    from_server = [f for f in captured("lan1-in") if f.kind == ARP or (f.kind == IPV4 and may_leave(f.ip))]
    assert len(to_server) > 30
    assert len(from_server) > 30
    assert result[0] == to_server
    assert result[1] == from_server


def test_counters_say_how_many_passed_and_how_many_did_not(
    result: tuple[list[Frame], list[Frame], dict[str, str]],
) -> None:
    def count(frames: Sequence[Frame]) -> list[int]:
        packets = ip_packets(frames)
        allowed = sum(map(may_enter if frames is entering else may_leave, packets))
        return [allowed, len(packets) - allowed, sum(f.kind not in (ARP, IPV4) for f in frames)]

    entering, leaving = captured("lan1-out"), captured("lan1-in")
    expected = zip(count(entering), count(leaving), strict=True)
    assert [int(result[2][name]) for name in COUNTERS] == [number for pair in expected for number in pair]


def test_the_connection_attempt_to_the_closed_port_is_refused(
    result: tuple[list[Frame], list[Frame], dict[str, str]],
) -> None:
    def to_port_22(frames: Sequence[Frame]) -> list[IP]:
        return [ip for ip in ip_packets(frames) if ip.ports is not None and ip.ports[1] == 22]

    assert len(to_port_22(captured("lan1-out"))) == 1
    assert to_port_22(result[0]) == []


def test_a_whole_web_page_passes(result: tuple[list[Frame], list[Frame], dict[str, str]]) -> None:
    web = [ip for ip in ip_packets(result[1]) if ip.ports is not None and ip.ports[0] == WEB]
    text = b"".join(ip.payload[4 * (ip.payload[12] >> 4) :] for ip in web if ip.destination == "10.0.0.2")
    page = "".join(f"{line:4} The quick brown fox jumps over the lazy dog.\n" for line in range(90))
    assert text.endswith(b"\r\n\r\n" + page.encode())


def test_ipv6_does_not_pass(result: tuple[list[Frame], list[Frame], dict[str, str]]) -> None:
    assert any(frame.kind == IPV6 for frame in captured("lan1-out"))
    assert {frame.kind for frame in [*result[0], *result[1]]} == {ARP, IPV4}


def test_one_port_for_both_directions_can_be_given(tmp_path: Path) -> None:
    """OUTSIDE=NAME stands for OUTSIDE_IN and OUTSIDE_OUT."""
    values = run_config_file("firewall.click", {"OUTSIDE": "null:"}, ["passed_in.count", "passed_out.count"])
    assert values["passed_in.count"] == "0"
    assert int(values["passed_out.count"]) > 30
