"""The statements of a generated function: structured tests, forward gotos where paths meet, no loops."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from .branching import Branching, Lookup, Run, branching_of
from .ir import Leaf, Node, Select, topological
from .loads import BASES, LENGTHS, condition, constant, describe
from .patterns import Base

INDENT = "    "


@dataclass
class Inputs:
    """The bases whose bytes a function reads, and those whose lengths it asks for."""

    reads: set[Base] = field(default_factory=set)
    lengths: set[Base] = field(default_factory=set)

    def add(self, node: Select) -> None:
        (self.lengths if node.variable.is_length else self.reads).add(node.variable.base)

    def join(self, other: Inputs) -> None:
        self.reads |= other.reads
        self.lengths |= other.lengths

    def parameters(self) -> list[str]:
        """Their declarations, in a fixed order."""
        pointers = [f"const uint8_t *{BASES[base]}" for base in sorted(self.reads)]
        return pointers + [f"uint32_t {LENGTHS[base]}" for base in sorted(self.lengths)]

    def arguments(self) -> list[str]:
        """Their names, in the order of the parameters."""
        return [BASES[base] for base in sorted(self.reads)] + [LENGTHS[base] for base in sorted(self.lengths)]


class Module(Protocol):
    """Where a function puts what stands beside it."""

    def table(self, rows: list[tuple[int, int]], with_targets: bool) -> str:
        """Define a table of (key, target); gives its name."""

    def displacements(self, values: tuple[int, ...]) -> str:
        """Define the displacements of a hash; gives their name."""

    def cold(self, root: Node) -> tuple[str, Inputs]:
        """Define a function for packets that seldom come; gives the call and what it looks at."""


class Statements:
    """The body of one function: all paths from `root`. Tables and cold functions go to the `module`."""

    def __init__(self, module: Module, root: Node, cold: bool) -> None:
        self._module = module
        self._root = root
        self._cold = cold
        self.inputs = Inputs()
        """What the function looks at, itself or in a cold function that it calls."""
        self._split = self._split_nodes()
        self._nodes = self._reachable()
        self._position = {id(node): i for i, node in enumerate(self._nodes)}
        self._available = self._known_lengths()
        self._sizes: dict[int, int] = {}
        for node in reversed(self._nodes):
            below = {id(target): target for target in self._targets(node)}
            self._sizes[id(node)] = min(1 + sum(self._sizes[target] for target in below), 1 << 20)
        for node in self._nodes:
            if isinstance(node, Select):
                self.inputs.add(node)
        self._branchings = {id(node): self._branching(node) for node in self._nodes if isinstance(node, Select)}
        self._references = self._count()
        self._pending: dict[int, Node] = {}
        self._gotos: dict[int, int] = {}
        self._lines: list[str] = []

    def lines(self) -> list[str]:
        """The statements of the function."""
        self._emit(self._root, 1, entered=True)
        while self._pending:
            position = min(self._pending)
            node = self._pending.pop(position)
            if self._lines[-1] == f"{INDENT}goto node_{position};":
                self._lines.pop()
                self._gotos[position] -= 1
            if self._gotos[position]:
                self._lines.append(f"node_{position}:")
            self._emit(node, 1, entered=True)
        return self._lines

    def _split_nodes(self) -> set[int]:
        """The length tests that every packet comes to first: those that fail leave for a cold function."""
        split: set[int] = set()
        node = self._root
        while isinstance(node, Select) and node.variable.is_length and not self._cold:
            if len(node.targets) > 2 or isinstance(node.targets[0], Select):
                split.add(id(node))
            node = node.targets[-1]
        return split

    def _targets(self, node: Node) -> tuple[Node, ...]:
        if not isinstance(node, Select):
            return ()
        return node.targets[-1:] if id(node) in self._split else node.targets

    def _reachable(self) -> list[Node]:
        seen: set[int] = set()
        stack = [self._root]
        while stack:
            node = stack.pop()
            if id(node) not in seen:
                seen.add(id(node))
                stack.extend(self._targets(node))
        return [node for node in topological(self._root) if id(node) in seen]

    def _known_lengths(self) -> dict[int, dict[Base, int]]:
        """For every node how many bytes of each base are sure to exist there."""
        known: dict[int, dict[Base, int]] = {id(self._root): {}}
        for node in self._nodes:
            if not isinstance(node, Select):
                continue
            here = known[id(node)]
            for start, _, target in node.segments()[-1 if id(node) in self._split else 0 :]:
                there = {**here, node.variable.base: start} if node.variable.is_length else here
                before = known.get(id(target), there)
                known[id(target)] = {base: min(n, there.get(base, 0)) for base, n in before.items()}
        return known

    def _known(self, node: Select) -> int:
        return self._available[id(node)].get(node.variable.base, 0)

    def _branching(self, node: Select) -> Branching:
        if id(node) in self._split:
            return Branching(node, (), (), node.targets[-1])
        return branching_of(node, self._known(node), lambda target: self._sizes[id(target)])

    def _count(self) -> dict[int, int]:
        counts: dict[int, int] = {}
        for node in self._nodes:
            if isinstance(node, Select):
                for target in self._branchings[id(node)].mentions():
                    counts[id(target)] = counts.get(id(target), 0) + 1
        return counts

    def _line(self, depth: int, text: str) -> None:
        self._lines.append(INDENT * depth + text)

    def _emit(self, node: Node, depth: int, entered: bool = False) -> None:
        """Statements that end in a return or a goto."""
        while isinstance(node, Select):
            if self._references.get(id(node), 0) > 1 and not entered:
                position = self._position[id(node)]
                self._pending[position] = node
                self._gotos[position] = self._gotos.get(position, 0) + 1
                self._line(depth, f"goto node_{position};")
                return
            entered = False
            self._test(node, depth)
            if self._branchings[id(node)].search:
                return
            node = self._branchings[id(node)].default
        self._line(depth, f"return {node.output};")

    def _test(self, node: Select, depth: int) -> None:
        """Statements that leave for the targets of a node; the default target follows them."""
        self._line(depth, f"/* {describe(node.variable)}{_provenance(node.patterns)} */")
        branching = self._branchings[id(node)]
        if id(node) in self._split:
            self._line(depth, f"if (unlikely({condition(node.variable, 0, node.starts[-1] - 1, 0)}))")
            short: Node = Select(node.variable, node.starts[:-1], node.targets[:-1], node.patterns)
            call, inputs = self._module.cold(node.targets[0] if len(node.targets) == 2 else short)
            self.inputs.join(inputs)
            self._line(depth + 1, f"return {call};")
        elif branching.search:
            self._search(node, [Run(*segment) for segment in node.segments()], depth)
        elif node.variable.is_length:
            for run in branching.runs:
                text = condition(node.variable, 0, run.high, 0)
                self._if(text if self._cold else f"unlikely({text})", run.target, depth)
        else:
            for target, runs in _grouped(branching.runs):
                self._if(self._condition(node, runs, branching), target, depth)
        for lookup in branching.lookups:
            if lookup.table is None:
                self._switch(lookup, depth)
            else:
                self._table(lookup, depth)

    def _condition(self, node: Select, runs: list[Run], branching: Branching) -> str:
        others = [Run(*segment) for segment in node.segments() if segment[2] is branching.default]
        single = len(others) == len(runs) == 1 and others[0].low == others[0].high
        negated = len(node.targets) == len(runs) + len(others) and (single or len(others) < len(runs))
        tests = [
            condition(node.variable, run.low, run.high, self._known(node), negated)
            for run in (others if negated else runs)
        ]
        return tests[0] if len(tests) == 1 else (" && " if negated else " || ").join(f"({test})" for test in tests)

    def _if(self, text: str, target: Node, depth: int) -> None:
        simple = isinstance(target, Leaf) or self._references.get(id(target), 0) > 1
        self._line(depth, f"if ({text})" + ("" if simple else " {"))
        self._emit(target, depth + 1)
        if not simple:
            self._line(depth, "}")

    def _switch(self, lookup: Lookup, depth: int) -> None:
        self._line(depth, f"switch ({lookup.value.text}) {{")
        groups: dict[int, tuple[Node, list[int]]] = {}
        for key, target in zip(lookup.keys, lookup.targets, strict=True):
            groups.setdefault(id(target), (target, []))[1].append(key)
        for target, keys in groups.values():
            for key in keys:
                self._line(depth, f"case {lookup.constant(key)}:")
            self._emit(target, depth + 1)
        self._line(depth, "}")

    def _table(self, lookup: Lookup, depth: int) -> None:
        table = lookup.table
        assert table is not None
        distinct = list({id(target): target for target in lookup.targets}.values())
        number = {id(target): i for i, target in enumerate(distinct)}
        outputs = {id(target): target.output for target in distinct if isinstance(target, Leaf)}
        leaves = len(outputs) == len(distinct)
        rows = []
        for index in table.slots:
            target = lookup.targets[index]
            rows.append((lookup.keys[index], (outputs if leaves else number)[id(target)]))
        name = self._module.table(rows, with_targets=len(distinct) > 1)
        self._line(depth, "{")
        inner = depth + 1
        self._line(inner, f"const uint32_t key = {lookup.value.text};")
        slot = f"key * {constant(table.multiplier)} >> {table.shift}"
        if table.displacements:
            moves = self._module.displacements(table.displacements)
            bucket = f"key * {constant(table.bucket_multiplier)} >> {table.bucket_shift}"
            slot = f"(({slot}) + {moves}[{bucket}]) & {constant(len(table.slots) - 1)}"
        self._line(inner, f"const uint32_t slot = {slot};")
        field = f"{name}[slot]" if len(distinct) == 1 else f"{name}[slot].key"
        if len(distinct) == 1:
            self._if(f"{field} == key", distinct[0], inner)
        elif leaves:
            self._line(inner, f"if ({field} == key)")
            self._line(inner + 1, f"return {name}[slot].target;")
        else:
            self._line(inner, f"if ({field} == key)")
            self._line(inner + 1, f"switch ({name}[slot].target) {{")
            for i, target in enumerate(distinct):
                self._line(inner + 1, f"case {i}:" if i < len(distinct) - 1 else "default:")
                self._emit(target, inner + 2)
            self._line(inner + 1, "}")
        self._line(depth, "}")

    def _search(self, node: Select, runs: list[Run], depth: int) -> None:
        if len(runs) == 1:
            self._emit(runs[0].target, depth)
            return
        middle = len(runs) // 2
        self._line(depth, f"if ({condition(node.variable, 0, runs[middle].low - 1, self._known(node))}) {{")
        self._search(node, runs[:middle], depth + 1)
        self._line(depth, "}")
        self._search(node, runs[middle:], depth)


def _grouped(runs: tuple[Run, ...]) -> list[tuple[Node, list[Run]]]:
    groups: dict[int, tuple[Node, list[Run]]] = {}
    for run in runs:
        groups.setdefault(id(run.target), (run.target, []))[1].append(run)
    return list(groups.values())


def _provenance(patterns: tuple[int, ...]) -> str:
    """ ", patterns 0-3, 7": which of the user's patterns depend on a test."""
    if not patterns:
        return ""
    spans: list[list[int]] = []
    for index in patterns:
        if spans and spans[-1][1] == index - 1:
            spans[-1][1] = index
        else:
            spans.append([index, index])
    text = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans[:8])
    return f": pattern{'s' if len(patterns) > 1 else ''} {text}" + (", ..." if len(spans) > 8 else "")
