"""What ``ethtool -k`` and ``-i`` tell, by the ioctl that they use (linux/ethtool.h)."""

from __future__ import annotations

import fcntl
import socket
import struct
from array import array
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Ethtool", "ethtool"]

SIOCETHTOOL = 0x8946
ETHTOOL_GDRVINFO, ETHTOOL_GSTRINGS, ETHTOOL_GSSET_INFO, ETHTOOL_GFEATURES = 0x03, 0x1B, 0x37, 0x3A
ETH_SS_FEATURES = 4
_STRING = 32
_DRIVER_INFO = 196
_BLOCK = struct.Struct("=4I")  # available, requested, active, never changed


class Ethtool:
    """Questions about interfaces. Everything raises OSError: no such interface, or a driver that does not answer."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def _ask(self, interface: str, question: bytes) -> bytes:
        """Send a structure, which starts with the number of the question; what became of it."""
        room = array("B", question)
        address, _ = room.buffer_info()
        request = struct.pack("=16sQ16x", interface.encode(), address) if struct.calcsize("P") == 8 else (
            struct.pack("=16sI12x", interface.encode(), address)
        )  # fmt: skip
        fcntl.ioctl(self._control, SIOCETHTOOL, request)
        return room.tobytes()

    def driver(self, interface: str) -> str:
        answer = self._ask(interface, struct.pack("=I", ETHTOOL_GDRVINFO).ljust(_DRIVER_INFO, b"\0"))
        return _text(answer[4 : 4 + _STRING])

    def changeable_features(self, interface: str) -> frozenset[str]:
        """Features that are on and could be switched off, by the kernel's names (rx-gro, tx-tcp-segmentation)."""
        names = self._feature_names(interface)
        blocks = (len(names) + 31) // 32
        question = struct.pack("=2I", ETHTOOL_GFEATURES, blocks) + bytes(_BLOCK.size * blocks)
        answer = self._ask(interface, question)[8:]
        on = set()
        for number, (available, _, active, fixed) in enumerate(_BLOCK.iter_unpack(answer)):
            bits = available & active & ~fixed
            on |= {name for bit, name in enumerate(names[32 * number : 32 * number + 32]) if bits >> bit & 1}
        return frozenset(on - {""})

    def _feature_names(self, interface: str) -> list[str]:
        """Names by bit number."""
        answer = self._ask(interface, struct.pack("=2IQI", ETHTOOL_GSSET_INFO, 0, 1 << ETH_SS_FEATURES, 0))
        mask, count = struct.unpack_from("=QI", answer, 8)
        if not mask:
            return []
        question = struct.pack("=3I", ETHTOOL_GSTRINGS, ETH_SS_FEATURES, count) + bytes(_STRING * count)
        answer = self._ask(interface, question)[12:]
        return [_text(answer[at : at + _STRING]) for at in range(0, len(answer), _STRING)]


@contextmanager
def ethtool() -> Iterator[Ethtool]:
    """Raises OSError where no socket can be had."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        yield Ethtool(control)


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("ascii", "replace")
