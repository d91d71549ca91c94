from __future__ import annotations

from nmclick.element import ANNO_PAINT, Annotation, Arguments, Element

from ._paint import ANNO, annotation


class PaintSwitch(Element):
    """Send each packet to the output whose number is its colour.

    Packets of colour 255 are copied to all outputs. Packets of a colour that is no output are dropped.

    Arguments:
      ANNO  the annotation that holds the colour, any one byte (default PAINT)
    """

    ports = "1/-"
    processing = "h/h"
    arguments = Arguments(ANNO)
    drops = {"no_output": "no output has the number of the packet's colour"}
    reads = frozenset({ANNO_PAINT})

    def annotations_read(self) -> frozenset[Annotation]:
        return frozenset({annotation(self.args.ANNO)})
