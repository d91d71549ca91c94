"""Who is attached where at one moment: the user-space provider's ports, a kernel netmap's, the network interfaces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from nmclick.machine.interfaces import Interface, PacketCount, count_packets, interfaces
from nmclick.machine.kernel_netmap import VirtualPort, kernel_netmap
from nmclick.run.provider import Provider as UserProvider
from nmclick.run.provider import Region, read_provider

__all__ = ["AttachedPort", "Census", "Counts", "Device", "Rate", "rate", "take_census"]

Where = Literal["user space", "kernel"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Packets through a port since it exists. `dropped`: in both directions; `waiting`: received and not yet read."""

    rx: int
    tx: int
    dropped: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class AttachedPort:
    """A port of a switch, an end of a pipe, a monitor, a region without rings. `pid` is 0 if nobody has it open or that
    is not known; `slots` are per ring; `buffers` and `counts` are None where the provider does not tell them."""

    name: str
    kind: str
    provider: Where
    pid: int
    tx_rings: int
    rx_rings: int
    tx_slots: int
    rx_slots: int
    region: int
    buffers: int | None = None
    counts: Counts | None = None

    @property
    def switch(self) -> str:
        """The switch that it is a port of; empty if of none."""
        return self.name.partition(":")[0] if self.kind == "vale" else ""


@dataclass(frozen=True, slots=True)
class Device:
    """An interface with its packet counts."""

    interface: Interface
    counts: Counts

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of port that it can be opened as."""
        return ("xdp", "packet") if self.interface.ethernet else ("packet",)


@dataclass(frozen=True, slots=True)
class Census:
    """Everything at one moment, `time` in seconds of the monotonic clock. `provider_pid`: the switch process, 0: none
    runs."""

    time: float
    ports: tuple[AttachedPort, ...] = ()
    regions: tuple[Region, ...] = ()
    devices: tuple[Device, ...] = ()
    provider_pid: int = 0
    kernel: bool = False
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Rate:
    """Packets a second."""

    rx: float
    tx: float
    dropped: float = 0


def rate(before: Counts | None, after: Counts | None, seconds: float) -> Rate | None:
    """The rate between two samples. None: it cannot be told, as when the port was not there before, or was made anew
    and counts from 0 again."""
    if before is None or after is None or seconds <= 0:
        return None
    pairs = ((before.rx, after.rx), (before.tx, after.tx), (before.dropped, after.dropped))
    if any(new < old for old, new in pairs):
        return None
    return Rate(*((new - old) / seconds for old, new in pairs))


def take_census() -> Census:
    """Look at everything there is now. Nothing is started or changed."""
    import time

    provider, notes = _read_provider()
    in_kernel = _kernel_ports()
    counts = count_packets()
    nothing = PacketCount(0, 0)
    devices = [
        Device(each, Counts(counts.get(each.name, nothing).rx, counts.get(each.name, nothing).tx))
        for each in interfaces()
    ]
    return Census(
        time.monotonic(),
        ports=(*(() if provider is None else _from_user_space(provider)), *(in_kernel or ())),
        regions=() if provider is None else provider.regions,
        devices=tuple(devices),
        provider_pid=0 if provider is None else provider.pid,
        kernel=in_kernel is not None,
        notes=notes,
    )


def _from_user_space(provider: UserProvider) -> Iterator[AttachedPort]:
    for port in provider.ports:
        shape = (port.tx_rings, port.rx_rings, port.tx_slots, port.rx_slots, port.region, port.buffers)
        counts = Counts(port.rx_packets, port.tx_packets, port.rx_drops + port.tx_drops, port.rx_waiting)
        yield AttachedPort(port.name, port.kind, "user space", port.pid, *shape, counts)


def _read_provider() -> tuple[UserProvider | None, tuple[str, ...]]:
    """What the switch process tells, None if none runs; and why it cannot be asked."""
    try:
        return read_provider(), ()
    except (OSError, ValueError) as error:
        return None, (f"cannot ask the switch process: {error}",)


def _kernel_ports() -> list[AttachedPort] | None:
    """None: there is no kernel netmap, or none for us."""
    try:
        with kernel_netmap() as netmap:
            return list(_from_kernel(netmap.virtual_ports()))
    except OSError:
        return None


def _from_kernel(ports: Iterable[VirtualPort]) -> Iterator[AttachedPort]:
    for port in ports:
        info = port.info
        if info is not None:
            shape = (info.tx_rings, info.rx_rings, info.tx_slots, info.rx_slots, info.region)
            yield AttachedPort(port.name, "vale", "kernel", 0, *shape)
