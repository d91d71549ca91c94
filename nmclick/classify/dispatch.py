"""Builds the decision DAG for a list of rules, one variable at a time.

At every node the variable is chosen whose values split the remaining rules into the smallest rests. Each rest is
simplified with what its values imply, and equal rests are built once. A variable is thus looked at no more than once
on any path, and rules that can no longer change the outcome cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from .boolean import Algebra, Formula
from .intervals import contains
from .ir import Builder, Node, Variable, length_of
from .rules import Guarded, Rules, key_of, normalise, weight
from .splitting import Splitting

MAX_DEPTH = 120
CANDIDATES = 4
SEARCH_WORK = 150_000
"""How many rules are simplified in search of good splits, before just the most frequent variable is taken."""
MAX_WORK = 500_000
"""How many rules are simplified in all."""


class BudgetExceeded(Exception):
    """The rules overlap in so many ways that a full decision DAG would be too large."""


class Dispatch:
    """Builds nodes for rule lists; `budget` bounds the segments of all nodes (BudgetExceeded)."""

    def __init__(self, algebra: Algebra, builder: Builder, budget: int) -> None:
        self._algebra = algebra
        self._builder = builder
        self._budget = budget
        self._work = 0
        self._memo: dict[tuple[tuple[int, int], ...], Node] = {}

    def build(self, rules: Sequence[Guarded], depth: int = 0) -> Node:
        """The DAG for `rules`, whose last rule holds for every packet."""
        return self._build(self._normalise(rules), depth)

    def _build(self, rules: Rules, depth: int) -> Node:
        if len(rules) == 1:
            return self._builder.leaf(rules[0].output, rules[0].patterns)
        key = key_of(rules)
        found = self._memo.get(key)
        if found is not None:
            return found
        if self._builder.segments > self._budget or depth > MAX_DEPTH or self._work > MAX_WORK:
            raise BudgetExceeded
        best: tuple[int, Splitting] | None = None
        candidates = self._candidates(rules)
        for variable in candidates:
            splitting = Splitting(self._algebra, rules, variable)
            cost = splitting.cost() if len(candidates) > 1 else 0
            self._work += splitting.work
            if best is None or cost < best[0]:
                best = cost, splitting
        assert best is not None
        cost, splitting = best
        if cost > 4 * weight(rules) + 400:
            node = self._peel(rules, depth)
        else:
            variable = splitting.variable
            patterns = tuple(sorted({i for r in rules if variable in r.formula.variables for i in r.patterns}))
            rests = splitting.rests()
            self._work += splitting.work
            node = self._builder.select(
                variable, [(start, self._build(rest, depth + 1)) for start, rest in rests], patterns
            )
        self._memo[key] = node
        return node

    def _candidates(self, rules: Rules) -> list[Variable]:
        """Variables worth a try, best first: those that most rules depend on. Words only where the length is known."""
        counts: dict[Variable, int] = {}
        for rule in rules:
            for variable in sorted(rule.formula.variables, key=_variable_order):
                counts[variable] = counts.get(variable, 0) + 1
        allowed = [v for v in counts if v.is_length or length_of(v.base) not in counts]
        allowed.sort(key=lambda v: -counts[v])
        return allowed[: CANDIDATES if self._work < SEARCH_WORK else 1]

    def _normalise(self, rules: Sequence[Guarded]) -> Rules:
        return normalise(self._algebra, rules)

    def _peel(self, rules: Rules, depth: int) -> Node:
        rest = self._build(self._normalise(rules[1:]), depth + 1)
        hit = self._builder.leaf(rules[0].output, rules[0].patterns)
        return branch(self._builder, rules[0].formula, hit, rest, rules[0].patterns)


def chain(algebra: Algebra, builder: Builder, rules: Sequence[Guarded]) -> Node:
    """The rules tested one after the other, for each length of the packet: large tables in linear size."""
    rules = normalise(algebra, rules)
    lengths = {v for rule in rules for v in rule.formula.variables if v.is_length}
    if lengths:
        variable = min(lengths)
        patterns = tuple(sorted({i for rule in rules for i in rule.patterns}))
        rests = Splitting(algebra, rules, variable).rests()
        return builder.select(variable, [(start, chain(algebra, builder, rest)) for start, rest in rests], patterns)
    node: Node = builder.leaf(rules[-1].output, rules[-1].patterns)
    for rule in reversed(rules[:-1]):
        node = branch(builder, rule.formula, builder.leaf(rule.output, rule.patterns), node, rule.patterns)
    return node


def branch(builder: Builder, formula: Formula, yes: Node, no: Node, patterns: tuple[int, ...]) -> Node:
    """A DAG that goes to `yes` where the formula holds. Lengths are tested before what they guard."""
    if formula.variable is not None:
        variable = formula.variable
        starts = sorted({0, *(at for at in formula.values if at < variable.size)})
        segments = [(start, yes if contains(formula.values, start) else no) for start in starts]
        return builder.select(variable, segments, patterns)
    node = yes if formula.kind == "and" else no
    for part in sorted(formula.parts, key=_test_order, reverse=True):
        node = (
            branch(builder, part, node, no, patterns)
            if formula.kind == "and"
            else (branch(builder, part, yes, node, patterns))
        )
    return node


def _variable_order(variable: Variable) -> tuple[bool, Variable]:
    return not variable.is_length, variable


def _test_order(formula: Formula) -> tuple[bool, bool, int]:
    literal = formula.variable
    return literal is None, literal is not None and not literal.is_length, formula.serial
