from __future__ import annotations

from nmclick.element import Annotation, Arguments, Element, Field, Positional, Sharing, Unsigned

from ._paint import ANNO, annotation


class Paint(Element):
    """Set every packet's paint annotation.

    Arguments:
      COLOR  the colour, 0 to 255
      ANNO   the annotation to set, any one byte (default PAINT)

    Handlers: ``color`` (read, write) COLOR.
    """

    sharing = Sharing.PER_WORKER
    ports = "1/1"
    example = "1"
    processing = "a/a"
    arguments = Arguments(Positional("COLOR", Unsigned(8)), ANNO)
    handlers = {"color": Field("color", Unsigned(8), write=True)}

    def annotations_written(self) -> frozenset[Annotation]:
        return frozenset({annotation(self.args.ANNO)})
