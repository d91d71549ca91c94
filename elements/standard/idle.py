from __future__ import annotations

from nmclick.element import Element


class Idle(Element):
    """Never send a packet, and drop every one received.

    Idle gives ports that must be connected something to be connected to. It has any number of inputs and
    outputs, and no arguments.
    """

    ports = "-/-"
    processing = "a/a"
    flow = "x/y"
    drops = {"idle": "the packet was sent to an Idle"}
