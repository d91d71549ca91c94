from __future__ import annotations

from typing import ClassVar

from nmclick.element import NETWORK_HEADER, Arguments, Bool, Element, Field, Keyword, Sharing


class DecIPTTL(Element):
    """Decrement the IPv4 time to live and update the checksum (RFC 1812, section 5.3.1; RFC 1624).

    Packets whose TTL has run out leave by output 1, as they came, or are dropped. Arguments: ACTIVE (false: packets
    pass unchanged); MULTICAST (false: packets to multicast addresses pass unchanged).

    Handlers: ``drops`` (read) packets whose TTL ran out; ``active`` (read, write).
    """

    sharing = Sharing.PER_WORKER
    ports = "1/1-2"
    processing = "a/ah"
    arguments = Arguments(Keyword("ACTIVE", Bool(), default=True), Keyword("MULTICAST", Bool(), default=True))
    reject_output = 1
    drops: ClassVar = {
        "ttl": "the time to live ran out",
        "no_header": "no IP header is known (CheckIPHeader or MarkIPHeader sets it)",
    }
    reads = frozenset({NETWORK_HEADER})
    handlers: ClassVar = {"drops": Field("expired"), "active": Field("active", Bool(), write=True)}
