"""The router graph: element instances and the connections between their ports.

Elements are known by index, in the order of the flat configuration; neighbours are kept in plain lists, because every
stage from resolution to planning walks them. networkx comes in through `RouterGraph.to_networkx`, and only when asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from nmclick.graph.flow import flow_matrix
from nmclick.graph.processing import Mode, parse_processing
from nmclick.lang.names import scopes

if TYPE_CHECKING:
    import networkx

    from nmclick.element import Element
    from nmclick.lang.source import Span

__all__ = ["Connection", "PortRef", "RouterGraph", "describe", "name_list"]

_SHOWN_NAMES = 4


#: A port: the index of its element and its number; input or output by where it is used.
PortRef: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Connection:
    """From an output to an input. `span` is where the file makes it."""

    source: PortRef
    target: PortRef
    span: Span | None = field(default=None, compare=False)


def describe(element: Element) -> str:
    """'name :: Class', as messages show an element."""
    return f"{element.name} :: {type(element).__name__}"


class RouterGraph:
    """Elements and connections; every port number is within its element's range.

    `outgoing[e][o]` and `incoming[e][i]` list indexes into `connections`, ascending. `declared_inputs[e][i]` and
    `declared_outputs[e][o]` are the modes that the class declares; `input_modes` and `output_modes` start as the same
    and hold only PUSH and PULL once `nmclick.graph.resolve.resolve` has run. `flows[e][i]` are the outputs of `e`
    that packets from its input `i` may leave by.
    """

    def __init__(self, elements: Sequence[Element], connections: Iterable[Connection]) -> None:
        self.elements: list[Element] = list(elements)
        self.connections: list[Connection] = list(connections)
        self.outgoing: list[list[list[int]]] = [[[] for _ in range(e.n_outputs)] for e in self.elements]
        self.incoming: list[list[list[int]]] = [[[] for _ in range(e.n_inputs)] for e in self.elements]
        for index, connection in enumerate(self.connections):
            source, output = connection.source
            target, input_ = connection.target
            self.outgoing[source][output].append(index)
            self.incoming[target][input_].append(index)
        self.declared_inputs: list[tuple[Mode, ...]] = []
        self.declared_outputs: list[tuple[Mode, ...]] = []
        self.flows: list[tuple[tuple[int, ...], ...]] = []
        for element in self.elements:
            inputs, outputs = parse_processing(element.processing, element.n_inputs, element.n_outputs)
            self.declared_inputs.append(inputs)
            self.declared_outputs.append(outputs)
            self.flows.append(flow_matrix(element.flow, element.n_inputs, element.n_outputs))
        self.input_modes: list[list[Mode]] = [list(modes) for modes in self.declared_inputs]
        self.output_modes: list[list[Mode]] = [list(modes) for modes in self.declared_outputs]
        self._by_name: dict[str, int] = {e.name: i for i, e in enumerate(self.elements)}

    # Neighbours

    def successors(self, element: int, port: int) -> list[PortRef]:
        """The inputs that an output is connected to, in the order of the file."""
        return [self.connections[c].target for c in self.outgoing[element][port]]

    def predecessors(self, element: int, port: int) -> list[PortRef]:
        """The outputs that an input is connected to, in the order of the file."""
        return [self.connections[c].source for c in self.incoming[element][port]]

    def is_pull(self, connection: int) -> bool:
        """Whether packets are pulled over the connection with this index (else they are pushed)."""
        element, port = self.connections[connection].source
        return self.output_modes[element][port] is Mode.PULL

    def element_successors(self, *, mode: Mode | None = None, without: frozenset[int] = frozenset()) -> list[list[int]]:
        """For every element its neighbours downstream, each once, in port order.

        With `mode` only over connections that are resolved so; connections in `without` do not count.
        """
        result: list[list[int]] = []
        for element, ports in enumerate(self.outgoing):
            found: dict[int, None] = {}
            for port, connections in enumerate(ports):
                if mode is None or self.output_modes[element][port] is mode:
                    found.update((self.connections[c].target[0], None) for c in connections if c not in without)
            result.append(list(found))
        return result

    # Names

    def index_of(self, name: str) -> int | None:
        """The index of the element with this full name."""
        return self._by_name.get(name)

    def find(self, name: str, base: Element | None = None) -> Element | None:
        """The element called `name` as seen from `base`: ``a/b/name``, then ``a/name``, then ``name`` for a base
        ``a/b/x``. Source: Click's Router::find()."""
        for scope in scopes(base.name if base else ""):
            index = self._by_name.get(scope + name)
            if index is not None:
                return self.elements[index]
        return None

    # Views

    def ports_text(self, index: int) -> str:
        """What Click's ``ports`` handler shows: modes (``~``: agnostic) and what every port is connected to."""
        lines = []
        for kind, modes, declared in (
            ("input", self.input_modes, self.declared_inputs),
            ("output", self.output_modes, self.declared_outputs),
        ):
            count = len(modes[index])
            lines.append(f"{count} {kind}" if count == 1 else f"{count} {kind}s")
            for port in range(count):
                mode = Mode.PULL if modes[index][port] is Mode.PULL else Mode.PUSH
                agnostic = "~" if declared[index][port] is Mode.AGNOSTIC else ""
                if kind == "input":
                    others = [f"{self.elements[e].name} [{p}]" for e, p in self.predecessors(index, port)]
                else:
                    others = [f"[{p}] {self.elements[e].name}" for e, p in self.successors(index, port)]
                lines.append(f"{mode}{agnostic}\t-\t{', '.join(others)}")
        return "".join(f"{line}\n" for line in lines)

    def to_networkx(self, level: Literal["element", "port"] = "element") -> networkx.MultiDiGraph[object]:
        """The graph for networkx; edges carry `connection` (an index) and `mode`.

        At element level nodes are element indexes. At port level they are ``("in", element, port)`` and
        ``("out", element, port)``, and further edges, without a connection, follow the flow codes inside elements.
        """
        import networkx

        graph: networkx.MultiDiGraph[object] = networkx.MultiDiGraph()
        if level == "element":
            graph.add_nodes_from((i, {"name": e.name}) for i, e in enumerate(self.elements))
        else:
            for index, flow in enumerate(self.flows):
                graph.add_nodes_from(("in", index, port) for port in range(len(self.incoming[index])))
                graph.add_nodes_from(("out", index, port) for port in range(len(self.outgoing[index])))
                graph.add_edges_from((("in", index, i), ("out", index, o)) for i, outs in enumerate(flow) for o in outs)
        for number, connection in enumerate(self.connections):
            source, target = connection.source, connection.target
            mode = self.output_modes[source[0]][source[1]]
            if level == "element":
                graph.add_edge(source[0], target[0], connection=number, mode=mode)
            else:
                graph.add_edge(("out", *source), ("in", *target), connection=number, mode=mode)
        return graph


def name_list(graph: RouterGraph, elements: Iterable[int]) -> str:
    """The names of elements as a message lists them, the first few of many."""
    names = [f"'{graph.elements[index].name}'" for index in elements]
    if len(names) > _SHOWN_NAMES:
        return f"{', '.join(names[: _SHOWN_NAMES - 1])} and {len(names) - _SHOWN_NAMES + 1} more elements"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
