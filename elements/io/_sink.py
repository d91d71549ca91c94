"""What ToNetmap, ToDump and ToDevice share."""

from __future__ import annotations

from typing import ClassVar

from nmclick.element import ANNO_EXTRA_LENGTH, TIMESTAMP, Annotation, Element, write_handler

#: Ports that keep timestamps and wire lengths.
_KEEPING = ("pcap:", "pipe:")


class PortSink(Element):
    """An element that sends packets through a port. Its C half has a ``struct transmitter out``."""

    drops: ClassVar = {"full": "the transmit ring is full", "write": "the port could not write it"}

    def annotations_read(self) -> frozenset[Annotation]:
        keeps = self.port_spec().startswith(_KEEPING)
        return frozenset({TIMESTAMP, ANNO_EXTRA_LENGTH}) if keeps else frozenset()

    @write_handler("reset_counts")
    def reset_counts(self, text: str) -> None:
        self.live.write("out.count", 0)
