from __future__ import annotations

from nmclick.element import ANNO_PAINT, Annotation, Arguments, Element, Field, Positional, Sharing, Unsigned

from ._paint import ANNO, annotation


class CheckPaint(Element):
    """Let packets of one colour pass; drop others, or send them to output 1.

    Arguments:
      COLOR  the colour that passes, 0 to 255
      ANNO   the annotation that holds the colour, any one byte (default PAINT)

    Outputs: 0, packets of that colour; 1, where it is connected, all others.

    Handlers: ``color`` (read, write) COLOR.
    """

    sharing = Sharing.PER_WORKER
    ports = "1/1-2"
    example = "1"
    processing = "a/ah"
    arguments = Arguments(Positional("COLOR", Unsigned(8)), ANNO)
    drops = {"color": "the packet has another colour"}
    reject_output = 1
    reads = frozenset({ANNO_PAINT})
    handlers = {"color": Field("color", Unsigned(8), write=True)}

    def annotations_read(self) -> frozenset[Annotation]:
        return frozenset({annotation(self.args.ANNO)})
