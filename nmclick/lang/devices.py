"""The addresses that the system's network devices have: what a device name stands for in a configuration
(Linux)."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Protocol

from nmclick.lang.values.addresses import Prefix, ether_bytes, mask_bytes

# linux/sockios.h
_SIOCGIFADDR = 0x8915
_SIOCGIFNETMASK = 0x891B
# linux/if_arp.h: Ethernet, and 802.11 in its forms
_ETHERNET_TYPES = frozenset({1, 801, 802, 803})
# linux/route.h
_RTF_GATEWAY = 2
_NAME_ROOM = 16


class Devices(Protocol):
    """Addresses by device name; None where there is none."""

    def ether(self, device: str) -> bytes | None: ...
    def prefix(self, device: str) -> Prefix | None: ...
    def gateway(self, device: str) -> bytes | None: ...


class NoDevices:
    """A system without network devices, for tests and for configurations that must not depend on the
    machine."""

    def ether(self, device: str) -> bytes | None:
        return None

    def prefix(self, device: str) -> Prefix | None:
        return None

    def gateway(self, device: str) -> bytes | None:
        return None


class SystemDevices:
    """This machine's devices. The kernel is only asked about names that exist: a request for another name
    would make it look for a module."""

    def __init__(self, sys: Path = Path("/sys/class/net"), routes: Path = Path("/proc/net/route")) -> None:
        self._sys = sys
        self._routes = routes

    def _exists(self, device: str) -> bool:
        return 0 < len(device) < _NAME_ROOM and device.isprintable() and "/" not in device and (
            (self._sys / device / "type").is_file()
        )  # fmt: skip

    def ether(self, device: str) -> bytes | None:
        if not self._exists(device):
            return None
        try:
            if int((self._sys / device / "type").read_text()) not in _ETHERNET_TYPES:
                return None
            return ether_bytes((self._sys / device / "address").read_text().strip())
        except (OSError, ValueError):
            return None

    def prefix(self, device: str) -> Prefix | None:
        if not self._exists(device):
            return None
        address = _ioctl(_SIOCGIFADDR, device)
        if address is None:
            return None
        return Prefix(address, _ioctl(_SIOCGIFNETMASK, device) or mask_bytes(32))

    def gateway(self, device: str) -> bytes | None:
        """The gateway of the default route through `device`."""
        try:
            lines = self._routes.read_text().splitlines()[1:]
        except OSError:
            return None
        for line in lines:
            # Iface Destination Gateway Flags RefCnt Use Metric Mask ...; addresses are hexadecimal host
            # integers.
            columns = line.split()
            if len(columns) < 8 or columns[0] != device:
                continue
            destination, gateway, flags, mask = (int(columns[i], 16) for i in (1, 2, 3, 7))
            if destination == 0 and mask == 0 and flags & _RTF_GATEWAY:
                return struct.pack("=I", gateway)
        return None


def _ioctl(request: int, device: str) -> bytes | None:
    """The IPv4 address that a SIOCGIF... request answers with."""
    import fcntl
    import socket

    try:
        name = device.encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            # struct ifreq: the name, then a struct sockaddr_in (family, port, address).
            answer = fcntl.ioctl(control, request, struct.pack("16s24x", name))
    except (OSError, UnicodeError):
        return None
    family = struct.unpack_from("=H", answer, _NAME_ROOM)[0]
    return answer[_NAME_ROOM + 4 : _NAME_ROOM + 8] if family == socket.AF_INET else None
