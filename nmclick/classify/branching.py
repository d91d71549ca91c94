"""How a `Select` is best tested in C: comparisons, a `switch`, a perfect hash table, or a binary search.

Addresses of one prefix length go through a table when there are many of them: one multiplication and one load
instead of a dozen branches that no predictor gets right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from .hashing import PerfectHash, perfect_hash
from .ir import Node, Select, Variable
from .loads import Load, constant, hexadecimal, is_address, load_key

FEW = 3
HASHED = 7


@dataclass(frozen=True, slots=True)
class Run:
    """Values from `low` to `high` go to `target`."""

    low: int
    high: int
    target: Node


@dataclass(frozen=True, slots=True)
class Lookup:
    """Blocks of equal size, found by the bits above them: `value` is their key, `keys[i]` goes to `targets[i]`.
    With `table` by perfect hashing, else by a C `switch`."""

    value: Load
    constant: Callable[[int], str]
    keys: tuple[int, ...]
    targets: tuple[Node, ...]
    table: PerfectHash | None


@dataclass(frozen=True, slots=True)
class Branching:
    """First the comparisons of `runs`, then the `lookups`, else `default`; or a binary `search` over all values.

    Runs of a length are in order, each only to be compared with its upper bound.
    """

    node: Select
    runs: tuple[Run, ...]
    lookups: tuple[Lookup, ...]
    default: Node
    search: bool = False

    def mentions(self) -> list[Node]:
        """Every target, as often as its code is wanted."""
        if self.search or self.node.variable.is_length:
            return list(self.node.targets)
        groups = [[run.target for run in self.runs], *(lookup.targets for lookup in self.lookups), [self.default]]
        return [target for group in groups for target in {id(target): target for target in group}.values()]


def branching_of(node: Select, available: int, size: Callable[[Node], int]) -> Branching:
    """Where `available` bytes behind the base are known to exist. `size` tells how much code a target is."""
    segments = [Run(*segment) for segment in node.segments()]
    if node.variable.is_length:
        return Branching(node, tuple(segments[:-1]), (), segments[-1].target)
    default = _default(segments, size)
    runs = [run for run in segments if run.target is not default]
    if len(runs) <= FEW and not _worth_a_switch(node.variable, runs):
        return Branching(node, tuple(runs), (), default)
    lookups = []
    for block in sorted({_block(node.variable, run) for run in runs} - {0}):
        same = [run for run in runs if _block(node.variable, run) == block]
        lookup = _lookup(node.variable, block, same, available) if len(same) >= FEW else None
        if lookup is not None:
            lookups.append(lookup)
            runs = [run for run in runs if run not in same]
    if len(runs) > 2 * FEW:
        return Branching(node, (), (), default, search=True)
    return Branching(node, tuple(runs), tuple(lookups), default)


def _default(segments: list[Run], size: Callable[[Node], int]) -> Node:
    """The target of most segments; of two that are equal the one with more code, so that little code is nested."""
    counts = Counter(id(run.target) for run in segments)
    targets = {id(run.target): run.target for run in segments}
    if len(targets) == 2:
        return max(targets.values(), key=lambda target: (size(target), counts[id(target)]))
    return max(targets.values(), key=lambda target: (counts[id(target)], size(target)))


def _worth_a_switch(variable: Variable, runs: list[Run]) -> bool:
    return len({id(run.target) for run in runs}) >= FEW and all(_block(variable, run) for run in runs)


def _block(variable: Variable, run: Run) -> int:
    """The size of the aligned block of values that the run is, or 0 if it is not one."""
    size = (run.high | ((variable.mask & -variable.mask) - 1)) - run.low + 1
    if size & (size - 1) or run.low % size or not variable.mask & ~(size - 1):
        return 0
    return size


def _lookup(variable: Variable, block: int, runs: list[Run], available: int) -> Lookup | None:
    mask = variable.mask & ~(block - 1)
    value = load_key(variable, mask, available)
    keys = tuple(run.low >> value.shift for run in runs)
    targets = tuple(run.target for run in runs)
    form = hexadecimal if is_address(variable) else constant
    dense = keys[-1] - keys[0] < 4 * len(keys)
    if dense or len(keys) < HASHED:
        return Lookup(value, form, keys, targets, None)
    table = perfect_hash(keys)
    return Lookup(value, form, keys, targets, table) if table is not None else None
