from __future__ import annotations

from typing import ClassVar

from nmclick.element import ANNO_FIX_IP_SRC, NETWORK_HEADER, Arguments, Element, IPAddress, Positional


class FixIPSrc(Element):
    """Put IPADDR in as source of packets whose "fix IP source" annotation asks for it, and clear the annotation.

    ICMPError sets the annotation on the errors it makes, since only behind the route table is known by which interface,
    and so from which address, they leave. The header checksum is computed again.
    """

    ports = "1/1"
    example = "10.0.0.1"
    processing = "a/a"
    arguments = Arguments(Positional("IPADDR", IPAddress()))
    drops: ClassVar = {"header": "the IP header is longer than the packet"}
    reads = frozenset({ANNO_FIX_IP_SRC, NETWORK_HEADER})
    writes = frozenset({ANNO_FIX_IP_SRC})
