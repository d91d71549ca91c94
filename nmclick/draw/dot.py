"""A router graph as DOT text: compounds as nested clusters, elements as nodes, connections from port to port.

The same graph gives the same text, byte for byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from nmclick.draw.escape import markup, quoted
from nmclick.draw.node import element_label
from nmclick.draw.style import CLUSTER_FILLS, CLUSTER_LINE, FONT, INK, LEGEND, MUTED
from nmclick.graph.cycles import back_edges
from nmclick.graph.processing import Mode
from nmclick.graph.router import RouterGraph

__all__ = ["Direction", "to_dot"]

Direction = Literal["top-down", "left-right"]

#: An input with more back edges than this gets tags instead of lines.
_BACK_LINES = 2


@dataclass(slots=True)
class _Compound:
    """What is drawn inside one cluster: its own elements (indexes) and the compounds in it, in order."""

    path: str = ""
    elements: list[int] = field(default_factory=list)
    compounds: dict[str, _Compound] = field(default_factory=dict)


def to_dot(graph: RouterGraph, *, direction: Direction = "top-down", legend: bool = True) -> str:
    """The diagram of a graph as DOT text."""
    return "".join(f"{line}\n" for line in _lines(graph, direction == "left-right", legend))


def _lines(graph: RouterGraph, sideways: bool, legend: bool) -> Iterator[str]:
    yield "digraph router {"
    yield f'    rankdir={"LR" if sideways else "TB"}; newrank=true; nodesep=0.25; ranksep=0.35; charset="UTF-8";'
    yield f'    fontname="{FONT}"; fontsize=10; fontcolor="{MUTED}"; bgcolor="white"; tooltip=" ";'
    if legend:
        yield f"    label={quoted(LEGEND)}; labelloc=b;"
    yield f'    node [shape=plain, fontname="{FONT}", fontsize=11, fontcolor="{INK}"];'
    yield f'    edge [color="{INK}", penwidth=0.9, arrowsize=0.6];'
    backward = back_edges(graph)
    jumps = _jumps(graph, backward)
    yield from _compound_lines(graph, _compounds(graph), sideways, jumps, depth=0)
    for index in range(len(graph.connections)):
        yield _edge_line(graph, index, sideways, index in jumps, index in backward)
    yield "}"


def _jumps(graph: RouterGraph, backward: frozenset[int]) -> frozenset[int]:
    """Back edges into inputs that have many: each ends in a tag with the element's name beside its source. The lines
    of a router's ICMPErrors, all back to the route table, would bury everything else."""
    inputs = Counter(graph.connections[index].target for index in backward)
    return frozenset(index for index in backward if inputs[graph.connections[index].target] > _BACK_LINES)


def _compounds(graph: RouterGraph) -> _Compound:
    top = _Compound()
    for index, element in enumerate(graph.elements):
        compound = top
        *path, _ = element.name.split("/")
        for name in path:
            inner = f"{compound.path}/{name}" if compound.path else name
            compound = compound.compounds.setdefault(name, _Compound(inner))
        compound.elements.append(index)
    return top


def _compound_lines(
    graph: RouterGraph, compound: _Compound, sideways: bool, jumps: frozenset[int], depth: int
) -> Iterator[str]:
    indent = "    " * (depth + 1)
    for index in compound.elements:
        yield f"{indent}{_node_line(graph, index, sideways)}"
        for port in graph.outgoing[index]:
            yield from (f"{indent}{_tag_line(graph, connection)}" for connection in port if connection in jumps)
    for name, inner in compound.compounds.items():
        fill = CLUSTER_FILLS[min(depth, len(CLUSTER_FILLS) - 1)]
        yield f"{indent}subgraph {quoted('cluster ' + inner.path)} {{"
        yield (
            f"{indent}    label={quoted(name)}; tooltip={quoted(inner.path)}; labeljust=l; labelloc=t; fontsize=11;"
            f' fontcolor="#57606a"; style="rounded,filled"; fillcolor="{fill}"; color="{CLUSTER_LINE}"; margin=10;'
        )
        yield from _compound_lines(graph, inner, sideways, jumps, depth + 1)
        yield f"{indent}}}"


def _node_line(graph: RouterGraph, index: int, sideways: bool) -> str:
    element = graph.elements[index]
    label = element_label(
        element,
        list(zip(graph.declared_inputs[index], graph.input_modes[index], strict=True)),
        list(zip(graph.declared_outputs[index], graph.output_modes[index], strict=True)),
        sideways=sideways,
    )
    config = f"({element.config})" if element.config.strip() else ""
    tooltip = quoted(f"{element.name} :: {type(element).__name__}{config}")
    return f"e{index} [label=<{label}>, tooltip={tooltip}];"


def _tag_line(graph: RouterGraph, connection: int) -> str:
    element, port = graph.connections[connection].target
    name = markup(graph.elements[element].name) + (f" [{port}]" if len(graph.incoming[element]) > 1 else "")
    label = f'<FONT POINT-SIZE="9" COLOR="#57606a">↩ {name}</FONT>'
    return f"j{connection} [label=<{label}>, tooltip={_tooltip(graph, connection)}, margin=0];"


def _edge_line(graph: RouterGraph, index: int, sideways: bool, jump: bool, backward: bool) -> str:
    (source, output), (target, input_) = graph.connections[index].source, graph.connections[index].target
    leave, enter = ("e", "w") if sideways else ("s", "n")
    attributes = []
    if graph.is_pull(index):
        attributes.append("style=dashed, arrowhead=onormal")
    declared = graph.declared_outputs[source][output], graph.declared_inputs[target][input_]
    if declared == (Mode.AGNOSTIC, Mode.AGNOSTIC):
        attributes.append('color="#6e7781"')
    if backward and not jump:
        attributes.append("constraint=false")
    attributes.append(f"edgetooltip={_tooltip(graph, index)}")
    end = f"j{index}:{enter}" if jump else f"e{target}:i{input_}:{enter}"
    return f"    e{source}:o{output}:{leave} -> {end} [{', '.join(attributes)}];"


def _tooltip(graph: RouterGraph, connection: int) -> str:
    (source, output), (target, input_) = (
        graph.connections[connection].source,
        graph.connections[connection].target,
    )
    return quoted(f"{graph.elements[source].name} [{output}] -> [{input_}] {graph.elements[target].name}")
