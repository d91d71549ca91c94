"""Equal subgraphs behind the outputs of one element (the ports of a router) become one body of code.

Which output a packet leaves by is as random as the traffic, and a jump to code of its own for each output is as often
mispredicted. Where the outputs lead into equal subgraphs, the *strands* of a *bundle*, the packet goes on in code that
all strands share; the strand's number picks state and arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nmclick.element import StateOf

if TYPE_CHECKING:
    from nmclick.compile.plan import Node, Plan

__all__ = ["LEAST_STRANDS", "Bundle", "Spot", "find_bundles", "spots"]

#: Fewer outputs are told apart by jumps: of two, where packets come in mostly decides which.
LEAST_STRANDS = 3


@dataclass(frozen=True, slots=True)
class Bundle:
    """`rows[r][s]` is the node of strand `s` in row `r`; the nodes of a row do the same."""

    rows: tuple[tuple[Node, ...], ...]

    @property
    def strands(self) -> int:
        return len(self.rows[0])


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an element lies: in strand `strand` of bundle `bundle`, in the row whose first element is `first`."""

    bundle: int
    strand: int
    first: int

    def beside(self, other: Spot | None) -> bool:
        """Whether the other is in the same strand."""
        return other is not None and (self.bundle, self.strand) == (other.bundle, other.strand)


def spots(bundles: Iterable[Bundle]) -> dict[int, Spot]:
    """The places of all elements that have one."""
    return {
        node[0]: Spot(number, strand, row[0][0])
        for number, bundle in enumerate(bundles)
        for row in bundle.rows
        for strand, node in enumerate(row)
    }


def find_bundles(plan: Plan) -> list[Bundle]:
    """The bundles of a plan whose regions are formed and whose threads are assigned."""
    finder = _Finder(plan)
    for region in plan.regions:
        for node in region:
            finder.look_behind(node)
    return finder.bundles


class _Finder:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.bundles: list[Bundle] = []
        self.taken: set[int] = set()  # elements that are in a bundle

    def look_behind(self, node: Node) -> None:
        """Make bundles of the subgraphs that the outputs of a node lead into."""
        targets = [self._next(node, port) for port in range(self.plan.elements[node[0]].n_outputs)]
        new = dict.fromkeys(target for target in targets if target is not None and target[0] not in self.taken)
        for group in self._enough(new, self._shape):
            for row in self._enough(group, self._code):
                if self._distinct(row):
                    self.bundles.append(self._grow(row))

    @staticmethod
    def _enough(nodes: Iterable[Node], kind: Callable[[Node], Hashable]) -> Iterator[tuple[Node, ...]]:
        """Groups of nodes of one kind that are large enough for a bundle."""
        groups: dict[Hashable, list[Node]] = {}
        for node in nodes:
            groups.setdefault(kind(node), []).append(node)
        return (tuple(group) for group in groups.values() if len(group) >= LEAST_STRANDS)

    def _grow(self, first: tuple[Node, ...]) -> Bundle:
        """The bundle that begins with row `first`: as far as the strands stay alike."""
        rows = [first]
        self._take(first)
        for row in rows:  # which grows
            for port in range(self.plan.elements[row[0][0]].n_outputs):
                nexts = [self._next(node, port) for node in row]
                found = tuple(node for node in nexts if node is not None)
                if len(found) == len(row) and self._joins(found):
                    rows.append(found)
                    self._take(found)
        return Bundle(tuple(rows))

    def _take(self, row: Iterable[Node]) -> None:
        self.taken.update(index for index, _ in row)

    def _joins(self, row: tuple[Node, ...]) -> bool:
        return (
            self._distinct(row)
            and not any(index in self.taken for index, _ in row)
            and len({self._shape(node) for node in row}) == 1
            and len({self._code(node) for node in row}) == 1
        )

    @staticmethod
    def _distinct(row: tuple[Node, ...]) -> bool:
        return len({index for index, _ in row}) == len(row)

    def _next(self, node: Node, port: int) -> Node | None:
        """The node that output `port` leads to inside the same function, if it can be in a bundle."""
        plan, edge = self.plan, (node[0], port)
        target = plan.targets.get(edge)
        if not isinstance(target, tuple) or edge in plan.cut or plan.region_of[target] != plan.region_of[node]:
            return None
        if plan.needs_batch(target) or any(
            edge in plan.pulls
            for input in range(plan.elements[target[0]].n_inputs)
            for edge in plan.graph.predecessors(target[0], input)
        ):
            return None
        return target

    def _shape(self, node: Node) -> Hashable:
        """What nodes that the same code can stand for have in common, but for the code of their own."""
        index = node[0]
        element, threads = self.plan.elements[index], self.plan.threads
        values: Mapping[str, object] = element.c_arguments()
        return (
            node[1],
            type(element),
            element.n_inputs,
            tuple(self.plan.graph.output_modes[index]),
            index in threads.locked,
            threads.runners[index],
            # The members of the arguments' structure, which the class's first element declares.
            tuple((name, len(v) if isinstance(v, bytes) else None) for name, v in values.items()),
            tuple(isinstance(v, StateOf) and v.element == index for v in values.values()),
        )

    def _code(self, node: Node) -> str | None:
        """The code that an element has for itself (a Classifier's): it is made only for nodes of the same shape."""
        return self.plan.elements[node[0]].c_code("one")
