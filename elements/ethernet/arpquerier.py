from __future__ import annotations

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
    ElementRef,
    EtherAddress,
    Field,
    IPAddress,
    IPPrefix,
    Keyword,
    Optional,
    Positional,
    StateOf,
    TimeSpan,
    read_handler,
)

from ._arp import TABLE_ARGUMENTS, UNKNOWN, ArpElement, ticks

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class OwnAddress(IPPrefix):
    """The address or prefix of an interface, with its text: the same name may have an Ethernet address."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(bare=True)

    def parse(self, text: str, environment: Environment | None = None) -> Any:
        return super().parse(text, environment), text

    def c_values(self, name: str, value: Any) -> dict[str, Any]:
        return super().c_values(name, value and value[0])


class ARPQuerier(ArpElement):
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
      TABLE                  the ARPTable to use instead of an own one; CAPACITY to TIMEOUT have no effect then
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
        *TABLE_ARGUMENTS,
        Keyword("TABLE", ElementRef("ARPTable")),
        Keyword("POLL_TIMEOUT", TimeSpan(), default=60_000_000_000),
        Keyword("BROADCAST", IPAddress()),
        Keyword("BROADCAST_POLL", Bool(), default=False),
    )
    fields = (*ArpElement.fields, "overflow", "unanswered")
    drops: ClassVar = {
        **ArpElement.drops,
        "unconfigured": "this element has the address 0.0.0.0",
        "no_room": "no room for the Ethernet header",
        "no_destination": "the destination annotation is not set",
        "no_reply": "no ARP reply on input 1",
    }
    reads = frozenset({ANNO_DST_IP})
    writes = frozenset({MAC_HEADER})
    handlers: ClassVar = {
        "queries": Field("queries"),
        "responses": Field("responses"),
        "drops": Field("killed"),
        "ipaddr": Field("ip", IPAddress(), write=True),
        "broadcast": Field("broadcast", IPAddress(), write=True),
    }

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

    def table_owner(self) -> Element:
        owner: Element | None = self.args.TABLE
        return owner or self

    def c_arguments(self) -> dict[str, CValue]:
        broadcast = self.args.BROADCAST
        if broadcast is None:
            prefix, _ = self.args.IP
            broadcast = prefix.broadcast if prefix.broadcast != prefix.address else UNKNOWN[:4]
        return super().c_arguments() | {
            "eth": self.ether,
            "broadcast": int.from_bytes(broadcast, sys.byteorder),
            "table": StateOf(self.table_owner().index),
            "own_table": self.args.TABLE is None,
            "poll_timeout": ticks(self.args.POLL_TIMEOUT),
        }

    @read_handler("stats")
    def stats(self) -> str:
        killed = sum(self.live.read(field) for field in ("killed", "overflow", "unanswered"))
        return f"{killed} packets killed\n{self.live.read('queries')} ARP queries sent\n"
