"""Ethernet frames of the captured network, taken apart in plain Python."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from tests.elements.harness import read_pcap

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"

ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86DD
ICMP, TCP, UDP = 1, 6, 17
ECHO_REPLY, UNREACHABLE, REDIRECT, ECHO, TIME_EXCEEDED = 0, 3, 5, 8, 11
ETHER_HEADER = 14  # bytes
BROADCAST = b"\xff" * 6


def checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071); 0 over data that contains its own."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


@dataclass(frozen=True, slots=True)
class IP:
    """An IPv4 packet."""

    data: bytes

    @property
    def header(self) -> bytes:
        return self.data[: 4 * (self.data[0] & 15)]

    @property
    def payload(self) -> bytes:
        return self.data[len(self.header) : self.length]

    @property
    def length(self) -> int:
        return int.from_bytes(self.data[2:4], "big")

    @property
    def dont_fragment(self) -> bool:
        return bool(self.data[6] & 0x40)

    @property
    def is_fragment(self) -> bool:
        return bool(int.from_bytes(self.data[6:8], "big") & 0x3FFF)

    @property
    def fragment_offset(self) -> int:
        """In bytes."""
        return 8 * (int.from_bytes(self.data[6:8], "big") & 0x1FFF)

    @property
    def ttl(self) -> int:
        return self.data[8]

    @property
    def protocol(self) -> int:
        return self.data[9]

    @property
    def source(self) -> str:
        return str(IPv4Address(self.data[12:16]))

    @property
    def destination(self) -> str:
        return str(IPv4Address(self.data[16:20]))

    @property
    def icmp_type(self) -> int | None:
        return self.payload[0] if self.protocol == ICMP and not self.fragment_offset else None

    @property
    def ports(self) -> tuple[int, int] | None:
        if self.protocol not in (TCP, UDP) or self.fragment_offset:
            return None
        source, destination = struct.unpack_from("!HH", self.payload)
        return source, destination

    def without(self, *spans: tuple[int, int]) -> bytes:
        """The packet with bytes [start, end) of each span cleared."""
        data = bytearray(self.data)
        for start, end in spans:
            data[start:end] = bytes(end - start)
        return bytes(data)


@dataclass(frozen=True, slots=True)
class Frame:
    """An Ethernet frame without VLAN tag."""

    data: bytes

    @property
    def destination(self) -> bytes:
        return self.data[:6]

    @property
    def source(self) -> bytes:
        return self.data[6:12]

    @property
    def kind(self) -> int:
        """The EtherType."""
        return int.from_bytes(self.data[12:14], "big")

    @property
    def payload(self) -> bytes:
        return self.data[ETHER_HEADER:]

    @property
    def ip(self) -> IP:
        assert self.kind == IPV4
        return IP(self.payload)


def read_frames(path: Path) -> list[Frame]:
    return [Frame(packet.data) for packet in read_pcap(path)]


def captured(name: str) -> list[Frame]:
    """The frames of tests/data/NAME.pcap."""
    return read_frames(DATA / f"{name}.pcap")


def ip_packets(frames: Sequence[Frame]) -> list[IP]:
    return [frame.ip for frame in frames if frame.kind == IPV4]


def run_config_file(
    config: str, variables: Mapping[str, str | Path] | None = None, handlers: Sequence[str] = ()
) -> dict[str, str]:
    """Run configs/CONFIG from the top of the checkout, as its comments say; the values of `handlers`."""
    command = [sys.executable, "-m", "nmclick", "run", f"configs/{config}"]
    command += [f"{name}={value}" for name, value in (variables or {}).items()]
    for handler in handlers:
        command += ["-h", handler]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    if len(handlers) == 1:
        return {handlers[0]: done.stdout.strip()}
    report = [line for line in done.stdout.splitlines() if line]
    return {name.removesuffix(":"): value for name, value in zip(report[::2], report[1::2], strict=True)}
