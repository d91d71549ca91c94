from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from nmclick.element import (
    Arguments,
    CValue,
    Element,
    EtherAddress,
    HandlerError,
    IPAddress,
    Keyword,
    Positional,
    Sharing,
    TimeSpan,
    Unsigned,
    read_handler,
    write_handler,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

LINE = struct.Struct("=4s6sBxxxxxQ")  # struct arp_line of nmclick/arp_table.h
UNKNOWN = b"\xff" * 6
TICK = 1_000_000  # ns: the table counts milliseconds, as Click's does

TABLE_ARGUMENTS = (
    Keyword("CAPACITY", Unsigned(32), default=2048),
    Keyword("ENTRY_CAPACITY", Unsigned(32), default=0),
    Keyword("ENTRY_PACKET_CAPACITY", Unsigned(32), default=0),
    Keyword("CAPACITY_SLIM_FACTOR", Unsigned(32), default=2),
    Keyword("TIMEOUT", TimeSpan(), default=300_000_000_000),
)


def ticks(nanoseconds: int) -> int:
    """A time in the table's unit; 0, for ever, if Click could not count it."""
    return 0 if nanoseconds // 1_000_000_000 >= 0xFFFFFFFF // 1000 else nanoseconds // TICK


class ArpElement(Element):
    """An element with an ARP table, its own or another's. Its C half has the calls insert, clear and table, and the
    state's field ``table``."""

    sharing = Sharing.UNLOCKED  # the table has a lock of its own
    fields: ClassVar[Sequence[str]] = ("table.entry_count", "table.packet_count")
    drops: ClassVar = {
        "full": "too many packets wait already",
        "unanswered": "it waited for an address that nobody told",
    }

    environment: Environment

    def table_owner(self) -> Element:
        """The element whose table this one uses."""
        return self

    def c_arguments(self) -> dict[str, CValue]:
        return super().c_arguments() | {"timeout": ticks(self.args.TIMEOUT)}

    @read_handler("table")
    def table(self) -> str:
        _, lines = self.call("table", room=LINE.size * self.table_owner().live.read("table.entry_count"))
        text = []
        for ip, ether, known, age in LINE.iter_unpack(lines):
            address = f"{IPAddress().unparse(ip)} {known} {EtherAddress().unparse(ether)}"
            text.append(f"{address} {TimeSpan().unparse(age * TICK)}\n")
        return "".join(text)

    @read_handler("count")
    def count(self) -> str:
        return str(self.table_owner().live.read("table.entry_count"))

    @read_handler("length")
    def length(self) -> str:
        return str(self.table_owner().live.read("table.packet_count"))

    def _put(self, ip: bytes, ether: bytes) -> None:
        if self.call("insert", ip + ether)[0] < 0:
            raise HandlerError("out of memory")

    def _written(self, arguments: Arguments, text: str) -> Any:
        values, problems = arguments.parse(", ".join(text.split()), self.environment)
        if problems:
            raise HandlerError("\n".join(problem.message for problem in problems))
        return values

    @write_handler("insert")
    def insert(self, text: str) -> None:
        values = self._written(Arguments(Positional("IP", IPAddress()), Positional("ETH", EtherAddress())), text)
        self._put(values.IP, values.ETH)

    @write_handler("delete")
    def delete(self, text: str) -> None:
        self._put(self._written(Arguments(Positional("IP", IPAddress())), text).IP, UNKNOWN)

    @write_handler("clear")
    def clear(self, text: str) -> None:
        self.call("clear")
