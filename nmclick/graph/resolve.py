"""Push and pull: every agnostic port takes after what it is connected to, through connections and through elements.

Conflicts are found where Click finds them: its rule is to sweep over all connections, in order, until nothing changes,
each sweep spreading modes by one known end. The sweeps are kept apart here by (sweep, connection) in a heap, but a
connection is looked at again only after one of its ends has changed, so that the work grows with the connections and
not with their square. Source: Click's Router::check_push_and_pull().
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from heapq import heappop, heappush

from nmclick.graph.processing import Mode
from nmclick.graph.router import PortRef, RouterGraph, describe

__all__ = ["Conflict", "resolve"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Push meets pull: over a connection, or, if `connection` is None, inside an agnostic element. `output_mode` is
    that of the output; the input's is the opposite."""

    message: str
    output: PortRef
    input: PortRef
    output_mode: Mode
    connection: int | None


def resolve(graph: RouterGraph) -> list[Conflict]:
    """Set `graph.input_modes` and `graph.output_modes` to PUSH or PULL; agnostic ports that nothing decides push.

    Returns the conflicts in Click's order; the modes of a graph with conflicts are those of the first to arrive.
    """
    links: list[tuple[PortRef, PortRef]] = [(c.source, c.target) for c in graph.connections]
    links += _agnostic_links(graph)
    of_output: dict[PortRef, list[int]] = defaultdict(list)
    of_input: dict[PortRef, list[int]] = defaultdict(list)
    for link, (output, input_) in enumerate(links):
        of_output[output].append(link)
        of_input[input_].append(link)

    conflicts: list[Conflict] = []
    broken: set[int] = set()
    scheduled = [0] * len(links)
    heap = [(0, link) for link in range(len(links))]
    while heap:
        sweep, link = heappop(heap)
        if link in broken:
            continue
        output, input_ = links[link]
        output_mode = graph.output_modes[output[0]][output[1]]
        input_mode = graph.input_modes[input_[0]][input_[1]]
        if output_mode is input_mode:
            continue
        if input_mode is Mode.AGNOSTIC:
            graph.input_modes[input_[0]][input_[1]] = output_mode
            touched = of_input[input_]
        elif output_mode is Mode.AGNOSTIC:
            graph.output_modes[output[0]][output[1]] = input_mode
            touched = of_output[output]
        else:
            conflicts.append(_conflict(graph, output, input_, link))
            broken.add(link)
            continue
        for other in touched:
            again = sweep if other > link else sweep + 1
            if other != link and scheduled[other] < again:
                scheduled[other] = again
                heappush(heap, (again, other))

    for modes in (*graph.input_modes, *graph.output_modes):
        modes[:] = [Mode.PUSH if mode is Mode.AGNOSTIC else mode for mode in modes]
    return conflicts


def _agnostic_links(graph: RouterGraph) -> list[tuple[PortRef, PortRef]]:
    """Agnostic ports of one element between which packets travel: they end up the same."""
    links: list[tuple[PortRef, PortRef]] = []
    for element, flow in enumerate(graph.flows):
        outputs = graph.declared_outputs[element]
        for port, mode in enumerate(graph.declared_inputs[element]):
            if mode is Mode.AGNOSTIC:
                links += [((element, o), (element, port)) for o in flow[port] if outputs[o] is Mode.AGNOSTIC]
    return links


def _conflict(graph: RouterGraph, output: PortRef, input_: PortRef, link: int) -> Conflict:
    output_mode = graph.output_modes[output[0]][output[1]]
    input_mode = graph.input_modes[input_[0]][input_[1]]
    source = describe(graph.elements[output[0]])
    if link >= len(graph.connections):
        message = (
            f"agnostic '{source}' in mixed context: {input_mode} input {input_[1]}, {output_mode} output {output[1]}"
        )
        return Conflict(message, output, input_, output_mode, None)
    target = describe(graph.elements[input_[0]])
    message = f"'{source}' {output_mode} output {output[1]} connected to '{target}' {input_mode} input {input_[1]}"
    return Conflict(message, output, input_, output_mode, link)
