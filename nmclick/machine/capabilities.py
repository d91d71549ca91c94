"""The capabilities of this process (capabilities(7)), from /proc/self/status."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

__all__ = ["NUMBERS", "effective", "parse_status", "permitted"]

#: Number of the bit -> name, of those that packet processing is about.
NUMBERS = {
    6: "CAP_SETGID",
    7: "CAP_SETUID",
    12: "CAP_NET_ADMIN",
    13: "CAP_NET_RAW",
    14: "CAP_IPC_LOCK",
    21: "CAP_SYS_ADMIN",
    39: "CAP_BPF",
}


def parse_status(text: str, field: str = "CapEff") -> int:
    """The bits of a field of /proc/PID/status; 0 if it is not there."""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value, 16)
    return 0


def effective() -> frozenset[str]:
    """The names of those of NUMBERS that this process has."""
    try:
        bits = parse_status(Path("/proc/self/status").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return frozenset()
    return frozenset(name for number, name in NUMBERS.items() if bits >> number & 1)


def permitted() -> bool:
    """Whether any thread of this process has, or could take, any capability at all."""
    for path in Path("/proc/self/task").glob("*/status"):
        with suppress(OSError):  # a thread that has ended
            status = path.read_text(encoding="utf-8", errors="replace")
            if any(parse_status(status, field) for field in ("CapPrm", "CapEff", "CapAmb")):
                return True
    return False
