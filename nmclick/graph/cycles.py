"""Cycles on plain lists: what planning needs of a graph, without the cost of importing networkx.

Graphs are adjacency lists, ``successors[node]`` being the nodes one step on. Everything is iterative (a file may chain
thousands of elements) and deterministic: equal graphs give equal answers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from heapq import heapify, heappop, heappush

from nmclick.graph.processing import Mode
from nmclick.graph.router import RouterGraph

__all__ = ["back_edges", "cyclic_components", "strong_components", "topological_order"]


def strong_components(successors: Sequence[Sequence[int]], nodes: Collection[int] | None = None) -> list[list[int]]:
    """Strongly connected components of `nodes` (default: all), each ascending, downstream ones first (Tarjan)."""
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    on_stack: set[int] = set()
    stack: list[int] = []
    components: list[list[int]] = []
    allowed = range(len(successors)) if nodes is None else (nodes if isinstance(nodes, set) else set(nodes))
    for root in sorted(allowed):
        if root in number:
            continue
        path = [(root, iter(successors[root]))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while path:
            node, rest = path[-1]
            for next_node in rest:
                if next_node not in number:
                    if next_node in allowed:
                        number[next_node] = low[next_node] = len(number)
                        stack.append(next_node)
                        on_stack.add(next_node)
                        path.append((next_node, iter(successors[next_node])))
                        break
                elif next_node in on_stack:
                    low[node] = min(low[node], number[next_node])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == number[node]:
                    component = [stack.pop()]
                    while component[-1] != node:
                        component.append(stack.pop())
                    on_stack.difference_update(component)
                    components.append(sorted(component))
    return components


def cyclic_components(successors: Sequence[Sequence[int]], nodes: Collection[int] | None = None) -> list[list[int]]:
    """The strong components that hold a cycle: several nodes, or one that leads to itself. Ordered by first node."""
    components = strong_components(successors, nodes)
    return sorted(c for c in components if len(c) > 1 or c[0] in successors[c[0]])


def back_edges(graph: RouterGraph) -> frozenset[int]:
    """Push connections (indexes) without which no cycle of pushes is left.

    Every cyclic part loses the connections, from inside it, into one of its elements: one that packets enter the part
    by, and of those the one with the most connections into it. In a router that is the route table, which all
    interfaces and all ICMPErrors feed. What is still cyclic is treated the same way.

    Cycles are sought between elements, not along flow codes: an element may send packets of its own from any input (an
    ARPQuerier releases held packets when a reply comes in), so what matters is that its code is never entered twice.
    """
    successors = graph.element_successors(mode=Mode.PUSH)
    into: list[list[int]] = [[] for _ in graph.elements]
    for index, connection in enumerate(graph.connections):
        if not graph.is_pull(index):
            into[connection.target[0]].append(index)
    cut: set[int] = set()
    parts = cyclic_components(successors)
    while parts:
        part = set(parts.pop())

        def weight(element: int, part: set[int] = part) -> tuple[bool, int, int]:
            entered = any(graph.connections[c].source[0] not in part for c in into[element])
            return entered, len(into[element]), -element

        head = max(part, key=weight)
        cut.update(c for c in into[head] if graph.connections[c].source[0] in part)
        part.discard(head)
        parts.extend(cyclic_components(successors, part))
    return frozenset(cut)


def topological_order(graph: RouterGraph, without: frozenset[int] = frozenset(), mode: Mode | None = None) -> list[int]:
    """All element indexes, upstream ones first, otherwise in the order of the file; `without` are connections that do
    not count (see `back_edges`), with `mode` only those that are resolved so do. ValueError if a cycle is left."""
    successors = graph.element_successors(mode=mode, without=without)
    waiting = [0] * len(successors)
    for targets in successors:
        for target in targets:
            waiting[target] += 1
    ready = [element for element, count in enumerate(waiting) if not count]
    heapify(ready)
    order = []
    while ready:
        element = heappop(ready)
        order.append(element)
        for target in successors[element]:
            waiting[target] -= 1
            if not waiting[target]:
                heappush(ready, target)
    if len(order) < len(successors):
        raise ValueError("the graph has a cycle")
    return order
