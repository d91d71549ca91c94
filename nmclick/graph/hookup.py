"""Are all ports there that the file connects, is every port connected, and no push output or pull input twice?

Messages and their order are Click's (Router::check_hookup_range, Router::check_hookup_completeness). Click stops after
the first kind of error; here later checks still run and leave out the ports that have been complained about already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nmclick.graph.portcount import PortCount, parse_port_count
from nmclick.graph.processing import Mode
from nmclick.graph.router import Connection, PortRef, RouterGraph, describe, name_list

if TYPE_CHECKING:
    from nmclick.element import Element

__all__ = ["HookupError", "assign_ports", "reused_ports", "split_by_range", "unused_ports"]

_UNUSED_HINTS = {
    "input": "nothing comes in here: connect an Idle, which sends nothing, if that is meant",
    "output": "packets would go nowhere: connect a Discard, which drops them, if that is meant",
}


@dataclass(frozen=True, slots=True)
class HookupError:
    """Something wrong at a port of `element`; `connection` where one is to blame rather than its absence."""

    element: Element
    message: str
    hint: str
    connection: Connection | None = None


def assign_ports(elements: Sequence[Element], connections: Iterable[Connection]) -> None:
    """Give every element as many inputs and outputs as it allows and the connections use.

    ValueError if a class has a malformed port count.
    """
    inputs = [0] * len(elements)
    outputs = [0] * len(elements)
    for connection in connections:
        element, port = connection.source
        outputs[element] = max(outputs[element], port + 1)
        element, port = connection.target
        inputs[element] = max(inputs[element], port + 1)
    for index, element_ in enumerate(elements):
        count = parse_port_count(element_.ports)
        element_.n_inputs, element_.n_outputs = count.resolve(inputs[index], outputs[index])


def split_by_range(
    elements: Sequence[Element], connections: Iterable[Connection]
) -> tuple[list[Connection], list[HookupError]]:
    """The connections between ports that exist, and an error for every port that does not."""
    good: list[Connection] = []
    errors: list[HookupError] = []
    for connection in connections:
        before = len(errors)
        for (index, port), kind in ((connection.target, "input"), (connection.source, "output")):
            element = elements[index]
            if port >= (element.n_inputs if kind == "input" else element.n_outputs):
                message = f"'{describe(element)}' has no {kind} {port}"
                errors.append(HookupError(element, message, _port_hint(element, kind), connection))
        if len(errors) == before:
            good.append(connection)
    return good, errors


def unused_ports(
    elements: Sequence[Element],
    connections: Iterable[Connection],
    excused_inputs: frozenset[PortRef],
    excused_outputs: frozenset[PortRef],
) -> Iterator[HookupError]:
    """Ports that nothing is connected to, inputs first; none of the excused ones."""
    inputs, outputs = set(excused_inputs), set(excused_outputs)
    for connection in connections:
        inputs.add(connection.target)
        outputs.add(connection.source)
    for kind, used in (("input", inputs), ("output", outputs)):
        for index, element in enumerate(elements):
            for port in range(element.n_inputs if kind == "input" else element.n_outputs):
                if (index, port) not in used:
                    yield HookupError(element, f"'{describe(element)}' {kind} {port} unused", _UNUSED_HINTS[kind])


def reused_ports(
    graph: RouterGraph, excused_inputs: frozenset[PortRef], excused_outputs: frozenset[PortRef]
) -> Iterator[HookupError]:
    """Push outputs and pull inputs with several connections, inputs first: an error for every connection too many.

    Needs `graph` resolved.
    """
    for kind, ports, modes, only, excused in (
        ("pull input", graph.incoming, graph.input_modes, Mode.PULL, excused_inputs),
        ("push output", graph.outgoing, graph.output_modes, Mode.PUSH, excused_outputs),
    ):
        for index, element in enumerate(graph.elements):
            for port, connections in enumerate(ports[index]):
                if len(connections) > 1 and modes[index][port] is only and (index, port) not in excused:
                    message = f"illegal reuse of '{describe(element)}' {kind} {port}"
                    hint = _reuse_hint(graph, element, kind, port)
                    for connection in connections[1:]:
                        yield HookupError(element, message, hint, graph.connections[connection])


def _count(element: Element) -> PortCount:
    return parse_port_count(element.ports)


def _port_hint(element: Element, kind: str) -> str:
    count = _count(element)
    name = type(element).__name__
    allowed = count.inputs if kind == "input" else count.outputs
    if allowed is None:
        extra = f" and {count.extra} more" if count.extra else ""
        return f"a {name} has as many outputs as inputs{extra}"
    if allowed.high == 0:
        return f"a {name} has no {kind}s"
    return f"a {name} has {allowed} {kind}{'' if allowed.high == 1 else 's'}, numbered from 0"


def _reuse_hint(graph: RouterGraph, element: Element, kind: str, port: int) -> str:
    if kind == "push output":
        targets = name_list(graph, (index for index, _ in graph.successors(element.index, port)))
        return f"it is connected to {targets}; a push output leads to one input only: put a Tee in between to copy"
    sources = name_list(graph, (index for index, _ in graph.predecessors(element.index, port)))
    return f"it is connected to {sources}; a pull input draws from one output only: put a RoundRobinSched in between"
