"""The decision DAG as a C function: structured tests, forward gotos where paths meet, no loops.

Packets that are too short for the usual tests leave for a second, cold function that knows all lengths.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .branching import Branching, Lookup, Run, branching_of
from .ir import Leaf, Node, Select, topological
from .loads import BASES, LENGTHS, condition, constant, describe
from .patterns import Base

INDENT = "    "


@dataclass
class _Module:
    """The C text of one program: tables and cold functions come before the function itself."""

    name: str
    tables: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)


def emit_c(root: Node, function: str, packet: bool) -> str:
    """`static inline int function(...)` with what it needs: the output, or -1. Takes `const struct packet *p`
    if `packet`, else `const uint8_t *data, uint32_t length`."""
    module = _Module(function)
    body = _Function(module, root, cold=False)
    lines = body.lines()
    reads, lengths = body.used()
    if packet:
        head = f"static inline int {function}(const struct packet *p)"
        declarations = []
        for base in sorted(reads | lengths):
            if base in reads:
                declarations.append(f"const uint8_t *{BASES[base]} = packet_{BASES[base]}_header(p);")
            if base in lengths:
                declarations.append(f"const uint32_t {LENGTHS[base]} = packet_{BASES[base]}_length(p);")
        unused = [] if declarations else ["(void)p;"]
    else:
        head = f"static inline int {function}(const uint8_t *data, uint32_t length)"
        declarations = []
        unused = [f"(void){name};" for name, used in (("data", reads), ("length", lengths)) if not used]
    text = [head, "{", *(INDENT + line for line in [*declarations, *unused]), *lines, "}"]
    return "\n".join([*module.tables, *module.functions, "\n".join(text)]) + "\n"


class _Function:
    def __init__(self, module: _Module, root: Node, cold: bool) -> None:
        self._module = module
        self._root = root
        self._cold = cold
        self._split = self._split_nodes()
        self._nodes = self._reachable()
        self._position = {id(node): i for i, node in enumerate(self._nodes)}
        self._available = self._known_lengths()
        self._sizes: dict[int, int] = {}
        for node in reversed(self._nodes):
            below = {id(target): target for target in self._targets(node)}
            self._sizes[id(node)] = min(1 + sum(self._sizes[target] for target in below), 1 << 20)
        self._branchings = {id(node): self._branching(node) for node in self._nodes if isinstance(node, Select)}
        self._references = self._count()
        self._pending: dict[int, Node] = {}
        self._gotos: dict[int, int] = {}
        self._lines: list[str] = []
        self._calls: list[_Function] = []

    def used(self) -> tuple[set[Base], set[Base]]:
        """The bases whose bytes, and those whose lengths are read here or in a cold function called from here."""
        reads: set[Base] = set()
        lengths: set[Base] = set()
        for node in self._nodes:
            if isinstance(node, Select):
                (lengths if node.variable.is_length else reads).add(node.variable.base)
        for call in self._calls:
            more_reads, more_lengths = call.used()
            reads |= more_reads
            lengths |= more_lengths
        return reads, lengths

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
            self._line(depth + 1, f"return {self._call_cold(node)};")
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
        name = f"{self._module.name}_table_{len(self._module.tables)}"
        rows = []
        for index in table.slots:
            target = lookup.targets[index]
            rows.append((lookup.keys[index], (outputs if leaves else number)[id(target)]))
        self._module.tables.append(_table_text(name, rows, with_targets=len(distinct) > 1))
        self._line(depth, "{")
        inner = depth + 1
        self._line(inner, f"const uint32_t key = {lookup.value.text};")
        self._line(inner, f"const uint32_t slot = key * {constant(table.multiplier)} >> {table.shift};")
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

    def _call_cold(self, node: Select) -> str:
        short: Node = Select(node.variable, node.starts[:-1], node.targets[:-1], node.patterns)
        if len(node.targets) == 2:
            short = node.targets[0]
        name = f"{self._module.name}_short_{len(self._module.functions)}"
        self._module.functions.append("")
        at = len(self._module.functions) - 1
        function = _Function(self._module, short, cold=True)
        lines = function.lines()
        self._calls.append(function)
        reads, lengths = function.used()
        order = sorted(reads | lengths)
        pointers = [f"const uint8_t *{BASES[base]}" for base in order if base in reads]
        counts = [f"uint32_t {LENGTHS[base]}" for base in order if base in lengths]
        head = f"static __attribute__((noinline, cold)) int {name}({', '.join(pointers + counts) or 'void'})"
        self._module.functions[at] = "\n".join([head, "{", *lines, "}", ""])
        arguments = [BASES[base] for base in order if base in reads]
        return f"{name}({', '.join(arguments + [LENGTHS[base] for base in order if base in lengths])})"


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


def _table_text(name: str, rows: list[tuple[int, int]], with_targets: bool) -> str:
    if with_targets:
        head = f"static const struct {{ uint32_t key; int32_t target; }} {name}[{len(rows)}] = {{"
        items = [f"{{0x{key:x}, {target}}}" for key, target in rows]
    else:
        head = f"static const uint32_t {name}[{len(rows)}] = {{"
        items = [f"0x{key:x}" for key, _ in rows]
    lines = [INDENT + ", ".join(items[at : at + 6]) + "," for at in range(0, len(items), 6)]
    return "\n".join([head, *lines, "};", ""])
