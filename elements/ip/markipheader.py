from __future__ import annotations

from typing import ClassVar

from nmclick.element import NETWORK_HEADER, TRANSPORT_HEADER, Arguments, Element, Optional, Signed


class MarkIPHeader(Element):
    """Set the network header annotation OFFSET bytes into the packet, and the transport header behind the IP header.

    A negative OFFSET is in front of the packet, where Strip has passed.

    Nothing is checked but that the header's first byte and the length it gives lie within the packet: the elements
    behind check what they read.
    """

    ports = "1/1"
    processing = "a/a"
    arguments = Arguments(Optional("OFFSET", Signed(32), default=0))
    drops: ClassVar = {"short": "the IP header would start or end beyond the packet's end"}
    writes = frozenset({NETWORK_HEADER, TRANSPORT_HEADER})
