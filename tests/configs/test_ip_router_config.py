"""configs/ip-router.click, compared with the Linux router that stood in its place when tests/data was recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.configs.frames import (
    ARP,
    BROADCAST,
    ECHO,
    IP,
    IPV4,
    REDIRECT,
    ROOT,
    TIME_EXCEEDED,
    UNREACHABLE,
    Frame,
    captured,
    checksum,
    ip_packets,
    read_frames,
    run_config_file,
)

PORTS = range(4)
ROUTER = [f"10.0.{port}.1" for port in PORTS]
ETHER = [bytes([2, 0, 0, 0, port, 1]) for port in PORTS]
MTU = [1500, 1500, 600, 1500]
TIMESTAMP_OPTION = 68
REPLY = b"\0\2"


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Sequence[list[Frame]]:
    """What the router sends by each port, fed once with what Linux received."""
    folder = tmp_path_factory.mktemp("router")
    files = [folder / f"out{port}.pcap" for port in PORTS]
    variables: dict[str, str | Path] = {}
    for port in PORTS:
        variables[f"IN{port}"] = f"pcap:{ROOT}/tests/data/lan{port}-in.pcap"
        variables[f"OUT{port}"] = f"pcap:{files[port]}"
    run_config_file("ip-router.click", variables, ["local.count"])
    return [read_frames(file) for file in files]


@pytest.fixture(scope="module")
def linux() -> Sequence[list[Frame]]:
    """What the Linux router sent by each port."""
    return [captured(f"lan{port}-out") for port in PORTS]


def from_hosts(frames: Sequence[Frame]) -> list[Frame]:
    """The forwarded packets: those whose source is no address of the router."""
    return [frame for frame in frames if frame.kind == IPV4 and frame.ip.source not in ROUTER]


def has_timestamp_option(ip: IP) -> bool:
    return len(ip.header) > 20 and ip.header[20] == TIMESTAMP_OPTION


def comparable(frames: Sequence[Frame]) -> Counter[bytes]:
    """Whole frames; of those with a timestamp option the clock's value and the checksum are left out."""
    return Counter(
        frame.data[:14] + frame.ip.without((10, 12), (24, 60)) if has_timestamp_option(frame.ip) else frame.data
        for frame in frames
    )


def errors(frames: Sequence[Frame], icmp_type: int) -> list[IP]:
    """ICMP errors of the router itself."""
    return [ip for ip in ip_packets(frames) if ip.source in ROUTER and ip.icmp_type == icmp_type]


@pytest.mark.parametrize("port", PORTS)
def test_forwarded_frames_are_those_of_linux_byte_for_byte(
    sent: Sequence[list[Frame]], linux: Sequence[list[Frame]], port: int
) -> None:
    forwarded = comparable(from_hosts(sent[port]))
    assert forwarded.total() > 25
    assert forwarded == comparable(from_hosts(linux[port]))


@pytest.mark.parametrize("port", PORTS)
def test_packets_of_one_flow_keep_their_order(
    sent: Sequence[list[Frame]], linux: Sequence[list[Frame]], port: int
) -> None:
    def by_flow(frames: Sequence[Frame]) -> Mapping[tuple[object, ...], list[bytes]]:
        flows: dict[tuple[object, ...], list[bytes]] = {}
        for ip in ip_packets(from_hosts(frames)):
            if not has_timestamp_option(ip):
                flows.setdefault((ip.source, ip.destination, ip.protocol, ip.ports), []).append(ip.data)
        return flows

    assert by_flow(sent[port]) == by_flow(linux[port])


def test_forwarding_takes_one_from_the_time_to_live(sent: Sequence[list[Frame]]) -> None:
    before = {ip.without((8, 9), (10, 12)): ip.ttl for port in PORTS for ip in ip_packets(captured(f"lan{port}-in"))}
    # Fragments made here and options that were filled in have no equal among the packets received.
    pairs = [
        (before[key], ip.ttl)
        for port in PORTS
        for ip in ip_packets(from_hosts(sent[port]))
        if (key := ip.without((8, 9), (10, 12))) in before
    ]
    assert len(pairs) > 150
    assert all(after == ttl - 1 for ttl, after in pairs)


@pytest.mark.parametrize("port", PORTS)
def test_every_ip_header_checksum_is_right(sent: Sequence[list[Frame]], port: int) -> None:
    packets = ip_packets(sent[port])
    assert packets
    assert [ip for ip in packets if checksum(ip.header) != 0] == []


@pytest.mark.parametrize("port", PORTS)
def test_no_packet_is_longer_than_its_network_allows(sent: Sequence[list[Frame]], port: int) -> None:
    assert max(len(ip.data) for ip in ip_packets(sent[port])) <= MTU[port]


