"""IPv4, UDP, TCP, ICMP and ARP packets for tests, right in every field unless told otherwise."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from tests.elements.harness import Case, configuration_errors

TCP, UDP, ICMP = 6, 17, 1
DF, MF = 0x4000, 0x2000


def address(text: str) -> bytes:
    return bytes(map(int, text.split(".")))


def ether(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def internet_checksum(data: bytes) -> int:
    """RFC 1071, the slow way: 0 when `data` contains its own right checksum."""
    total: int = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def with_checksum(header: bytes) -> bytes:
    """An IP header with its checksum put in."""
    header = header[:10] + bytes(2) + header[12:]
    return header[:10] + struct.pack(">H", internet_checksum(header)) + header[12:]


def ipv4(
    payload: bytes = b"payload!",
    *,
    src: str = "10.0.0.1",
    dst: str = "10.0.0.2",
    protocol: int = UDP,
    ttl: int = 64,
    options: bytes = b"",
    ident: int = 7,
    fragment: int = 0,
    tos: int = 0,
    total: int | None = None,
) -> bytes:
    """A datagram; `fragment` is flags and offset; `total` may lie."""
    header = 20 + len(options)
    assert len(options) % 4 == 0
    fields = struct.pack(
        ">BBHHHBBH4s4s",
        0x40 | header // 4,
        tos,
        header + len(payload) if total is None else total,
        ident,
        fragment,
        ttl,
        protocol,
        0,
        address(src),
        address(dst),
    )
    return with_checksum(fields + options) + payload


def pseudo_header(src: str, dst: str, protocol: int, length: int) -> bytes:
    return address(src) + address(dst) + struct.pack(">HH", protocol, length)


def udp(payload: bytes = b"data", *, src: str = "10.0.0.1", dst: str = "10.0.0.2", checksum: bool = True) -> bytes:
    """A UDP segment for ipv4(), ports 1000 to 2000."""
    length = 8 + len(payload)
    segment = struct.pack(">HHHH", 1000, 2000, length, 0) + payload
    if not checksum:
        return segment
    value = internet_checksum(pseudo_header(src, dst, UDP, length) + segment) or 0xFFFF
    return segment[:6] + struct.pack(">H", value) + segment[8:]


def tcp(payload: bytes = b"data", *, src: str = "10.0.0.1", dst: str = "10.0.0.2") -> bytes:
    """A TCP segment for ipv4(), ports 1000 to 2000."""
    segment = struct.pack(">HHIIBBHHH", 1000, 2000, 1, 2, 0x50, 0x18, 1024, 0, 0) + payload
    value = internet_checksum(pseudo_header(src, dst, TCP, len(segment)) + segment)
    return segment[:16] + struct.pack(">H", value) + segment[18:]


def frame(
    payload: bytes, *, src: str = "02:00:00:00:00:01", dst: str = "02:00:00:00:00:02", kind: int = 0x800
) -> bytes:
    return ether(dst) + ether(src) + struct.pack(">H", kind) + payload


def arp(
    operation: int,
    *,
    sender: tuple[str, str],
    target: tuple[str, str],
    to: str | None = None,
    hardware: int = 1,
    protocol: int = 0x800,
) -> bytes:
    """An ARP packet with its Ethernet header; `sender` and `target` are (Ethernet address, IP address)."""
    body = struct.pack(">HHBBH", hardware, protocol, 6, 4, operation)
    body += ether(sender[0]) + address(sender[1]) + ether(target[0]) + address(target[1])
    return frame(body, src=sender[0], dst=to or target[0], kind=0x806)


def truncations(packet: bytes, lengths: Sequence[int] = (0, 1, 9, 19, 20, 21, 27)) -> list[bytes]:
    """The packet cut short at the places where a reader is likely to go on."""
    return [packet[:length] for length in lengths if length < len(packet)]


def marked(config: str, packets: Sequence[bytes], outputs: int = 2, **more: object) -> Case:
    """A case behind MarkIPHeader: packets begin with their IP header, which is known."""
    return Case(config, packets, outputs, before="MarkIPHeader", **more)  # type: ignore[arg-type]


def check_refusals(cases: Mapping[str, str | Sequence[str]], chain: str = "Idle -> x :: {} -> Discard;") -> None:
    """Every declaration is refused with exactly these messages, as Click prints them."""
    for text, (declaration, expected) in zip(configuration_errors(*cases, chain=chain), cases.items(), strict=True):
        wanted = [expected] if isinstance(expected, str) else expected
        name = declaration.split("(")[0]
        lines = [f"config:1: While configuring 'x :: {name}':", *(f"  {message}" for message in wanted)]
        assert text == "\n".join([*lines, "Router could not be initialized!", ""]), declaration
