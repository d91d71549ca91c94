"""MarkIPHeader, GetIPAddress, SetIPAddress, StoreIPAddress and FixIPSrc: addresses in packets and annotations."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.elements.datagrams import (
    DF,
    ICMP,
    MF,
    TCP,
    UDP,
    address,
    check_refusals,
    internet_checksum,
    ipv4,
    pseudo_header,
    tcp,
    udp,
    with_checksum,
)
from tests.elements.harness import Case, run_cases

A, B = "10.0.0.1", "192.168.77.254"
PACKET = ipv4(src=A, dst="10.0.0.2")


def test_the_header_is_marked_wherever_it_is() -> None:
    write = "GetIPAddress(IP dst) -> StoreIPAddress(0)"
    options = ipv4(options=bytes(40), dst="1.2.3.4")
    reach = b"\x4f" + bytes(58)  # claims 60 bytes, has 59
    results = run_cases(
        {
            "start": Case("MarkIPHeader", [PACKET, options], after=write),
            "offset": Case("MarkIPHeader(14)", [b"\xee" * 14 + options], after=write),
            "in front": Case("MarkIPHeader(OFFSET -4)", [options], before="Strip(4)", after=write),
            "too far in front": Case("MarkIPHeader(-4000)", [options]),
            "nothing there": Case("MarkIPHeader(28)", [b"", PACKET]),
            "far off": Case("MarkIPHeader(2147483647)", [b"", PACKET]),
            "longer than the packet": Case("MarkIPHeader", [reach, reach + b"\0", b"", b"\x40"], after="Null"),
        }
    )
    outputs = {name: result.outputs[0] for name, result in results.items()}
    assert outputs["start"] == [address("10.0.0.2") + PACKET[4:], address("1.2.3.4") + options[4:]]
    assert outputs["offset"] == [address("1.2.3.4") + (b"\xee" * 14 + options)[4:]]
    assert outputs["in front"] == [address("1.2.3.4") + options[8:]]
    assert outputs["too far in front"] == outputs["nothing there"] == outputs["far off"] == []
    assert outputs["longer than the packet"] == [reach + b"\0", b"\x40"]


def test_addresses_are_taken_out_of_packets() -> None:
    write, bare = "StoreIPAddress(0)", "MarkIPHeader"
    short = [b"", PACKET[:15], PACKET[:16]]
    other = "StoreIPAddress(0)"
    results = run_cases(
        {
            "offset": Case("GetIPAddress(12)", [*short, PACKET], after=write),
            "last bytes": Case("GetIPAddress(OFFSET 16)", [PACKET[:19], PACKET[:20]], after=write),
            "source": Case("GetIPAddress(IP src)", [PACKET], before=bare, after=write),
            "cut": Case("GetIPAddress(IP src)", [PACKET], before=f"{bare} -> Truncate(16)", after=write),
            "cut away": Case("GetIPAddress(IP src)", [PACKET], before=f"{bare} -> Truncate(15)", after=write),
            "destination": Case("GetIPAddress(IP dst)", [PACKET], before=bare, after=write),
            "no header": Case("GetIPAddress(IP dst)", [PACKET], after=write),
            "far off": Case("GetIPAddress(2147483647)", [PACKET]),
            # what is in annotation 4 does not reach DST_IP
            "annotation": Case("GetIPAddress(12, 4)", [PACKET], before="SetIPAddress(9.9.9.9)", after=other),
            "named": Case("GetIPAddress(12, DST_IP)", [PACKET], before="SetIPAddress(9.9.9.9)", after=other),
        }
    )
    outputs = {name: result.outputs[0] for name, result in results.items()}
    source, destination = address(A), address("10.0.0.2")
    assert outputs["offset"] == [source + PACKET[4:16], source + PACKET[4:]]
    assert outputs["last bytes"] == [destination + PACKET[4:20]]
    assert outputs["source"] == [source + PACKET[4:]]
    assert outputs["cut"] == [source + PACKET[4:16]]
    assert outputs["cut away"] == []
    assert outputs["destination"] == [destination + PACKET[4:]]
    assert outputs["no header"] == outputs["far off"] == []
    assert outputs["annotation"] == [address("9.9.9.9") + PACKET[4:]]
    assert outputs["named"] == [source + PACKET[4:]]


def test_annotations_are_set() -> None:
    results = run_cases(
        {
            "set": Case("SetIPAddress(1.2.3.4)", [b"abcd"], after="StoreIPAddress(0)", handlers=["addr"]),
            "written": Case(
                "SetIPAddress(1.2.3.4)",
                [b"abcd"],
                after="StoreIPAddress(0)",
                writes=["addr 5.6.7.8"],
                handlers=["addr"],
            ),
            "elsewhere": Case("SetIPAddress(1.2.3.4, ANNO 4)", [b"abcd"], 1, after="StoreIPAddress(0)"),
        }
    )
    assert results["set"].outputs == [[bytes([1, 2, 3, 4])]]
    assert results["set"].handlers == {"addr": "1.2.3.4"}
    assert results["written"].outputs == [[bytes([5, 6, 7, 8])]]
    assert results["written"].handlers == {"addr": "5.6.7.8"}
    assert results["elsewhere"].outputs == [[]]


def test_addresses_are_stored_at_an_offset() -> None:
    packets = [b"", b"abc", b"abcd", b"abcde", b"abcdefgh"]
    set_it = "SetIPAddress(1.2.3.4)"
    results = run_cases(
        {
            "annotation": Case("StoreIPAddress(1)", packets, 2, before=set_it),
            "no annotation": Case("StoreIPAddress(0)", packets, 2),
            "address": Case("StoreIPAddress(0.0.0.0, 4)", packets, 2),
            "keywords": Case("StoreIPAddress(OFFSET 4, ADDR 0.0.0.0)", packets, 1),
            "keyword": Case("StoreIPAddress(OFFSET 1)", packets, 1, before=set_it),
            "beyond": Case("StoreIPAddress(1.2.3.4, 2147483647)", packets, 2),
            "no header": Case("StoreIPAddress(1.2.3.4, src)", packets, 2),
        }
    )
    outputs = {name: result.outputs for name, result in results.items()}
    stored = [b"a\1\2\3\4", b"a\1\2\3\4fgh"]
    assert outputs["annotation"] == [stored, packets[:3]]
    assert outputs["keyword"] == [stored]
    assert outputs["address"] == [[b"abcd" + bytes(4)], packets[:4]]
    assert outputs["keywords"] == [[b"abcd" + bytes(4)]]
    assert outputs["no annotation"] == outputs["beyond"] == outputs["no header"] == [[], packets]


def change_header(packet: bytes, field: int, to: bytes) -> bytes:
    header = (packet[0] & 15) * 4
    return with_checksum(packet[:field] + to + packet[field + 4 : header]) + packet[header:]


def change(packet: bytes, field: int, to: bytes) -> bytes:
    """The packet with an address changed and all checksums computed anew, where they are right and present."""
    header = (packet[0] & 15) * 4
    head, payload = packet[:field] + to + packet[field + 4 : header], packet[header:]
    fragment = int.from_bytes(packet[6:8], "big")
    at = {TCP: 16, UDP: 6}.get(packet[9])
    least = {TCP: 20, UDP: 8}.get(packet[9], 0)
    if at is not None and not fragment & 0x1FFF and len(payload) >= least and payload[at : at + 2] != bytes(2):
        pseudo = head[12:20] + pseudo_header("0.0.0.0", "0.0.0.0", packet[9], len(payload))[8:]
        value = internet_checksum(pseudo + payload[:at] + bytes(2) + payload[at + 2 :])
        if packet[9] == UDP:
            value = value or 0xFFFF
        payload = payload[:at] + value.to_bytes(2, "big") + payload[at + 2 :]
    return with_checksum(head) + payload


def transports() -> list[bytes]:
    """Datagrams of all kinds with right checksums."""
    make: list[Callable[[], bytes]] = [
        lambda: ipv4(udp(b"odd"), protocol=UDP),
        lambda: ipv4(udp(b""), protocol=UDP),
        lambda: ipv4(udp(b"none", checksum=False), protocol=UDP),
        lambda: ipv4(tcp(b"seven77"), protocol=TCP, options=bytes([1] * 8)),
        lambda: ipv4(tcp(b""), protocol=TCP, fragment=DF),
        lambda: ipv4(udp(b"later fragment"), protocol=UDP, fragment=MF | 1),
        lambda: ipv4(tcp(b"later fragment"), protocol=TCP, fragment=5),
        lambda: ipv4(b"short", protocol=UDP),
        lambda: ipv4(b"much too short", protocol=TCP),
        lambda: ipv4(bytes(8), protocol=ICMP),
        lambda: ipv4(b"", protocol=TCP),
    ]
    return [function() for function in make]


def test_addresses_are_stored_in_the_header_and_checksums_stay_right() -> None:
    chance = random.Random(5)
    # The two sources whose words add up to 0 and to 0xffff are where one's complement sums have two zeros.
    texts = ["0.0.0.0", "255.255.255.255", "255.255.0.0", "0.0.255.255", B]
    packets = transports()
    for _ in range(60):
        src, dst = (".".join(str(chance.choice([0, 255, chance.randrange(256)])) for _ in range(4)) for _ in range(2))
        body = chance.randbytes(chance.randrange(12))
        packets += [
            ipv4(udp(body, src=src, dst=dst), protocol=UDP, src=src, dst=dst),
            ipv4(tcp(body, src=src, dst=dst), protocol=TCP, src=src, dst=dst, ident=chance.randrange(65536)),
        ]
    broken = b"\x44" + PACKET[1:]
    cases = {
        f"{field} {text}": Case(f"StoreIPAddress({text}, {field})", [broken, *packets], 2, before="MarkIPHeader")
        for text in texts
        for field in ("src", "DST")
    }
    for cut in (19, 20, 25, 28, 40):
        before = f"MarkIPHeader -> Truncate({cut})"
        cases[f"cut at {cut}"] = Case("StoreIPAddress(1.2.3.4, src)", packets, 2, before=before)
    cases["annotation"] = Case("StoreIPAddress(src)", packets, before="SetIPAddress(1.2.3.4) -> MarkIPHeader")
    cases["zero annotation"] = Case("StoreIPAddress(dst)", packets, before="MarkIPHeader")
    results = run_cases(cases)
    for text in texts:
        for field, at in (("src", 12), ("DST", 16)):
            expected = [change(packet, at, address(text)) for packet in packets]
            assert results[f"{field} {text}"].outputs == [expected, [broken]]
    assert results["cut at 19"].outputs == [[], [packet[:19] for packet in packets]]
    for cut in (20, 25, 28, 40):  # a transport checksum over what was cut away is updated all the same
        stored, refused = results[f"cut at {cut}"].outputs
        expected = [change_header(packet, 12, bytes([1, 2, 3, 4]))[:20] for packet in packets]
        assert ([packet[:20] for packet in stored], refused) == (expected, [])
    assert results["annotation"].outputs == [[change(packet, 12, bytes([1, 2, 3, 4])) for packet in packets]]
    assert results["zero annotation"].outputs == [[change(packet, 16, bytes(4)) for packet in packets]]


def test_the_source_is_fixed_where_the_annotation_asks_for_it() -> None:
    options = ipv4(options=bytes([1] * 40))
    ask = "MarkIPHeader -> Paint(1, ANNO FIX_IP_SRC)"
    results = run_cases(
        {
            "asked for": Case("FixIPSrc(192.168.77.254)", [PACKET, options], before=ask),
            "cleared": Case("FixIPSrc(192.168.77.254)", [PACKET], before=ask, after="FixIPSrc(1.1.1.1)"),
            "not asked for": Case("FixIPSrc(192.168.77.254)", [PACKET], before="MarkIPHeader"),
            "no header": Case("FixIPSrc(192.168.77.254)", [PACKET], before="Paint(1, ANNO FIX_IP_SRC)"),
            "cut": Case("FixIPSrc(192.168.77.254)", [PACKET, options], before=f"{ask} -> Truncate(20)"),
            "cut away": Case("FixIPSrc(192.168.77.254)", [PACKET], before=f"{ask} -> Truncate(19)"),
        }
    )
    outputs = {name: result.outputs for name, result in results.items()}
    fixed = change_header(PACKET, 12, address(B))
    assert outputs["asked for"] == [[fixed, change_header(options, 12, address(B))]]
    assert outputs["cleared"] == [[fixed]]
    assert outputs["not asked for"] == outputs["no header"] == [[PACKET]]
    assert outputs["cut"] == [[fixed[:20]]]
    assert outputs["cut away"] == [[]]


def test_configuration_errors() -> None:
    check_refusals(
        {
            "MarkIPHeader(x)": "OFFSET: invalid number",
            "MarkIPHeader(1, 2)": "too many arguments",
            "GetIPAddress": "set one of OFFSET, IP",
            "GetIPAddress(-1)": "set one of OFFSET, IP",
            "GetIPAddress(16, IP src)": "set one of OFFSET, IP",
            "GetIPAddress(IP ttl)": "bad IP",
            "GetIPAddress(16, PAINT)": "ANNO: parse error",
            "GetIPAddress(16, 45)": "ANNO: parse error",
            "SetIPAddress": "IPADDR: required argument missing",
            "SetIPAddress(1.2.3)": "IPADDR: parse error",
            "SetIPAddress(1.2.3.4, ANNO PAINT)": "ANNO: parse error",
            "SetIPAddress(1.2.3.4, 4)": "too many arguments",
            "StoreIPAddress": "OFFSET: required argument missing",
            "StoreIPAddress(source)": "type mismatch: OFFSET requires integer",
            "StoreIPAddress(-4)": "type mismatch: OFFSET requires integer",
            "StoreIPAddress(1.2.3, 4)": "ADDR: parse error",
            "StoreIPAddress(1.2.3.4, 4, 5)": "too many arguments",
            "FixIPSrc": "IPADDR: required argument missing",
            "FixIPSrc(x)": "IPADDR: parse error",
        }
    )