def test_every_icmp_checksum_of_the_router_is_right(sent: Sequence[list[Frame]]) -> None:
    own = [ip for port in PORTS for ip in ip_packets(sent[port]) if ip.source in ROUTER]
    assert len(own) == 5
    assert [ip for ip in own if checksum(ip.payload) != 0] == []


def test_long_packets_are_cut_for_the_network_that_needs_it(sent: Sequence[list[Frame]]) -> None:
    """Two pings of 4,008 bytes went to 10.0.2.2; put together, their fragments are those pings again."""
    pings: dict[bytes, dict[int, bytes]] = {}
    for ip in ip_packets(sent[2]):
        if ip.destination == "10.0.2.2" and ip.source == "10.0.0.2" and ip.is_fragment:
            pings.setdefault(ip.data[4:6], {})[ip.fragment_offset] = ip.payload
    whole = [b"".join(parts[offset] for offset in sorted(parts)) for parts in pings.values()]
    assert [(data[0], len(data), checksum(data)) for data in whole] == [(ECHO, 4008, 0)] * 2


@pytest.mark.parametrize(
    ("port", "icmp_type"),
    [(0, TIME_EXCEEDED), (3, TIME_EXCEEDED), (0, REDIRECT), (0, UNREACHABLE)],
    ids=["ttl-lan0", "ttl-lan3", "redirect", "too-long"],
)
def test_errors_tell_what_those_of_linux_tell(
    sent: Sequence[list[Frame]], linux: Sequence[list[Frame]], port: int, icmp_type: int
) -> None:
    """The same message about the same packet, from the same address to the same host. Left out: whether the packet is
    quoted before or after its time to live was decreased; host-unreachable, which needs an ARP that gives up."""

    def told(frames: Sequence[Frame]) -> list[tuple[str, str, bytes, bytes]]:
        return sorted(
            (ip.source, ip.destination, ip.payload[:8], IP(ip.payload[8:]).without((8, 9), (10, 12)))
            for ip in errors(frames, icmp_type)
            if ip.payload[:2] != bytes([UNREACHABLE, 1])
        )

    assert told(sent[port]) == told(linux[port]) != []


@pytest.mark.parametrize("port", PORTS)
def test_arp_requests_for_the_router_are_answered_and_no_others(sent: Sequence[list[Frame]], port: int) -> None:
    def arp_with(frames: Sequence[Frame], ask: Callable[[Frame], bool]) -> list[Frame]:
        return [frame for frame in frames if frame.kind == ARP and ask(frame)]

    router = bytes(map(int, ROUTER[port].split(".")))
    asked = arp_with(captured(f"lan{port}-in"), lambda f: f.payload[6:8] == b"\0\1" and f.payload[24:28] == router)
    answers = arp_with(sent[port], lambda f: f.payload[6:8] == REPLY)
    assert asked
    assert [(f.destination, f.source, f.payload[8:14], f.payload[14:18], f.payload[18:28]) for f in answers] == [
        (f.source, ETHER[port], ETHER[port], router, f.payload[8:18]) for f in asked
    ]


def test_unknown_hosts_are_asked_for_by_arp(sent: Sequence[list[Frame]]) -> None:
    wanted = bytes([10, 0, 1, 77])
    queries = [f for f in sent[1] if f.kind == ARP and f.payload[24:28] == wanted]
    assert [(f.destination, f.source, f.payload[14:18]) for f in queries] == [
        (BROADCAST, ETHER[1], bytes([10, 0, 1, 1]))
    ]
    assert [ip for ip in ip_packets(sent[1]) if ip.destination == "10.0.1.77"] == []


def test_nothing_but_ip_and_arp_is_sent(sent: Sequence[list[Frame]]) -> None:
    assert {frame.kind for port in PORTS for frame in sent[port]} == {IPV4, ARP}
    assert {frame.source for frame in sent[0]} == {ETHER[0]}


def test_other_frames_and_packets_for_the_router_are_counted() -> None:
    variables = {f"IN{port}": f"pcap:tests/data/lan{port}-in.pcap" for port in PORTS}
    inputs = [captured(f"lan{port}-in") for port in PORTS]
    local = {*ROUTER, *(f"10.0.{port}.255" for port in PORTS)}
    values = run_config_file(
        "ip-router.click", variables, ["local.count", *(f"port{port}/other.count" for port in PORTS)]
    )
    assert values["local.count"] == str(sum(ip.destination in local for frames in inputs for ip in ip_packets(frames)))
    heard = [
        [f for f in frames if f.kind not in (IPV4, ARP) and (f.destination == ETHER[port] or f.destination[0] & 1)]
        for port, frames in enumerate(inputs)
    ]
    assert [values[f"port{port}/other.count"] for port in PORTS] == [str(len(frames)) for frames in heard]


def test_default_ports_replay_the_captures() -> None:
    values = run_config_file("ip-router.click", {"SECONDS": "0.2"}, [f"out{port}.count" for port in PORTS])
    assert all(int(value) > 1000 for value in values.values()), values
