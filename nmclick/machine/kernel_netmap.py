"""Questions to a kernel's netmap (API 14): is it there, does it speak our version, which ports do its switches have.

The layouts are those of native/include/nmclick/netmap_request.h.
"""

from __future__ import annotations

import fcntl
import os
import struct
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

__all__ = ["API", "DEVICE", "KernelNetmap", "PortInfo", "VirtualPort", "kernel_netmap"]

DEVICE = "/dev/netmap"
API = 14
NIOCCTRL = 0xC0586997
PORT_INFO_GET, VALE_LIST = 2, 5
_HEADER = struct.Struct("=HHI64sQQ")
_PORT_INFO = struct.Struct("=QIIHHHHH6x")
_VALE_LIST = struct.Struct("=HHI")


@dataclass(frozen=True, slots=True)
class PortInfo:
    """What a port has; all of it 0 but `memory`, the bytes of its region, when asked about no port."""

    memory: int
    tx_slots: int
    rx_slots: int
    tx_rings: int
    rx_rings: int
    host_tx_rings: int
    host_rx_rings: int
    region: int


@dataclass(frozen=True, slots=True)
class VirtualPort:
    """A port of a switch in the kernel, such as vale0:a. `info`: None if the port went away before it was asked."""

    name: str
    info: PortInfo | None

    @property
    def switch(self) -> str:
        return self.name.partition(":")[0]


class KernelNetmap:
    """An open /dev/netmap that is bound to no port."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def _control(self, request: int, name: str, body: bytes, version: int = API) -> tuple[str, bytes]:
        """NIOCCTRL: the name and the body that come back. Raises OSError."""
        room = array("B", body)
        address, _ = room.buffer_info()
        header = bytearray(_HEADER.pack(version, request, 0, name.encode(), 0, address))
        fcntl.ioctl(self._descriptor, NIOCCTRL, header)
        named = _HEADER.unpack(header)[3].partition(b"\0")[0].decode("ascii", "replace")
        return named, room.tobytes()

    def info(self, name: str = "", version: int = API) -> PortInfo:
        """About a port, or about the global region. Raises OSError."""
        _, body = self._control(PORT_INFO_GET, name, bytes(_PORT_INFO.size), version)
        return PortInfo(*_PORT_INFO.unpack(body))

    def version(self) -> int | None:
        """API if the kernel takes it, else the first other version that it takes. None: it takes none at all."""
        for version in (API, *(other for other in range(11, 32) if other != API)):
            with suppress(OSError):
                self.info(version=version)
                return version
        return None

    def virtual_ports(self) -> Iterator[VirtualPort]:
        """The ports of all switches. Pipes are in no list of the kernel."""
        switch = port = 0
        while True:
            try:
                name, body = self._control(VALE_LIST, "", _VALE_LIST.pack(switch, 0, port))
            except OSError:  # ENOENT: that was all
                return
            info = None
            with suppress(OSError):
                info = self.info(name)
            yield VirtualPort(name, info)
            switch, _, port = _VALE_LIST.unpack(body)
            port += 1


@contextmanager
def kernel_netmap() -> Iterator[KernelNetmap]:
    """Raises OSError where there is no /dev/netmap, or none for this user."""
    descriptor = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)
    try:
        yield KernelNetmap(descriptor)
    finally:
        os.close(descriptor)
