from __future__ import annotations

from nmclick.element import ANNO_PAINT, Annotation, Arguments, Element, Field, Positional, Sharing, Unsigned

from ._paint import ANNO, annotation


class PaintTee(Element):
    """Send a copy of packets of one colour to output 1.

    With Paint at a router's inputs and ICMPError behind output 1 it makes ICMP redirects: the colour tells
    packets that leave by the interface they came in on (RFC 1812, 5.2.7.2).

    Arguments:
      COLOR  the colour to copy, 0 to 255
      ANNO   the annotation that holds the colour, any one byte (default PAINT)

    Outputs: 0, every packet; 1, the copies, each before its original.

    Handlers: ``color`` (read, write) COLOR.
    """

    sharing = Sharing.PER_WORKER
    ports = "1/2"
    example = "1"
    processing = "a/ah"
    arguments = Arguments(Positional("COLOR", Unsigned(8)), ANNO)
    reads = frozenset({ANNO_PAINT})
    handlers = {"color": Field("color", Unsigned(8), write=True)}

    def annotations_read(self) -> frozenset[Annotation]:
        return frozenset({annotation(self.args.ANNO)})
