"""Capture files of every format, written in plain Python, and what a reader must find in them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from hypothesis import strategies as st

SECOND = 10**9
RAW_IP = 101
SIZES = [0, 1, 63, 64, 65, 1514, 9000, 65535]
RAW_IP_NAMES = {12: RAW_IP, 14: RAW_IP, 228: RAW_IP, 229: RAW_IP}


@dataclass(frozen=True)
class Record:
    """A packet in a file; the time in ns."""

    timestamp: int
    wire_length: int
    data: bytes


def records(max_size: int = 12) -> st.SearchStrategy[list[Record]]:
    """Lists of packets, most of them short, some long or empty."""
    data = st.one_of(
        st.binary(max_size=200),
        st.builds(lambda n, b: bytes([b]) * n, st.sampled_from(SIZES), st.integers(0, 255)),
    )
    record = st.builds(
        lambda time, more, payload: Record(time, len(payload) + more, payload),
        st.integers(1, 2**32 * SECOND - 1),
        st.sampled_from([0, 0, 1, 1000]),
        data,
    )
    return st.lists(record, max_size=max_size)


def pcap(
    packets: list[Record],
    *,
    order: str = "<",
    nanoseconds: bool = False,
    link_type: int = 1,
    modified: bool = False,
    minor: int = 4,
) -> bytes:
    """A classic pcap file."""
    magic = 0xA1B2CD34 if modified else 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    parts = [struct.pack(order + "IHHiIII", magic, 2, minor, 0, 0, 65535, link_type)]
    for packet in packets:
        seconds, rest = divmod(packet.timestamp, SECOND)
        lengths = (len(packet.data), packet.wire_length)
        if minor < 3:
            lengths = lengths[::-1]
        parts.append(struct.pack(order + "IIII", seconds, rest if nanoseconds else rest // 1000, *lengths))
        parts.append(b"\0" * 8 if modified else b"")
        parts.append(packet.data)
    return b"".join(parts)


def in_microseconds(packet: Record) -> Record:
    return Record(packet.timestamp // 1000 * 1000, packet.wire_length, packet.data)


@dataclass(frozen=True)
class Interface:
    """A pcapng interface: `resolution` as in if_tsresol (None: not given), `offset` in s."""

    link_type: int = 1
    snap_length: int = 0
    resolution: int | None = None
    offset: int = 0

    def rate(self) -> int:
        """Ticks a second."""
        resolution = 6 if self.resolution is None else self.resolution
        return int(2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution)

    def ticks(self, timestamp: int) -> int:
        """The nearest tick at or before the time in ns."""
        since = max(timestamp - self.offset * SECOND, 0)
        return since * self.rate() // SECOND % 2**64

    def nanoseconds(self, ticks: int) -> int:
        """What a reader must make of it, in whole ns, modulo 2^64."""
        return (ticks * SECOND // self.rate() + self.offset * SECOND) % 2**64


def block(order: str, kind: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def option(order: str, code: int, value: bytes) -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


@dataclass
class Pcapng:
    """A pcapng file under construction, and beside it what must be read from it."""

    order: str = "<"
    parts: list[bytes] = field(default_factory=list)
    interfaces: list[Interface] = field(default_factory=list)
    expected: list[Record] = field(default_factory=list)
    link_type: int | None = None
    other_link: int = 0

    def section(self, order: str = "<") -> Pcapng:
        self.order = order
        self.interfaces = []
        body = struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + option(order, 4, b"a test")
        self.parts.append(block(order, 0x0A0D0D0A, body))
        return self

    def interface(self, interface: Interface) -> Pcapng:
        options = option(self.order, 2, b"eth0")
        if interface.resolution is not None:
            options += option(self.order, 9, bytes([interface.resolution]))
        if interface.offset:
            options += option(self.order, 14, struct.pack(self.order + "q", interface.offset))
        options += option(self.order, 0, b"")
        body = struct.pack(self.order + "HHI", interface.link_type, 0, interface.snap_length)
        self.parts.append(block(self.order, 1, body + options))
        self.interfaces.append(interface)
        if self.link_type is None:
            self.link_type = RAW_IP_NAMES.get(interface.link_type, interface.link_type)
        return self

    def other(self, kind: int, body: bytes) -> Pcapng:
        """A block that readers pass over."""
        self.parts.append(block(self.order, kind, body))
        return self

    def packet(self, packet: Record, number: int = 0, kind: str = "enhanced") -> Pcapng:
        interface = self.interfaces[0 if kind == "simple" else number]
        ticks = interface.ticks(packet.timestamp)
        times = struct.pack(self.order + "II", ticks >> 32, ticks & 0xFFFFFFFF)
        lengths = struct.pack(self.order + "II", len(packet.data), packet.wire_length)
        padded = packet.data + b"\0" * (-len(packet.data) % 4)
        read = Record(interface.nanoseconds(ticks), packet.wire_length, packet.data)
        if kind == "simple":
            stored = packet.data[: interface.snap_length] if interface.snap_length else packet.data
            self.parts.append(block(self.order, 3, struct.pack(self.order + "I", len(packet.data)) + stored))
            read = Record(0, len(packet.data), stored)
        elif kind == "obsolete":
            body = struct.pack(self.order + "HH", number, 7) + times + lengths + padded
            self.parts.append(block(self.order, 2, body))
        else:
            body = struct.pack(self.order + "I", number) + times + lengths + padded
            self.parts.append(block(self.order, 6, body + option(self.order, 1, b"a comment")))
        if RAW_IP_NAMES.get(interface.link_type, interface.link_type) == self.link_type:
            self.expected.append(read)
        else:
            self.other_link += 1
        return self

    def bytes(self) -> bytes:
        return b"".join(self.parts)


@st.composite
def pcapng_files(draw: st.DrawFn) -> Pcapng:
    """Sections of both byte orders, several interfaces, all kinds of blocks."""
    resolutions = st.sampled_from([None, 0, 3, 6, 9, 12, 0x80, 0x8A, 0x94, 0x9E, 0xA0, 0x7F, 0xFF, 30])
    interfaces = st.builds(
        Interface, st.sampled_from([1, 1, 1, 101, 12]), st.sampled_from([0, 65535, 40]), resolutions,
        st.sampled_from([0, 0, 3600, -3600, 2**40]),
    )  # fmt: skip
    file = Pcapng()
    for _ in range(draw(st.integers(1, 3))):
        file.section(draw(st.sampled_from("<>")))
        for interface in draw(st.lists(interfaces, min_size=1, max_size=5)):
            file.interface(interface)
        for packet in draw(records(6)):
            number = draw(st.integers(0, len(file.interfaces) - 1))
            file.packet(packet, number, draw(st.sampled_from(["enhanced", "enhanced", "simple", "obsolete"])))
            if draw(st.integers(0, 3)) == 0:
                file.other(draw(st.sampled_from([4, 5, 10, 0xBAD, 0x80000001])), draw(st.binary(max_size=40)))
    return file
