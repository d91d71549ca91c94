from __future__ import annotations

from nmclick.element import Arguments, Element, Positional, Unsigned


class Strip(Element):
    """Remove bytes from the front of every packet.

    They stay in front of the packet's data, so that Unstrip brings them back. A packet with fewer bytes
    becomes empty.

    Arguments:
      LENGTH  number of bytes to remove
    """

    ports = "1/1"
    example = "14"
    processing = "a/a"
    arguments = Arguments(Positional("LENGTH", Unsigned(32)))
