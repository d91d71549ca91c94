"""One call of bpf(2), which Python lacks: it tells whether this process may use XDP."""

from __future__ import annotations

import os
import struct

__all__ = ["make_xsk_map"]

_BPF_MAP_CREATE = 0
_BPF_MAP_TYPE_XSKMAP = 17
_ATTRIBUTES = 128  # more than any kernel's bpf_attr has in use for this; the rest is 0
#: Number of the system call by machine. New machines have the generic one.
_GENERIC = 280
_NUMBERS = {"x86_64": 321, "i386": 357, "i686": 357, "armv7l": 386, "ppc64le": 361, "s390x": 351}


def make_xsk_map() -> int:
    """A map of AF_XDP sockets: its descriptor. Raises OSError (EPERM: no CAP_BPF; EINVAL: a kernel without AF_XDP)."""
    import ctypes

    attributes = struct.pack("=4I", _BPF_MAP_TYPE_XSKMAP, 4, 4, 1).ljust(_ATTRIBUTES, b"\0")
    room = ctypes.create_string_buffer(attributes, _ATTRIBUTES)
    library = ctypes.CDLL(None, use_errno=True)
    number = _NUMBERS.get(os.uname().machine, _GENERIC)
    descriptor = int(library.syscall(ctypes.c_long(number), _BPF_MAP_CREATE, room, _ATTRIBUTES))
    if descriptor < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    os.set_inheritable(descriptor, False)
    return descriptor
