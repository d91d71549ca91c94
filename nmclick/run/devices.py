"""Which kind of port a network device is used through, when the configuration only says its name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nmclick.element import DeviceUse

__all__ = ["Machine", "host_port", "port_kinds"]

#: Kinds of port that can serve a device, best first.
KINDS = ("netmap", "xdp", "packet")

#: The one that leaves the device to the system: what is received, the system receives, too.
SHARING_KIND = "packet"

#: What names the host's side of a device, as FromHost and ToHost do.
HOST = "host:"


@dataclass(frozen=True, slots=True)
class Machine:
    """What the choice depends on: the kernel's netmap, and the network devices of this process's namespace."""

    netmap: Path = Path("/dev/netmap")
    names: Sequence[str] | None = None

    def devices(self) -> Sequence[str]:
        """The names of all network devices."""
        if self.names is not None:
            return self.names
        import socket

        return [name for _, name in socket.if_nameindex()]

    def has_netmap(self) -> bool:
        return self.netmap.exists()

    def similar(self, name: str) -> str | None:
        """The device whose name is most like `name`."""
        import difflib

        return next(iter(difflib.get_close_matches(name, self.devices(), 1, 0.6)), None)


def port_kinds(use: DeviceUse, uses: Iterable[DeviceUse], machine: Machine) -> Sequence[str]:
    """The kinds of port to try for `use` of a device, best first. `uses` are all uses of the same device.

    An element that does not care takes what another one asks for. Where nobody cares, a device that is read and
    written is a router's, and gets the fastest port, which takes its packets away from the system. One that is only
    read is watched and one that is only written is borrowed: the system goes on using it.
    """
    uses = list(uses)
    asked = use.kinds or next((other.kinds for other in uses if other.kinds), ())
    if len(asked) == 1:
        return asked
    routes = any(other.read for other in uses) and any(other.write for other in uses)
    kinds = asked or (KINDS if routes else (SHARING_KIND,))
    return [kind for kind in kinds if kind != "netmap" or machine.has_netmap()]


def host_port(name: str, specs: Iterable[str]) -> str:
    """The host's side of the device `name`, where `specs` are the ports that are open: its host rings if it is used
    through netmap, else a TAP interface of that name."""
    used = f"netmap:{name}"
    for spec in specs:
        if spec.startswith(used) and spec[len(used) : len(used) + 1] in ("", *"-*^{}/@+,"):
            return f"{used}^"
    return f"tap:{name}"
