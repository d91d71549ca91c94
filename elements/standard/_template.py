"""Sources whose packets are all the same: what InfiniteSource and RatedSource share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nmclick.element import (
    TIMESTAMP,
    Array,
    CValue,
    HandlerError,
    Notice,
    Signed,
    parse_written,
    read_handler,
    write_handler,
)
from nmclick.source import Source

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

#: Bytes: no buffer is ever longer than the longest frame of a capture file.
LONGEST = 1 << 18
DEFAULT_DATA = b"Random bullshit in a packet, at least 64 bytes long. Well, now it is."


class TemplateSource(Source):
    """Packets of DATA (Data), repeated or cut to LENGTH bytes (Signed; -1: DATA as it is).

    The C half has a ``struct packet_template packet`` (nmclick/template.h), set at first from the argument
    ``packet`` and later by the call ``packet``.
    """

    writes = frozenset({TIMESTAMP})

    def configure(self, environment: Environment) -> Iterable[str | Notice]:
        yield from super().configure(environment)
        self.data: bytes = self.args.DATA
        self.length: int = self.args.LENGTH if self.args.DATASIZE is None else self.args.DATASIZE
        self.longest_packet = max(self.length, len(self.data))
        if self.longest_packet > LONGEST:
            yield f"packets of {self.longest_packet} bytes do not fit in any buffer; {LONGEST} is the most"

    def packet(self, data: bytes, length: int) -> bytes:
        """The bytes of every packet sent. No data cannot be repeated: zeros take its place."""
        if length < 0:
            return data
        if not data:
            return bytes(length)
        return (data * (length // len(data) + 1))[:length]

    def c_arguments(self) -> dict[str, CValue]:
        packet = Array("uint8_t", tuple(self.packet(self.data, self.length)))
        return super().c_arguments() | {"packet": packet}

    def set_packet(self, data: bytes, length: int) -> None:
        packet = self.packet(data, length)
        result, _ = self.call("packet", packet)
        if result != 0:
            raise HandlerError(f"packets of {len(packet)} bytes do not fit in a buffer")
        self.data, self.length = data, length

    @write_handler("data")
    def write_data(self, text: str) -> None:
        self.set_packet(text.encode("utf-8", "surrogateescape"), self.length)

    @read_handler("length")
    def read_length(self) -> str:
        return str(self.length)

    @read_handler("datasize")
    def read_datasize(self) -> str:
        return str(self.length)

    @write_handler("length", "datasize")
    def write_length(self, text: str) -> None:
        self.set_packet(self.data, parse_written(Signed(32), text, "length must be integer"))
