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

from ._sink import PortSink

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

METHODS = ("LINUX", "PCAP", "PCAPFD", "DEVBPF", "NETMAP")


class ToDevice(PortSink):
    """Send packets to a network device, or to whatever port stands in for it.

    Packets are drawn while the port has room for them.

    Arguments:
      DEVNAME  the device: a port such as ``pcap:out.pcap``, or any name for which ``nmclick run --port NAME=SPEC``
               gives one
      BURST, METHOD, DEBUG
               checked and of no effect: the port decides, and packets are sent in batches

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
        Keyword("BURST", Signed(32), 1),
    )
    handlers: ClassVar = {
        "count": Field("out.count"),
        "pulls": Field("pulls"),
        "debug": Field("debug", Bool()),
    }

    def configure(self, environment: Environment) -> Iterable[str]:
        if not self.args.DEVNAME:
            yield "interface not set"
        if self.args.BURST <= 0:
            yield "bad BURST"
        if self.args.METHOD is not None and self.args.METHOD not in METHODS:
            yield "bad METHOD"

    def devices(self) -> Sequence[DeviceUse]:
        return (DeviceUse(self.args.DEVNAME, write=True, options=(("nanoseconds", True),)),)

    @read_handler("q")
    def waiting(self) -> str:
        return "false"

    @write_handler("debug")
    def write_debug(self, text: str) -> None:
        self.live.write("debug", parse_written(Bool(), text, "type mismatch"))
