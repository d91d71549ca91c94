from __future__ import annotations

from nmclick.element import TRANSPORT_HEADER, Element


class StripIPHeader(Element):
    """Remove the IP header, and all in front of it, from the front of every packet.

    That is everything before the transport header annotation, which CheckIPHeader or MarkIPHeader set. Packets without
    one are dropped.
    """

    ports = "1/1"
    processing = "a/a"
    drops = {"no_header": "the transport header is not known or past the packet's end"}
    reads = frozenset({TRANSPORT_HEADER})
