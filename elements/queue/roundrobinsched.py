from __future__ import annotations

from nmclick.element import Element


class RoundRobinSched(Element):
    """Draw one packet from each input in turn.

    An input that has none is passed over; the next turn starts behind the input that gave the last packet. It
    has any number of inputs and no arguments.
    """

    ports = "-/1"
    processing = "l/l"
