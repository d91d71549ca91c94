from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nmclick.element import (
    ANNO_EXTRA_LENGTH,
    TIMESTAMP,
    Annotation,
    Arguments,
    Bool,
    DeviceUse,
    Element,
    Field,
    Keyword,
    Optional,
    Positional,
    Signed,
    String,
    Unsigned,
    write_handler,
)


class ToNetmap(Element):
    """Send packets through the netmap rings of a port, by exchanging buffers: nothing is copied.

    Where the input is pull, packets are drawn only while the ring has room, so what waits upstream is not lost. Where
    it is push, packets that find the ring full are dropped and counted.

    Arguments:
      PORT   the port, such as ``pcap:out.pcap`` or ``null:``; ``nmclick run --port NAME=SPEC`` puts another in its place
      QUEUE  the transmit ring to use (default 0)
      BURST  packets to draw at a time at most; 0 (the default): a whole batch

    Handlers: ``count`` (read) packets sent; ``active`` (read, write) draw packets at all; ``reset_counts`` (write).
    """

    ports = "1/0"
    example = "null:"
    processing = "a/a"
    arguments = Arguments(
        Positional("PORT", String()),
        Optional("QUEUE", Unsigned(16), 0),
        Keyword("BURST", Signed(32, min=0), 0),
    )
    drops: ClassVar = {"full": "the transmit ring is full"}
    handlers: ClassVar = {"count": Field("count"), "active": Field("active", Bool(), write=True)}

    def annotations_read(self) -> frozenset[Annotation]:
        # Only capture files keep stamps and wire lengths.
        return frozenset({TIMESTAMP, ANNO_EXTRA_LENGTH}) if self.args.PORT.startswith("pcap:") else frozenset()

    def devices(self) -> Sequence[DeviceUse]:
        return (DeviceUse(self.args.PORT, write=True),)

    @write_handler("reset_counts")
    def reset_counts(self, text: str) -> None:
        self.call("reset_counts")
