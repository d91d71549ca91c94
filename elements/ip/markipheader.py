from __future__ import annotations

from typing import ClassVar

from nmclick.element import NETWORK_HEADER, TRANSPORT_HEADER, Arguments, Element, Optional, Unsigned


class MarkIPHeader(Element):
    """Set the network header annotation OFFSET bytes into the packet, and the transport header behind the IP header.

    Nothing is checked but that the header's first byte and the length it gives lie within the packet: the elements
    behind check what they read.
    """

    ports = "1/1"
    processing = "a/a"
    arguments = Arguments(Optional("OFFSET", Unsigned(32, max=65535), default=0))
    drops: ClassVar = {"short": "the IP header would start or end beyond the packet's end"}
    writes = frozenset({NETWORK_HEADER, TRANSPORT_HEADER})
