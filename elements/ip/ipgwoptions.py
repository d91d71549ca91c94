from __future__ import annotations

import sys
from typing import ClassVar

from nmclick.element import (
    ANNO_ICMP_PARAMPROB,
    NETWORK_HEADER,
    Arguments,
    Array,
    CValue,
    Element,
    Field,
    IPAddress,
    Optional,
    Positional,
    Sharing,
    Words,
)


class IPGWOptions(Element):
    """Process the IPv4 options that a router must fill in: record route and timestamp (RFC 791; RFC 1812, 5.2.2.6).

    MYADDR is the address recorded; a timestamp option with prespecified addresses is also served for the OTHERADDRS.
    Packets with a bad option leave by output 1 with the parameter-problem annotation set to the place of the error, for
    ICMPError, or are dropped. Packets without options pass at the cost of one comparison.

    Handlers: ``drops`` (read) packets with bad options.
    """

    sharing = Sharing.PER_WORKER
    ports = "1/1-2"
    example = "10.0.0.1"
    processing = "a/ah"
    arguments = Arguments(Positional("MYADDR", IPAddress()), Optional("OTHERADDRS", Words(IPAddress())))
    reject_output = 1
    drops: ClassVar = {
        "option": "an option's length or pointer is bad",
        "no_header": "no IP header is known (CheckIPHeader or MarkIPHeader sets it), or it is longer than the packet",
    }
    reads = frozenset({NETWORK_HEADER})
    writes = frozenset({ANNO_ICMP_PARAMPROB})
    handlers: ClassVar = {"drops": Field("bad")}

    def c_arguments(self) -> dict[str, CValue]:
        mine = dict.fromkeys([*(self.args.OTHERADDRS or ()), self.args.MYADDR])
        addresses = Array("be32", tuple(int.from_bytes(a, sys.byteorder) for a in mine))
        return super().c_arguments() | {"addresses": addresses}
