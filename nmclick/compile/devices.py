"""The ports that a configuration opens."""

from __future__ import annotations

from nmclick.element import DeviceUse
from nmclick.graph.router import RouterGraph

__all__ = ["port_uses"]


def port_uses(graph: RouterGraph) -> list[tuple[int, DeviceUse]]:
    """The ports of a graph by their numbers, with the element that wants each. Those that are read come first: they
    are opened first, and writers may need to know what they deliver. The host's ends of devices come last: they depend
    on how the devices are used."""
    uses = [(e.index, device) for e in graph.elements for device in e.devices()]
    return sorted(uses, key=lambda use: (use[1].spec.startswith("host:"), not use[1].read))
