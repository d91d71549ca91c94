from __future__ import annotations

import struct
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    ANNO_DST_IP,
    ANNO_VLAN_TCI,
    MAC_HEADER,
    TIMESTAMP,
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


class ARPQuerier(Element):
    """Put an Ethernet header before IPv4 packets, asking by ARP for addresses that are not known (RFC 826, RFC 1122).

    Input 0 takes IP packets: the destination annotation says whose Ethernet address is wanted. Packets to known, to
    broadcast and to multicast addresses leave at once by output 0; others wait while a query leaves by output 1, or 0 if
    there is no output 1. Input 1 takes ARP replies, which fill the table and release what waited for them.

    Arguments: IP, this host's address, or address and mask (its directed broadcast then goes to the Ethernet broadcast
    address); ETH, its Ethernet address; CAPACITY, packets that may wait in all (2048, 0: any number); ENTRY_CAPACITY,
    entries in the table (any); ENTRY_PACKET_CAPACITY, packets that may wait for one address (any);
    CAPACITY_SLIM_FACTOR, the 1/factor of all waiting packets that is dropped when CAPACITY is passed (2); TIMEOUT, when
    entries expire (5 min, 0: never); POLL_TIMEOUT, age after which an entry in use is asked for again (1 min, 0: never);
    BROADCAST, the broadcast address to assume; BROADCAST_POLL, send such repeated queries to everybody.

    Handlers: ``table`` (read) address, whether it is valid, Ethernet address, age; ``stats``, ``count`` (entries),
    ``length`` (waiting packets), ``queries``, ``responses``, ``drops`` (read); ``ipaddr``, ``broadcast`` (read, write);
    ``insert IP ETH``, ``delete IP``, ``clear`` (write).
    """

    ports = "2/1-2"
    example = "10.0.0.1, 02:00:00:00:00:01"
    processing = "h/h"
    flow = "xy/x"
    arguments = Arguments(
        Positional("IP", IPPrefix(bare=True)),
        Positional("ETH", EtherAddress()),
        Keyword("CAPACITY", Unsigned(32), default=2048),
        Keyword("ENTRY_CAPACITY", Unsigned(32), default=0),
        Keyword("ENTRY_PACKET_CAPACITY", Unsigned(32), default=0),
        Keyword("CAPACITY_SLIM_FACTOR", Unsigned(32), default=2),
        Keyword("TIMEOUT", TimeSpan(), default=300_000_000_000),
        Keyword("POLL_TIMEOUT", TimeSpan(), default=60_000_000_000),
        Keyword("BROADCAST", IPAddress()),
        Keyword("BROADCAST_POLL", Bool(), default=False),
    )
    drops: ClassVar = {
        "unconfigured": "this element has the address 0.0.0.0",
        "no_room": "no room for the Ethernet header",
        "no_destination": "the destination annotation is not set",
        "full": "too many packets wait for the address already",
        "no_reply": "no ARP reply on input 1",
    }
    reads = frozenset({ANNO_DST_IP, ANNO_VLAN_TCI, TIMESTAMP})
    writes = frozenset({MAC_HEADER})
    fields = ("killed",)
    handlers: ClassVar = {
        "count": Field("entries"),
        "length": Field("waiting"),
        "queries": Field("queries"),
        "responses": Field("responses"),
        "ipaddr": Field("ip", IPAddress(), write=True),
        "broadcast": Field("broadcast", IPAddress(), write=True),
    }

    environment: Environment

    def configure(self, environment: Environment) -> Iterable[str]:
        self.environment = environment
        if self.args.CAPACITY_SLIM_FACTOR == 0:
            yield "CAPACITY_SLIM_FACTOR cannot be zero"

    def c_arguments(self) -> dict[str, CValue]:
        broadcast = self.args.BROADCAST
        if broadcast is None:
            prefix = self.args.IP
            broadcast = prefix.broadcast if prefix.broadcast != prefix.address else UNKNOWN[:4]
        return super().c_arguments() | {"broadcast": int.from_bytes(broadcast, sys.byteorder)}

    @read_handler("drops")
    def drop_count(self) -> str:
        return str(self.live.read("killed"))

    @read_handler("stats")
    def stats(self) -> str:
        killed = sum(n for reason, n in self.live.drops().items() if reason not in ("no_reply", "unconnected"))
        return f"{killed} packets killed\n{self.live.read('queries')} ARP queries sent\n"

    @read_handler("table")
    def table(self) -> str:
        _, lines = self.call("table", room=LINE.size * self.live.read("entries"))
        text = []
        for ip, ether, known, age in LINE.iter_unpack(lines):
            seconds, rest = divmod(age, 1_000_000_000)
            address = f"{IPAddress().unparse(ip)} {known} {EtherAddress().unparse(ether)}"
            text.append(f"{address} {seconds}.{rest // 1000:06d}\n")
        return "".join(text)

    def _put(self, ip: bytes, ether: bytes) -> None:
        if self.call("insert", ip + ether)[0] < 0:
            raise HandlerError("out of memory")

    def _words(self, text: str, count: int) -> list[str]:
        words = text.split()
        if len(words) != count:
            raise HandlerError("too many arguments" if len(words) > count else "too few arguments")
        return words

    @write_handler("insert")
    def insert(self, text: str) -> None:
        ip, ether = self._words(text, 2)
        try:
            self._put(IPAddress().parse(ip, self.environment), EtherAddress().parse(ether, self.environment))
        except ArgumentError as error:
            raise HandlerError(f"expected IP ETH: {error.message}") from None

    @write_handler("delete")
    def delete(self, text: str) -> None:
        try:
            self._put(IPAddress().parse(self._words(text, 1)[0], self.environment), UNKNOWN)
        except ArgumentError as error:
            raise HandlerError(f"IP: {error.message}") from None

    @write_handler("clear")
    def clear(self, text: str) -> None:
        self.call("clear")
