"""What the elements that store packets first in, first out share."""

from __future__ import annotations

from sys import byteorder

from nmclick.element import (
    Arguments,
    Element,
    Field,
    HandlerError,
    Optional,
    Unsigned,
    parse_written,
    read_handler,
    write_handler,
)


class Storage(Element):
    """A first-in first-out store of CAPACITY packets. Its C half has a ``struct fifo fifo`` (nmclick/fifo.h)
    and the calls ``reset``, ``reset_counts`` and ``capacity``."""

    ports = "1/1-2"
    processing = "h/lh"
    flow = "x/x"
    arguments = Arguments(Optional("CAPACITY", Unsigned(32), 1000))
    drops = {"overflow": "the queue was full", "removed": "a handler emptied the queue or made it smaller"}
    reject_output = 1
    handlers = {
        "highwater_length": Field("fifo.highwater", Unsigned(32)),
        "capacity": Field("fifo.capacity", Unsigned(32)),
        "drops": Field("fifo.drops"),
    }
    fields = ("fifo.head", "fifo.tail")

    @read_handler("length")
    def length(self) -> str:
        return str((self.live.read("fifo.tail") - self.live.read("fifo.head")) & 0xFFFFFFFF)

    @write_handler("capacity")
    def write_capacity(self, text: str) -> None:
        capacity = parse_written(Unsigned(32), text, "CAPACITY: invalid number")
        result, _ = self.call("capacity", capacity.to_bytes(4, byteorder))
        if result != 0:
            raise HandlerError("out of memory")

    @write_handler("reset")
    def reset(self, text: str) -> None:
        self.call("reset")

    @write_handler("reset_counts")
    def reset_counts(self, text: str) -> None:
        self.call("reset_counts")
