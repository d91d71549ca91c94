"""A plan of the compiler as text for people: what `nmclick compile --emit plan` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nmclick.compile.plan import Dropped
from nmclick.compile.threads import EVERY_WORKER
from nmclick.graph.router import describe

if TYPE_CHECKING:
    from nmclick.compile.plan import Node, Plan, PullPath

__all__ = ["plan_text"]


def plan_text(plan: Plan) -> str:
    """Packet layout, ports, tasks, timers, pull paths, regions and bundles; elements by name."""
    lines = [
        *_packet(plan),
        *_ports(plan),
        *_tasks(plan),
        *_timers(plan),
        *_states(plan),
        *_pulls(plan),
        *_regions(plan),
        *_bundles(plan),
    ]
    return "\n".join(lines) + "\n"


def _packet(plan: Plan) -> Iterator[str]:
    kept = [*sorted(plan.layout.named), *(f"annotation bytes {r.start} to {r.end - 1}" for r in plan.layout.ranges)]
    yield f"packet: data, length, buffer{''.join(f', {name}' for name in kept)}"


def _ports(plan: Plan) -> Iterator[str]:
    for number, (index, use) in enumerate(plan.devices):
        ways = " and ".join(way for way, wanted in (("read", use.read), ("written", use.write)) if wanted)
        yield f"port {number}: {use.spec}, {ways} by '{describe(plan.elements[index])}'"


def _tasks(plan: Plan) -> Iterator[str]:
    for number, task in enumerate(plan.tasks):
        draws = "" if task.sink is None else f", draws from {_pull(plan, task.sink)}"
        on = _on(plan, plan.threads.tasks[number])
        yield f"task {number}: '{describe(plan.elements[task.element])}'{draws}{on}"


def _timers(plan: Plan) -> Iterator[str]:
    for number, index in enumerate(plan.timers):
        yield f"timer {number}: '{describe(plan.elements[index])}'{_on(plan, plan.threads.timers[number])}"


def _on(plan: Plan, worker: int) -> str:
    if plan.threads.workers == 1:
        return ""
    return ", on every thread" if worker == EVERY_WORKER else f", on thread {worker}"


def _states(plan: Plan) -> Iterator[str]:
    threads = plan.threads
    for what, found in (("a state for each thread", threads.per_worker), ("locked", threads.locked)):
        if found:
            yield f"{what}: {', '.join(_name(plan, index) for index in sorted(found))}"


def _pulls(plan: Plan) -> Iterator[str]:
    for edge, path in plan.pulls.items():
        yield f"pull path of {_name(plan, edge[0])} [{edge[1]}]: {_pull(plan, path)}"


def _pull(plan: Plan, path: PullPath) -> str:
    start = "nothing" if path.base is None else f"{_name(plan, path.base[0])} [{path.base[1]}]"
    steps = [f"[{entered}] {_name(plan, index)} [{left}]" for index, entered, left in path.chain]
    return " -> ".join([start, *steps])


def _regions(plan: Plan) -> Iterator[str]:
    for number, nodes in enumerate(plan.regions):
        yield f"region {number}: {len(nodes)} {'node' if len(nodes) == 1 else 'nodes'}"
        for node in nodes:
            entry = "batch enters  " if node in plan.entries else "              "
            yield f"  {entry}[{node[1]}] {describe(plan.elements[node[0]])}{_targets(plan, node, number)}"


def _bundles(plan: Plan) -> Iterator[str]:
    for number, bundle in enumerate(plan.bundles):
        yield f"bundle {number}: {bundle.strands} strands"
        for row in bundle.rows:
            names = ", ".join(_name(plan, index) for index, _ in row)
            yield f"  {names} :: {type(plan.elements[row[0][0]]).__name__}"


def _targets(plan: Plan, node: Node, region: int) -> str:
    """Where packets go from a node, each output once."""
    parts = []
    for port in range(plan.elements[node[0]].n_outputs):
        target = plan.targets.get((node[0], port))
        if target is None or isinstance(target, Dropped):
            parts.append(f"[{port}] dropped")
            continue
        other = plan.region_of.get(target)
        away = "" if other == region and (node[0], port) not in plan.cut else f" by a batch to region {other}"
        parts.append(f"[{port}] -> [{target[1]}] {_name(plan, target[0])}{away}")
    return "".join(f"\n                    {part}" for part in parts)


def _name(plan: Plan, index: int) -> str:
    return plan.elements[index].name
