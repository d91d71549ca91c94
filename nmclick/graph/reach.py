"""Where packets can and cannot get: the analyses behind ``nmclick check -v``, on networkx.

Packets start at sources, go where connections and flow codes let them, and take one output only where an element
always sends to the same (a StaticSwitch). What is left out is not wrong, but hardly meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nmclick.graph.portcount import parse_port_count
from nmclick.graph.router import RouterGraph, describe, name_list

if TYPE_CHECKING:
    import networkx

    from nmclick.element import Element
    from nmclick.lang.diagnostics import Diagnostics

__all__ = ["Findings", "analyse", "report", "sources"]


@dataclass(frozen=True, slots=True)
class Findings:
    """Elements by index, ascending.

    `unreachable`: elements with inputs that no packet gets to. `islands`: parts that are connected to nothing else and
    have no source; all elements of theirs with inputs are unreachable too. `push_cycles`: groups of elements that
    packets can circulate in; this is legal.
    """

    unreachable: tuple[int, ...]
    islands: tuple[tuple[int, ...], ...]
    push_cycles: tuple[tuple[int, ...], ...]


def sources(graph: RouterGraph) -> list[int]:
    """Elements that packets start at: declared so, without any inputs by their class, or reading a device."""
    return [index for index, element in enumerate(graph.elements) if element.n_outputs and _originates(element)]


def _originates(element: Element) -> bool:
    if element.is_source or parse_port_count(element.ports).inputs.high == 0:
        return True
    return any(device.read for device in element.devices())


def analyse(graph: RouterGraph) -> Findings:
    """All findings about a graph that `nmclick.graph.build.build` made."""
    import networkx

    starts = sources(graph)
    reached = _reached(graph, starts)
    unreachable = [i for i, element in enumerate(graph.elements) if element.n_inputs and i not in reached]
    elements = graph.to_networkx("element")
    lonely = set(unreachable)
    islands = sorted(
        tuple(sorted(part))
        for part in networkx.weakly_connected_components(elements)
        if len(part) > 1 and lonely.intersection(part) and not part.intersection(starts)
    )
    cycles = sorted(
        tuple(sorted(part))
        for part in networkx.strongly_connected_components(elements)
        if len(part) > 1 or any(elements.has_edge(node, node) for node in part)
    )
    return Findings(tuple(unreachable), tuple(islands), tuple(cycles))


def _reached(graph: RouterGraph, starts: list[int]) -> set[int]:
    """Elements with an input that packets get to."""
    import networkx

    ports = graph.to_networkx("port")
    for index, element in enumerate(graph.elements):
        only = element.constant_output()
        if only is not None:
            _leave_one_way(ports, graph, index, only)
    world = "world"
    ports.add_edges_from(
        (world, ("out", index, port)) for index in starts for port in range(len(graph.outgoing[index]))
    )
    if world not in ports:
        return set()
    return {node[1] for node in networkx.descendants(ports, world) if node[0] == "in"}


def _leave_one_way(ports: networkx.MultiDiGraph[object], graph: RouterGraph, index: int, only: int) -> None:
    for port, outputs in enumerate(graph.flows[index]):
        ports.remove_edges_from([(("in", index, port), ("out", index, o)) for o in outputs if o != only])


def report(graph: RouterGraph, findings: Findings, diagnostics: Diagnostics) -> None:
    """Warn of parts without a source and of elements that no packet reaches; note push cycles."""
    told: set[int] = set()
    for island in findings.islands:
        told.update(island)
        diagnostics.warning(
            graph.elements[island[0]].span,
            f"no packet source is connected to {name_list(graph, island)}",
            hint="packets start at elements such as FromDevice, FromDump or InfiniteSource",
        )
    for index in findings.unreachable:
        if index not in told:
            element = graph.elements[index]
            diagnostics.warning(element.span, f"no packet can reach '{describe(element)}'")
    for cycle in findings.push_cycles:
        diagnostics.note(graph.elements[cycle[0]].span, f"packets can circulate among {name_list(graph, cycle)}")
