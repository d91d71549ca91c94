"""From a resolved router graph to a plan: what becomes one fused loop, where batches are formed, what runs when.

A *node* is an input of an element on a push path. Nodes joined by edges that a packet can cross inside one C function
form a *region*; a packet then stays in a local variable from the source to the sink, merges included. A batch is
formed only where it must be: before elements that want whole vectors, at back edges of push cycles, where packets
come from outside (sources, timers, handlers, pull paths), and where a region would grow past `REGION_NODES`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from nmclick.compile.bundles import Bundle, Spot, find_bundles, spots
from nmclick.compile.devices import port_uses
from nmclick.compile.entrypoints import EntryPoints, entry_points
from nmclick.compile.layout import PacketLayout, plan_layout
from nmclick.compile.threads import Threads, assign_threads
from nmclick.element import DeviceUse, Element
from nmclick.graph.processing import Mode
from nmclick.graph.registry import Registry
from nmclick.graph.router import RouterGraph

#: Nodes in one C function at most; beyond, compile time grows faster than what fusion still wins.
REGION_NODES = 300

Node = tuple[int, int]  # element, input port
Edge = tuple[int, int]  # element, output port


@dataclass(frozen=True, slots=True)
class Dropped:
    """An edge that leads nowhere: packets are freed and counted at `element`."""

    element: int


@dataclass(frozen=True, slots=True)
class PullPath:
    """Packets drawn from output `edge`: from `base` (an element with a pull entry point; None: always empty) through
    the filters in `chain`, each given with the input it is entered by and the output it is left by."""

    edge: Edge
    base: Edge | None
    chain: tuple[tuple[int, int, int], ...]

    @property
    def function(self) -> str:
        return f"pull_e{self.edge[0]}_{self.edge[1]}"


@dataclass(frozen=True, slots=True)
class Task:
    """Something the worker runs in turn: an element's own task, or the drawing of packets into a pull sink."""

    element: int
    sink: PullPath | None = None
    slots: bool = False  # the region reads ring slots itself (burst and done entry points)


@dataclass(slots=True)
class Plan:
    """Everything the emitter needs; printed by `nmclick compile --emit plan`."""

    graph: RouterGraph
    code: list[EntryPoints]
    layout: PacketLayout
    tasks: list[Task]
    timers: list[int]
    pulls: dict[Edge, PullPath]
    regions: list[list[Node]] = field(default_factory=list)
    region_of: dict[Node, int] = field(default_factory=dict)
    entries: list[Node] = field(default_factory=list)
    targets: dict[Edge, Node | Dropped] = field(default_factory=dict)
    cut: set[Edge] = field(default_factory=set)
    outside: set[Edge] = field(default_factory=set)
    devices: list[tuple[int, DeviceUse]] = field(default_factory=list)
    bundles: list[Bundle] = field(default_factory=list)
    spots: dict[int, Spot] = field(default_factory=dict)
    threads: Threads = field(default_factory=lambda: Threads(1, (), (), (), frozenset(), frozenset(), False))

    @property
    def slot_entries(self) -> set[Node]:
        """Nodes that regions enter with packets made from ring slots."""
        targets = {self.first(task) for task in self.tasks if task.slots}
        return {target for target in targets if isinstance(target, tuple)}

    def first(self, task: Task) -> Node | Dropped | None:
        """Where the packets of a task go first; None: it has none for an output."""
        index = task.element
        if task.sink is not None or (task.slots and "packet" in self.code[index]):
            return (index, 0)
        return self.target((index, 0)) if self.elements[index].n_outputs else None

    def has_packets(self, node: Node) -> bool:
        """Whether batches of packets, too, enter at a node that ring slots enter at."""
        slots = {(task.element, 0) for task in self.tasks if task.slots}
        return any(self.target(edge) == node for edge in (self.outside | self.cut) - slots) or any(
            task.sink is not None and task.element == node[0] for task in self.tasks
        )

    @property
    def elements(self) -> list[Element]:
        return self.graph.elements

    def target(self, edge: Edge) -> Node | Dropped:
        """Where packets that leave by `edge` go."""
        return self.targets.get(edge, Dropped(edge[0]))

    def entry_number(self, node: Node) -> int:
        return self.entries.index(node)

    def flushed_after(self, starts: Iterable[Node]) -> list[int]:
        """Elements with a flush entry point that packets entering at `starts` may reach, in element order."""
        seen = set(starts)
        stack = list(seen)
        while stack:
            index = stack.pop()[0]
            for port in range(self.elements[index].n_outputs):
                target = self.target((index, port))
                if not isinstance(target, Dropped) and target not in seen:
                    seen.add(target)
                    stack.append(target)
        return sorted({index for index, _ in seen if "flush" in self.code[index]})

    def row(self, node: Node) -> tuple[Node, ...] | None:
        """The nodes that share one body of code with this one, itself included, in the order of their strands."""
        spot = self.spots.get(node[0])
        rows = self.bundles[spot.bundle].rows if spot is not None else ()
        return next((row for row in rows if node in row), None)

    def needs_batch(self, node: Node) -> bool:
        return "batch" in self.code[node[0]]


