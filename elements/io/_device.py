"""How network devices are used: what the METHOD argument says, and what else decides it."""

from __future__ import annotations

#: The kinds of port that serve a device and nobody else, best first.
TAKING = ("netmap", "xdp", "packet")

#: The only kind that leaves to the system what is received, and sees what the system sends.
SNIFFING = ("packet",)

_METHODS = {"LINUX": ("packet",), "PCAP": ("packet",), "NETMAP": ("netmap",), "XDP": ("xdp",)}

#: METHOD -> the kinds of port that suit.
FROM_METHODS = _METHODS
TO_METHODS = {**_METHODS, "PCAPFD": ("packet",), "DEVBPF": ("packet",)}
