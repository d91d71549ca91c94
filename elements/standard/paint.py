from __future__ import annotations

from nmclick.element import ANNO_PAINT, Arguments, Element, Field, Positional, Unsigned

from ._paint import ANNO


class Paint(Element):
    """Set every packet's paint annotation.

    Arguments:
      COLOR  the colour, 0 to 255
      ANNO   the annotation to set, any one byte (default PAINT)

    Handlers: ``color`` (read, write) COLOR.
    """

    ports = "1/1"
    example = "1"
    processing = "a/a"
    arguments = Arguments(Positional("COLOR", Unsigned(8)), ANNO)
    writes = frozenset({ANNO_PAINT})
    handlers = {"color": Field("color", Unsigned(8), write=True)}
