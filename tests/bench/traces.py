"""Captures for the benchmarks: 64-byte Ethernet/IPv4 frames, the same every time."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable
from pathlib import Path

from nmclick.lang.values.addresses import ether_bytes, ip_bytes

FRAME = 64
ROUTER_ETHER = "00:00:c0:00:00:01"
HOST_ETHER = "00:20:6f:00:00:02"


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def _ether(text: str) -> bytes:
    return ether_bytes(text) or bytes(6)


def _ip(text: str) -> bytes:
    return ip_bytes(text) or bytes(4)


def frame(
    src: str,
    dst: str,
    sport: int,
    dport: int,
    *,
    tcp: bool = False,
    ethers: tuple[str, str] = (ROUTER_ETHER, HOST_ETHER),
) -> bytes:
    """One frame, UDP or a TCP acknowledgment; `ethers` are destination and source."""
    length = FRAME - 14 - 20
    if tcp:
        transport = struct.pack("!HHIIBBHHH", sport, dport, 1, 1, 0x50, 0x10, 8192, 0, 0).ljust(length, b"\0")
    else:
        transport = struct.pack("!HHHH", sport, dport, length, 0).ljust(length, b"\0")
    protocol = 6 if tcp else 17
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + length, 0, 0, 64, protocol, 0, _ip(src), _ip(dst))
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return _ether(ethers[0]) + _ether(ethers[1]) + b"\x08\x00" + header + transport


def write(path: Path, frames: Iterable[bytes]) -> None:
    """A pcap file; the Ethernet link type, one microsecond between packets."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for number, data in enumerate(frames):
        parts.append(struct.pack("<IIII", 1_700_000_000, number, len(data), len(data)) + data)
    path.write_bytes(b"".join(parts))


def forwarding(count: int = 1024) -> Iterable[bytes]:
    """W0, W1: as many flows as frames."""
    return (frame("10.0.0.2", f"10.1.{i >> 8}.{i & 255}", 1000 + i, 53) for i in range(count))


def routed(interfaces: int, here: int, hosts: int, count: int = 4096) -> Iterable[bytes]:
    """W2: what interface `here` hears, for random hosts behind the others."""
    chance = random.Random(100 * interfaces + here)
    others = [k for k in range(interfaces) if k != here]
    for _ in range(count):
        out, dst, src = chance.choice(others), chance.randrange(hosts), chance.randrange(hosts)
        yield frame(
            f"{here + 1}.0.{1 + (src >> 8)}.{src & 255}",
            f"{out + 1}.0.{1 + (dst >> 8)}.{dst & 255}",
            1024 + chance.randrange(60000),
            53,
            ethers=(f"00:00:c0:00:00:{here + 1:02x}", f"00:20:6f:{here + 1:02x}:{src >> 8:02x}:{src & 255:02x}"),
        )


def firewall(kind: str, count: int = 1024) -> Iterable[bytes]:
    """W3: traffic that matches an early rule, the last but one, none (17 rules); or the first or last of 100."""
    for i in range(count):
        outside, inside = f"5.5.{i >> 8}.{i & 255}", f"10.7.{i >> 8}.{i & 255}"
        if kind == "early":
            yield frame(outside, inside, 23, 2000 + i, tcp=True)
        elif kind == "last":
            yield frame("192.168.1.2", "10.7.0.4", 2000 + i, 53, tcp=True)
        elif kind == "none":
            yield frame(outside, inside, 2000 + i, 9999)
        elif kind == "first of 100":
            yield frame(outside, f"10.200.{i >> 8}.{i & 255}", 2000 + i, 53)
        else:
            yield frame(outside, f"10.201.{i >> 8}.{i & 255}", 2000 + i, 4789)


def hundred_rules() -> str:
    """The 100 rules of W3: nets, ports and ranges, the same every time."""
    chance = random.Random(7)
    rules = ["allow udp && dst net 10.200.0.0/16 && dst port 53"]
    for i in range(98):
        net = f"{11 + chance.randrange(150)}.{chance.randrange(256)}.{chance.randrange(256)}.0/24"
        dst = f"10.{chance.randrange(100)}.{chance.randrange(256)}.0/24"
        rules.append(
            (
                f"deny src net {net}",
                f"allow udp && src net {net} && dst net {dst} && dst port {chance.choice([53, 123, 161, 514, 4500])}",
                f"allow tcp && dst net {dst} && dst port {chance.choice([22, 25, 80, 443, 8080, 3306])}",
                f"deny udp && dst net {dst} && dst port > {chance.choice([1023, 32767, 49151])}",
            )[i % 4]
        )
    return ", ".join([*rules, "allow udp && dst net 10.201.0.0/16 && dst port 4789", "deny all"])