def make_plan(graph: RouterGraph, workers: int = 1) -> Plan:
    """Plan a graph whose pushes and pulls are resolved, to be run by so many workers."""
    code = [entry_points(type(e).__name__, Registry.c_source(type(e))) for e in graph.elements]
    planner = _Planner(graph, code)
    planner.find_pulls()
    planner.find_tasks()
    planner.find_nodes()
    planner.cut_cycles()
    planner.form_regions()
    layout = plan_layout(
        {a for e in graph.elements for a in e.annotations_read()},
        {a for e in graph.elements for a in e.annotations_written()},
    )
    plan = Plan(
        graph,
        code,
        layout,
        planner.tasks,
        [e.index for e in graph.elements if "timer" in code[e.index]],
        planner.pulls,
        planner.regions,
        planner.region_of,
        planner.entries,
        planner.targets,
        planner.cut,
        planner.outside,
    )
    plan.devices = port_uses(graph)
    plan.threads = assign_threads(graph, code, [task.element for task in plan.tasks], plan.timers, workers)
    plan.bundles = find_bundles(plan)
    plan.spots = spots(plan.bundles)
    return plan


class _Planner:
    def __init__(self, graph: RouterGraph, code: list[EntryPoints]) -> None:
        self.graph = graph
        self.code = code
        self.pulls: dict[Edge, PullPath] = {}
        self.tasks: list[Task] = []
        self.targets: dict[Edge, Node | Dropped] = {}
        self.outside: set[Edge] = set()
        self.starts: list[Node] = []  # nodes that packets enter from outside any region
        self.order: list[Node] = []  # every reachable node, each before its successors (back edges apart)
        self.cut: set[Edge] = set()
        self.regions: list[list[Node]] = []
        self.region_of: dict[Node, int] = {}
        self.entries: list[Node] = []

    # Pull paths

    def find_pulls(self) -> None:
        for element in self.graph.elements:
            for port in range(element.n_inputs):
                if self.graph.input_modes[element.index][port] is Mode.PULL:
                    for edge in self.graph.predecessors(element.index, port):
                        if self._draws(element):
                            self.pulls[edge] = self._pull_path(edge)

    def _draws(self, element: Element) -> bool:
        """Whether an element with a pull input calls upstream itself or has it done by a task, rather than being
        passed through by its own puller."""
        code = self.code[element.index]
        if "pull" in code or "task" in code:
            return True
        return all(self.is_push(element.index, port) for port in range(element.n_outputs))

    def _pull_path(self, edge: Edge) -> PullPath:
        chain: list[tuple[int, int, int]] = []
        at = edge
        while "pull" not in self.code[at[0]]:
            index, output = at
            element = self.graph.elements[index]
            entered = 0 if element.n_inputs == 1 else output
            sources = self.graph.predecessors(index, entered) if entered < element.n_inputs else []
            if not sources or len(chain) > len(self.graph.elements):
                return PullPath(edge, None, tuple(chain))
            if element.constant_output() != output:
                chain.insert(0, (index, entered, output))
            at = sources[0]
        if self._checks_packets(at[0]):
            chain.insert(0, (at[0], 0, at[1]))
        return PullPath(edge, at, tuple(chain))

    def _checks_packets(self, index: int) -> bool:
        """Whether a source runs its packet function on each packet it brings."""
        return "burst" in self.code[index] and "packet" in self.code[index]

    def is_push(self, element: int, port: int) -> bool:
        return self.graph.output_modes[element][port] is not Mode.PULL

    # Tasks

    def find_tasks(self) -> None:
        for element in self.graph.elements:
            index = element.index
            pulled = [
                self.pulls[edge]
                for port in range(element.n_inputs)
                for edge in self.graph.predecessors(index, port)
                if edge in self.pulls
            ]
            if ("task" in self.code[index] or "burst" in self.code[index]) and self._runs(element):
                self.tasks.append(Task(index, slots="burst" in self.code[index]))
            elif pulled and "pull" not in self.code[index]:
                self.tasks.extend(Task(index, path) for path in pulled)

    def _runs(self, element: Element) -> bool:
        """Whether an element with a task needs it: not when others draw its packets, nor, unless packets start here,
        when an input that could have been pull is pushed to."""
        index = element.index
        if element.n_outputs and not self.is_push(index, 0) and "pull" in self.code[index]:
            return False
        return element.is_source or not any(
            declared is Mode.AGNOSTIC and resolved is not Mode.PULL
            for declared, resolved in zip(self.graph.declared_inputs[index], self.graph.input_modes[index], strict=True)
        )

    # Push paths

    def _push_outputs(self, index: int) -> Iterator[Edge]:
        for port in range(self.graph.elements[index].n_outputs):
            if self.is_push(index, port):
                yield (index, port)

    def target(self, edge: Edge) -> Node | Dropped:
        """Where a packet that leaves by `edge` goes, elements that only pass it on skipped."""
        known = self.targets.get(edge)
        if known is not None:
            return known
        seen: set[int] = set()
        index, port = edge
        found: Node | Dropped
        while True:
            nexts = self.graph.successors(index, port) if port < self.graph.elements[index].n_outputs else []
            if not nexts:
                found = Dropped(index)
                break
            node: Node = nexts[0]
            only = self.graph.elements[node[0]].constant_output()
            if only is None:
                found = node
                break
            if only < 0 or node[0] in seen:
                found = Dropped(node[0])
                break
            seen.add(node[0])
            index, port = node[0], only
        self.targets[edge] = found
        return found

    def find_nodes(self) -> None:
        """Edges that packets leave by outside any region, hence the nodes where push paths start."""
        passing = {index for path in self.pulls.values() for index, _, _ in path.chain}
        nodes = {task.element for task in self.tasks if task.sink is not None or self._checks_packets(task.element)}
        tasked = {task.element for task in self.tasks if task.element not in nodes or task.sink is not None}
        for element in self.graph.elements:
            index, code = element.index, self.code[element.index]
            if code.emits_outside:
                self.outside.update(self._push_outputs(index))
            elif index in tasked:
                self.outside.update(edge for edge in self._push_outputs(index) if edge[1] == 0)
            if index in passing:
                self.outside.update(self._push_outputs(index))
        for element in self.graph.elements:
            for edge in self._push_outputs(element.index):
                self.target(edge)
        starts = {(task.element, 0): None for task in self.tasks if task.element in nodes}
        for edge in sorted(self.outside):
            node = self.target(edge)
            if not isinstance(node, Dropped):
                starts[node] = None
        self.starts = list(starts)

    def successors(self, node: Node) -> list[tuple[Edge, Node]]:
        found = []
        for edge in self._push_outputs(node[0]):
            target = self.target(edge)
            if not isinstance(target, Dropped):
                found.append((edge, target))
        return found

    def cut_cycles(self) -> None:
        """Depth-first from the starts; an edge back to a node still open closes a cycle and is cut."""
        state: dict[Node, int] = {}  # 1 open, 2 done
        postorder: list[Node] = []
        for start in self.starts:
            if start in state:
                continue
            state[start] = 1
            stack = [(start, iter(self.successors(start)))]
            while stack:
                node, nexts = stack[-1]
                for edge, target in nexts:
                    seen = state.get(target)
                    if seen is None:
                        state[target] = 1
                        stack.append((target, iter(self.successors(target))))
                        break
                    if seen == 1:
                        self.cut.add(edge)
                else:
                    stack.pop()
                    state[node] = 2
                    postorder.append(node)
        self.order = postorder[::-1]

    def form_regions(self) -> None:
        """Group nodes, split what is too large, and number the nodes that batches are formed for."""
        groups = self._components()
        if any(len(group) > REGION_NODES for group in groups):
            self._split(groups)
            groups = self._components()
        self.regions = groups
        self.region_of = {node: number for number, group in enumerate(groups) for node in group}
        batched = set(self.starts)
        for node in self.order:
            for edge, target in self.successors(node):
                if self.crosses(edge, target) or self.region_of[target] != self.region_of[node]:
                    self.cut.add(edge)
                    batched.add(target)
        self.entries = [node for node in self.order if node in batched]

    def crosses(self, edge: Edge, target: Node) -> bool:
        return edge in self.cut or "batch" in self.code[target[0]]

    def _components(self) -> list[list[Node]]:
        leader: dict[Node, Node] = {node: node for node in self.order}

        def find(node: Node) -> Node:
            while leader[node] != node:
                leader[node] = leader[leader[node]]
                node = leader[node]
            return node

        for node in self.order:
            for edge, target in self.successors(node):
                if not self.crosses(edge, target):
                    leader[find(target)] = find(node)
        groups: dict[Node, list[Node]] = {}
        for node in self.order:
            groups.setdefault(find(node), []).append(node)
        return list(groups.values())

    def _split(self, groups: Iterable[list[Node]]) -> None:
        """Cut the edges into every REGION_NODES-th part of a group that is too large, in topological order."""
        for group in groups:
            part = {node: number // REGION_NODES for number, node in enumerate(group)}
            if len(group) > REGION_NODES:
                for node in group:
                    self.cut.update(
                        edge for edge, target in self.successors(node) if part.get(target, part[node]) != part[node]
                    )
