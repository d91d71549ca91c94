"""What the doctor looks at. Plain values: checks are functions from these to findings, and tests make them up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nmclick.machine.interfaces import Interface

__all__ = ["Device", "Facts", "HugePages", "Memlock", "NetmapDevice", "Processors", "Toolchain"]


@dataclass(frozen=True, slots=True)
class Toolchain:
    """The C compiler. `command` is empty without one; `failure`: why it cannot make a library that loads."""

    command: str
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A device node or a kind of socket. `error` is the errno of opening it, 0 if that works."""

    error: int = 0


@dataclass(frozen=True, slots=True)
class NetmapDevice:
    """/dev/netmap. `version`: the API that it speaks, None if none is known."""

    error: int
    version: int | None = None
    memory: int = 0


@dataclass(frozen=True, slots=True)
class Memlock:
    """RLIMIT_MEMLOCK in bytes; None: unlimited."""

    soft: int | None
    hard: int | None


@dataclass(frozen=True, slots=True)
class HugePages:
    """`transparent`: the chosen word of the kernel's setting ("always"), empty if it has none. `reserved` pages of
    `size` bytes, of which `free` are."""

    transparent: str
    reserved: int = 0
    free: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Processors:
    """`usable` by this process out of `online`; `isolated` from the scheduler, as the kernel writes lists (2-5,8)."""

    usable: int
    online: int
    isolated: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """`sockets` are by name (AF_XDP, AF_PACKET, bpf)."""

    toolchain: Toolchain
    cache_folder: str
    cache_failure: str | None
    dot: str | None
    netmap: NetmapDevice
    sockets: Mapping[str, Device]
    tun: Device
    capabilities: frozenset[str]
    memlock: Memlock
    huge_pages: HugePages
    processors: Processors
    interfaces: tuple[Interface, ...] = field(default=())
