"""Which worker runs what, and from there which elements' state several workers share.

Every task has a worker, or is run by all of them, each with its own part of the work (the rings of a port). What a task
reaches by pushing and pulling runs on the same workers. An element that one worker alone runs needs no care. Of the
others, its class says what they share (nmclick.element.Sharing).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nmclick.element import Array, Sharing, StateOf
from nmclick.graph.processing import Mode

if TYPE_CHECKING:
    from nmclick.compile.entrypoints import EntryPoints
    from nmclick.graph.router import RouterGraph

__all__ = ["EVERY_WORKER", "Threads", "assign_threads", "thread_wishes"]

EVERY_WORKER = -1


@dataclass(frozen=True, slots=True)
class Threads:
    """How a program is spread over workers."""

    workers: int
    #: The worker of each task and of each timer, or EVERY_WORKER.
    tasks: tuple[int, ...]
    timers: tuple[int, ...]
    #: The workers that run each element, in order.
    runners: tuple[tuple[int, ...], ...]
    #: Elements with a state for each worker; the others have one, in the first worker's part.
    per_worker: frozenset[int]
    #: Elements whose code one worker at a time may run.
    locked: frozenset[int]
    #: Packets go from one worker to another: what one of them puts into a queue, another pulls out.
    crossing: bool


def thread_wishes(graph: RouterGraph) -> dict[int, int]:
    """The workers that elements ask for, for themselves or for others (StaticThreadSched), by element."""
    wishes: dict[int, int] = {}
    for element in graph.elements:
        wishes.update(element.thread_wishes())
    return wishes


def assign_threads(
    graph: RouterGraph, code: Sequence[EntryPoints], tasks: Sequence[int], timers: Sequence[int], workers: int
) -> Threads:
    """Spread the tasks and timers of these elements over `workers` workers.

    A task goes where a StaticThreadSched puts it; else a source over the rings of a port runs on every worker, and
    all others on the first, as in Click.
    """
    if workers == 1:
        alone = ((0,),) * len(graph.elements)
        return Threads(1, (0,) * len(tasks), (0,) * len(timers), alone, frozenset(), frozenset(), False)
    wishes = {index: wish if wish < workers else 0 for index, wish in thread_wishes(graph).items()}
    everybody = frozenset(range(workers))
    task_workers = [
        wishes[index] if index in wishes else EVERY_WORKER if graph.elements[index].spread else 0 for index in tasks
    ]
    runs: list[set[int]] = [set() for _ in graph.elements]
    for index, worker in zip(tasks, task_workers, strict=True):
        _spread(graph, index, everybody if worker == EVERY_WORKER else {worker}, runs)
    per_worker = frozenset(e.index for e in graph.elements if e.sharing is Sharing.PER_WORKER)
    timer_workers = [
        EVERY_WORKER if index in per_worker else wishes.get(index, min(runs[index], default=0)) for index in timers
    ]
    for index, worker in zip(timers, timer_workers, strict=True):
        _spread(graph, index, everybody if worker == EVERY_WORKER else {worker}, runs)
    for index, entries in enumerate(code):
        if any(name.startswith("call_") for name in entries.emitting):
            # Calls are made in the first worker's name; what they emit, it carries on.
            _spread(graph, index, everybody if index in per_worker else {0}, runs)
    shared = {index for index, ran in enumerate(runs) if len(ran) > 1} - per_worker
    _check_states(graph, per_worker)
    return Threads(
        workers,
        tuple(task_workers),
        tuple(timer_workers),
        tuple(tuple(sorted(ran)) for ran in runs),
        per_worker,
        frozenset(i for i in shared if graph.elements[i].sharing is Sharing.LOCKED and code[i].has_state),
        any("pull" in code[index] for index in shared),
    )


def _spread(graph: RouterGraph, start: int, workers: Iterable[int], runs: list[set[int]]) -> None:
    """Note that `workers` run the code of `start`, of what it pushes to and of what it pulls from, and so on."""
    new = set(workers)
    stack = [start]
    seen = {start}
    while stack:
        index = stack.pop()
        runs[index] |= new
        for reached in _called(graph, index):
            if reached not in seen:
                seen.add(reached)
                stack.append(reached)


def _called(graph: RouterGraph, index: int) -> Iterable[int]:
    for port, mode in enumerate(graph.output_modes[index]):
        if mode is not Mode.PULL:
            for target, _ in graph.successors(index, port):
                yield target
    for port, mode in enumerate(graph.input_modes[index]):
        if mode is Mode.PULL:
            for source, _ in graph.predecessors(index, port):
                yield source


def _check_states(graph: RouterGraph, per_worker: frozenset[int]) -> None:
    """An element finds another's state by their distance: both must lie in the same worker's part."""
    for element in graph.elements:
        values: Mapping[str, object] = element.c_arguments()
        found = (item for value in values.values() for item in (value.items if isinstance(value, Array) else (value,)))
        for value in found:
            if isinstance(value, StateOf) and {value.element, element.index} & per_worker:
                raise ValueError(f"{element.name}: the state of an element that each worker has its own of")
