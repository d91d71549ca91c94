"""Names of capture files and of ports."""

from __future__ import annotations

#: Kinds of port; a file whose name starts like one of them is written ``pcap:NAME``.
_KINDS = ("pcap:", "replay:", "pipe:", "null:")


def capture_spec(name: str) -> str:
    """The port that a file name stands for, unless it says itself that it is a port."""
    return name if name.startswith(_KINDS) else f"pcap:{name}"
