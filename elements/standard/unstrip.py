from __future__ import annotations

from nmclick.element import Arguments, Element, Positional, Unsigned


class Unstrip(Element):
    """Put bytes back in front of every packet.

    These are the bytes that Strip removed, if it did; otherwise their values are not defined.

    Arguments:
      LENGTH  number of bytes to add
    """

    ports = "1/1"
    example = "14"
    processing = "a/a"
    arguments = Arguments(Positional("LENGTH", Unsigned(32)))
    drops = {"too_long": "the packet would be longer than a buffer"}
