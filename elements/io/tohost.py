from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import Arguments, DeviceUse, Field, Positional, String, read_handler

from ._kernel import NAME_ROOM
from ._sink import PortSink

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class ToHost(PortSink):
    """Hand Ethernet frames to this machine's kernel, as if an interface had received them.

    Where the configuration uses the device DEVNAME through netmap, that is the interface: the frames go to its host
    rings (``netmap:DEVNAME^``). Otherwise it is the one that a FromHost with the same DEVNAME makes.

    The kernel takes frames that are for its own Ethernet address or broadcast, with IP packets for one of its
    addresses (others it routes, if it is told to) and ARP.

    Arguments:
      DEVNAME  name of the interface

    Handlers: ``dev_name`` (read) name of the interface; ``count`` (read) frames handed over; ``drops`` (read) frames
    the kernel did not take.
    """

    ports = "1/0"
    processing = "h/h"
    example = "netmap:eth0^"
    arguments = Arguments(Positional("DEVNAME", String()))
    drops: ClassVar = {"short": "the packet has no whole Ethernet header", **PortSink.drops}
    handlers: ClassVar = {"count": Field("out.count")}

    def configure(self, environment: Environment) -> Iterable[str]:
        if not self.args.DEVNAME:
            yield "must specify device name"

    def devices(self) -> Sequence[DeviceUse]:
        name = self.args.DEVNAME
        return (DeviceUse(name if ":" in name else f"host:{name}", write=True),)

    @read_handler("dev_name")
    def dev_name(self) -> str:
        _, name = self.call("dev_name", room=NAME_ROOM)
        return name.partition(b"\0")[0].decode("utf-8", "surrogateescape")

    @read_handler("drops")
    def write_drops(self) -> str:
        return str(self.live.drops()["write"])
