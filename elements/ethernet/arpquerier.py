from __future__ import annotations

import struct
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from nmclick.element import (
    ANNO_DST_IP,
    MAC_HEADER,
    ArgumentError,
    Arguments,
    Bool,
    CValue,
    Element,
    EtherAddress,
    Field,
    HandlerError,
    IPAddress,
    IPPrefix,
    Keyword,
    Optional,
    Positional,
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


class OwnAddress(IPPrefix):
    """The address or prefix of an interface, with its text: the same name may have an Ethernet address."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(bare=True)

    def parse(self, text: str, environment: Environment | None = None) -> Any:
        return super().parse(text, environment), text

    def c_values(self, name: str, value: Any) -> dict[str, Any]:
        return super().c_values(name, value and value[0])


def ticks(nanoseconds: int) -> int:
    """A time in the table's unit; 0, for ever, if Click could not count it."""
    return 0 if nanoseconds // 1_000_000_000 >= 0xFFFFFFFF // 1000 else nanoseconds // TICK


class ARPQuerier(Element):
    """Put an Ethernet header before IPv4 packets, asking by ARP for addresses that are not known (RFC 826, RFC 1122).

    Input 0 takes IP packets: the destination annotation says whose Ethernet address is wanted. Packets to known, to
    broadcast and to multicast addresses leave at once by output 0; others wait while a query leaves by output 1, or 0
    if there is no output 1. Input 1 takes ARP replies, which fill the table and release what waited for them. An
    address is asked for every 100 ms at most, and every 2 s after ten queries without an answer.

    Arguments:
      IP                     this host's address, or address and mask: its directed broadcast then goes to the Ethernet
                             broadcast address
      ETH                    its Ethernet address; may be left out if IP is a name that has one
      CAPACITY               packets that may wait in all (default 2048; 0: any number)
      ENTRY_CAPACITY         entries that the table may have (default 0: any number)
      ENTRY_PACKET_CAPACITY  packets that may wait for one address (default 0: any number)
      CAPACITY_SLIM_FACTOR   1/factor of CAPACITY is dropped, the oldest first, when it is passed (default 2)
      TIMEOUT                when entries expire (default 5 min; 0: never)
      POLL_TIMEOUT           age after which an entry in use is asked for again (default 1 min; 0: never)
      BROADCAST              the broadcast address to assume, whatever IP's mask says
      BROADCAST_POLL         send such repeated queries to everybody (default false)

    Handlers: ``table`` (read) address, whether it is valid, Ethernet address, age; ``stats``, ``count`` (entries),
    ``length`` (waiting packets), ``queries``, ``responses``, ``drops`` (read); ``ipaddr``, ``broadcast`` (read, write);
    ``insert IP ETH``, ``delete IP``, ``clear`` (write).
    """

    ports = "2/1-2"
    example = "10.0.0.1, 02:00:00:00:00:01"
    processing = "h/h"
    flow = "xy/x"
    arguments = Arguments(
        Positional("IP", OwnAddress()),
        Optional("ETH", EtherAddress()),
        Keyword("CAPACITY", Unsigned(32), default=2048),
        Keyword("ENTRY_CAPACITY", Unsigned(32), default=0),
        Keyword("ENTRY_PACKET_CAPACITY", Unsigned(32), default=0),
        Keyword("CAPACITY_SLIM_FACTOR", Unsigned(32), default=2),
        Keyword("TIMEOUT", TimeSpan(), default=300_000_000_000),
        Keyword("POLL_TIMEOUT", TimeSpan(), default=60_000_000_000),
        Keyword("BROADCAST", IPAddress()),
        Keyword("BROADCAST_POLL", Bool(), default=False),
    )
    fields = ("overflow", "unanswered")
    drops: ClassVar = {
        "unconfigured": "this element has the address 0.0.0.0",
        "no_room": "no room for the Ethernet header",
        "no_destination": "the destination annotation is not set",
        "full": "too many packets wait already",
        "unanswered": "it waited for an address that nobody told",
        "no_reply": "no ARP reply on input 1",
    }
    reads = frozenset({ANNO_DST_IP})
    writes = frozenset({MAC_HEADER})
    handlers: ClassVar = {
        "count": Field("entries"),
        "length": Field("waiting"),
        "queries": Field("queries"),
        "responses": Field("responses"),
        "drops": Field("killed"),
        "ipaddr": Field("ip", IPAddress(), write=True),
        "broadcast": Field("broadcast", IPAddress(), write=True),
    }

    environment: Environment
    ether: bytes

    def configure(self, environment: Environment) -> Iterable[str]:
        self.environment = environment
        self.ether = self.args.ETH
        if self.args.ETH is None:
            try:
                self.ether = EtherAddress().parse(self.args.IP[1], environment)
            except ArgumentError:
                yield "ETH: parse error"
        if self.args.CAPACITY_SLIM_FACTOR == 0:
            yield "CAPACITY_SLIM_FACTOR cannot be zero"

    def c_arguments(self) -> dict[str, CValue]:
        broadcast = self.args.BROADCAST
        if broadcast is None:
            prefix, _ = self.args.IP
            broadcast = prefix.broadcast if prefix.broadcast != prefix.address else UNKNOWN[:4]
        return super().c_arguments() | {
            "eth": self.ether,
            "broadcast": int.from_bytes(broadcast, sys.byteorder),
            "timeout": ticks(self.args.TIMEOUT),
            "poll_timeout": ticks(self.args.POLL_TIMEOUT),
        }

    @read_handler("stats")
    def stats(self) -> str:
        killed = sum(self.live.read(field) for field in ("killed", "overflow", "unanswered"))
        return f"{killed} packets killed\n{self.live.read('queries')} ARP queries sent\n"

    @read_handler("table")
    def table(self) -> str:
        _, lines = self.call("table", room=LINE.size * self.live.read("entries"))
        text = []
        for ip, ether, known, age in LINE.iter_unpack(lines):
            address = f"{IPAddress().unparse(ip)} {known} {EtherAddress().unparse(ether)}"
            text.append(f"{address} {TimeSpan().unparse(age * TICK)}\n")
        return "".join(text)

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
