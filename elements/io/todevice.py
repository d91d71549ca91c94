from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    Arguments,
    Bool,
    DeviceUse,
    Field,
    Keyword,
    Positional,
    Signed,
    String,
    Word,
    parse_written,
    read_handler,
    write_handler,
)

from ._device import TO_METHODS
from ._sink import PortSink

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class ToDevice(PortSink):
    """Send packets to a network device, or to whatever port stands in for it.

    Packets are drawn while the port has room for them.

    Arguments:
      DEVNAME  the device, such as ``eth0``, or a port, such as ``pcap:out.pcap``; ``nmclick run --port NAME=SPEC``
               puts another port in its place
      METHOD   how to write to the device: ``NETMAP``, ``XDP``, ``LINUX`` or ``PCAP`` (both: a packet socket); default:
               as a FromDevice of the same device, see there
      BURST    packets to draw at a time at most (default: a whole batch)
      DEBUG    checked and of no effect but for its handler

    Output 0, if there is one: the packets that were sent. Output 1, if there is one: those that could not be.

    Handlers: ``count`` (read) packets sent; ``reset_counts`` (write); ``pulls`` (read) how often packets were asked
    for; ``q`` (read) whether a packet waits to be sent again, which never happens; ``debug`` (read, write).
    """

    ports = "1/0-2"
    processing = "l/h"
    example = "null:"
    arguments = Arguments(
        Positional("DEVNAME", String()),
        Keyword("DEBUG", Bool(), False),
        Keyword("METHOD", Word()),
        Keyword("BURST", Signed(32)),
    )
    handlers: ClassVar = {
        "count": Field("out.count"),
        "pulls": Field("pulls"),
        "debug": Field("debug", Bool()),
    }

    def configure(self, environment: Environment) -> Iterable[str]:
        if not self.args.DEVNAME:
            yield "interface not set"
        if self.args.BURST is not None and self.args.BURST <= 0:
            yield "bad BURST"
        if self.args.METHOD is not None and self.args.METHOD not in TO_METHODS:
            yield "bad METHOD"

    def devices(self) -> Sequence[DeviceUse]:
        kinds = TO_METHODS.get(self.args.METHOD, ())
        return (DeviceUse(self.args.DEVNAME, write=True, options=(("nanoseconds", True),), kinds=kinds),)

    @read_handler("q")
    def waiting(self) -> str:
        return "false"

    @write_handler("debug")
    def write_debug(self, text: str) -> None:
        self.live.write("debug", parse_written(Bool(), text, "type mismatch"))
