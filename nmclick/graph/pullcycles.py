"""Pull cycles: a pull that would have to be answered by itself.

A push cycle is served from a work list; a pull has to return packets now, so that a cycle of pulls has no meaning.
They are found on plain lists. Only when there is one does networkx come in, to name it by its shortest way round.
"""

from __future__ import annotations

from nmclick.graph.cycles import cyclic_components
from nmclick.graph.processing import Mode
from nmclick.graph.router import PortRef, RouterGraph

__all__ = ["pull_cycles"]


def pull_cycles(graph: RouterGraph) -> list[list[int]]:
    """Cycles of pulls as lists of element indexes, downstream: each is pulled by the next, and the last by the first.

    One for every group of entangled cycles. A pull of an output reaches the pull inputs whose packets may leave by it.
    """
    outputs = [
        (element, port)
        for element, modes in enumerate(graph.output_modes)
        for port, mode in enumerate(modes)
        if mode is Mode.PULL
    ]
    number = {output: index for index, output in enumerate(outputs)}
    upstream = [
        [number[source] for port in _drawn_inputs(graph, output) for source in graph.predecessors(output[0], port)]
        for output in outputs
    ]
    cycles = [_shortest(upstream, component) for component in cyclic_components(upstream)]
    return [[outputs[node][0] for node in (cycle[0], *reversed(cycle[1:]))] for cycle in cycles]


def _drawn_inputs(graph: RouterGraph, output: PortRef) -> list[int]:
    """The pull inputs of an element that it may draw from to answer a pull of one of its outputs."""
    element, port = output
    modes = graph.input_modes[element]
    return [i for i, outputs in enumerate(graph.flows[element]) if modes[i] is Mode.PULL and port in outputs]


def _shortest(successors: list[list[int]], component: list[int]) -> list[int]:
    """The shortest cycle through the first node of a strong component."""
    import networkx

    inside = set(component)
    part: networkx.DiGraph[int] = networkx.DiGraph()
    part.add_edges_from((node, to) for node in component for to in successors[node] if to in inside)
    first = component[0]
    ways = networkx.single_target_shortest_path(part, first)
    return [first, *min((ways[to] for to in sorted(part[first])), key=len)[:-1]]
