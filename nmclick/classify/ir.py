"""The decision DAG: inner nodes test one masked word of the packet, leaves are outputs.

A `Select` looks at the value of one `Variable` once and goes on to the target of the segment in which the value
lies: an equality, a range and a switch over hundreds of addresses are the same node. How many bytes a packet has
is a variable too, so a word is only ever read below a node that has seen that its bytes exist.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .evaluate import Headers
from .patterns import Base

LENGTH = -1
"""As a variable's offset: not a word but the number of bytes from the base to the end of the packet."""

WORD = 0xFFFFFFFF


@dataclass(frozen=True, order=True, slots=True)
class Variable:
    """The aligned big-endian 32-bit word at `offset` from `base`, and-ed with `mask`. Values are 0 to `mask`."""

    base: Base
    offset: int
    mask: int

    @property
    def size(self) -> int:
        """Values are below it. A multiple of the mask's lowest bit, as all bounds of tests on the variable are."""
        return self.mask + (self.mask & -self.mask)

    @property
    def is_length(self) -> bool:
        return self.offset == LENGTH

    @property
    def touched(self) -> tuple[int, int]:
        """First and last byte of the base that the mask touches."""
        first = (32 - self.mask.bit_length()) // 8
        last = 3 - ((self.mask & -self.mask).bit_length() - 1) // 8
        return self.offset + first, self.offset + last

    def value(self, headers: Headers) -> int:
        """The variable's value in a packet; IndexError if its bytes are not there."""
        data = headers.get(self.base, b"")
        if self.is_length:
            return len(data)
        if len(data) <= self.touched[1]:
            raise IndexError(f"{self} read from {len(data)} bytes")
        return int.from_bytes(data[self.offset : self.offset + 4].ljust(4, b"\0"), "big") & self.mask


def length_of(base: Base) -> Variable:
    return Variable(base, LENGTH, WORD)


@dataclass(frozen=True, eq=False, slots=True)
class Leaf:
    """The packet leaves on `output` (DROP: nowhere); `patterns` are the user's patterns that send it there."""

    output: int
    patterns: tuple[int, ...] = field(default=())


@dataclass(frozen=True, eq=False, slots=True)
class Select:
    """Go to `targets[i]` where `starts[i] <= value < starts[i + 1]`; `starts[0]` is 0.

    `patterns` are the user's patterns whose outcome still depends on the variable here.
    """

    variable: Variable
    starts: tuple[int, ...]
    targets: tuple[Node, ...]
    patterns: tuple[int, ...] = field(default=())

    def target(self, value: int) -> Node:
        return self.targets[bisect_right(self.starts, value) - 1]

    def segments(self) -> list[tuple[int, int, Node]]:
        """(first value, last value, target), in order."""
        ends = [start - 1 for start in self.starts[1:]] + [self.variable.mask]
        return list(zip(self.starts, ends, self.targets, strict=True))


Node = Leaf | Select


class Builder:
    """Makes nodes so that equal nodes are the same object. `segments` counts what all nodes have."""

    def __init__(self) -> None:
        self.segments = 0
        self._leaves: dict[int, Leaf] = {}
        self._selects: dict[tuple[Variable, tuple[int, ...], tuple[int, ...]], Select] = {}

    def leaf(self, output: int, patterns: tuple[int, ...] = ()) -> Leaf:
        return self._leaves.setdefault(output, Leaf(output, patterns))

    def select(self, variable: Variable, segments: Iterable[tuple[int, Node]], patterns: tuple[int, ...] = ()) -> Node:
        """A node over (start, target) segments in order, the first from 0. Segments that agree are joined, and
        bits of the mask that no segment needs are dropped, so that no byte is read without reason."""
        starts: list[int] = []
        targets: list[Node] = []
        for start, target in segments:
            if not targets or targets[-1] is not target:
                starts.append(start)
                targets.append(target)
        if len(targets) == 1:
            return targets[0]
        if not variable.is_length:
            used = 0
            for start in starts:
                used |= start
            variable = Variable(variable.base, variable.offset, variable.mask & -(used & -used))
        key = (variable, tuple(starts), tuple(map(id, targets)))
        found = self._selects.get(key)
        if found is None:
            found = self._selects[key] = Select(variable, key[1], tuple(targets), patterns)
            self.segments += len(starts)
        return found


def walk(root: Node, headers: Headers) -> int:
    """The output the DAG gives for a packet."""
    node = root
    while isinstance(node, Select):
        node = node.target(node.variable.value(headers))
    return node.output


def topological(root: Node) -> list[Node]:
    """All nodes that are reached from `root`, each before its targets."""
    order: list[Node] = []
    seen: set[int] = {id(root)}
    stack: list[tuple[Node, int]] = [(root, 0)]
    while stack:
        node, at = stack.pop()
        targets: Sequence[Node] = node.targets if isinstance(node, Select) else ()
        while at < len(targets) and id(targets[at]) in seen:
            at += 1
        if at < len(targets):
            stack.append((node, at + 1))
            seen.add(id(targets[at]))
            stack.append((targets[at], 0))
        else:
            order.append(node)
    order.reverse()
    return order


def outputs(root: Node) -> set[int]:
    """The outputs that some packet may reach."""
    return {node.output for node in topological(root) if isinstance(node, Leaf)}
