"""Which queues an element pushes into, so that it can wait while they are full (Click's full notifiers)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nmclick.graph.processing import Mode

if TYPE_CHECKING:
    from nmclick.graph.router import RouterGraph

__all__ = ["find_storages"]


def find_storages(graph: RouterGraph) -> None:
    """Tell every element that heeds them the first queues on each way by which its packets are pushed."""
    for element in graph.elements:
        if element.heeds_storages:
            element.storages = _first_storages(graph, element.index)


def _first_storages(graph: RouterGraph, start: int) -> tuple[int, ...]:
    found: set[int] = set()
    seen = {start}
    stack = [start]
    while stack:
        index = stack.pop()
        for port, mode in enumerate(graph.output_modes[index]):
            for target, _ in graph.successors(index, port) if mode is not Mode.PULL else ():
                if graph.elements[target].is_storage:
                    found.add(target)
                elif target not in seen:
                    seen.add(target)
                    stack.append(target)
    return tuple(sorted(found))
