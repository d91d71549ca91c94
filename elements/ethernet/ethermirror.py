from __future__ import annotations

from nmclick.element import Element


class EtherMirror(Element):
    """Exchange the Ethernet source and destination addresses of every packet.

    It has no arguments.
    """

    ports = "1/1"
    processing = "a/a"
    drops = {"runt": "the packet has no room for two Ethernet addresses"}
