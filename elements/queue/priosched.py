from __future__ import annotations

from nmclick.element import Element


class PrioSched(Element):
    """Draw each packet from the first input that has one.

    Input 0 has the highest priority: others are served while it has nothing. It has any number of inputs and
    no arguments.
    """

    ports = "-/1"
    processing = "l/l"
