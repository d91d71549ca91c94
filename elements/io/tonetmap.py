from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nmclick.element import (
    Arguments,
    Bool,
    DeviceUse,
    Field,
    Keyword,
    Optional,
    Positional,
    Sharing,
    Signed,
    String,
    Unsigned,
)

from ._device import TAKING
from ._sink import PortSink


class ToNetmap(PortSink):
    """Send packets through the netmap rings of a port, by exchanging buffers: nothing is copied.

    Where the input is pull, packets are drawn only while the ring has room, so what waits upstream is not lost. Where
    it is push, packets that find the ring full are dropped and counted.

    Arguments:
      PORT   the port: ``netmap:eth0`` and all of netmap's other names (``netmap:eth0^``, ``vale0:a``, ``netmap:p{1``),
             ``xdp:eth0``, ``packet:eth0``, ``tap:t0``, ``pcap:out.pcap``, ``null:``; ``nmclick run --port NAME=SPEC``
             puts another in its place
      QUEUE  the transmit ring to use (default 0; with several workers that is the first one's, and each has its own as
             far as there are enough)
      BURST  packets to draw at a time at most; 0 (the default): a whole batch

    Handlers: ``count`` (read) packets sent; ``active`` (read, write) draw packets at all; ``reset_counts`` (write).
    """

    sharing = Sharing.PER_WORKER
    ports = "1/0"
    example = "null:"
    processing = "a/a"
    arguments = Arguments(
        Positional("PORT", String()),
        Optional("QUEUE", Unsigned(16), 0),
        Keyword("BURST", Signed(32, min=0), 0),
    )
    handlers: ClassVar = {"count": Field("out.count"), "active": Field("out.active", Bool(), write=True)}

    def devices(self) -> Sequence[DeviceUse]:
        return (DeviceUse(self.args.PORT, write=True, options=(("nanoseconds", True),), kinds=TAKING),)
