"""Builds the decision DAG for a list of rules, one variable at a time.

At every node the variable is chosen whose values split the remaining rules into the smallest rests. Each rest is
simplified with what its values imply, and equal rests are built once. A variable is thus looked at no more than once
on any path, and rules that can no longer change the outcome cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .boolean import Algebra, Formula
from .intervals import Intervals, contains
from .ir import Builder, Node, Variable, length_of

MAX_DEPTH = 120
CANDIDATES = 4
SEARCH_WORK = 60_000
"""How many rules are simplified in search of good splits, before just the most frequent variable is taken."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """A rule as a formula: the output of packets for which `formula` holds, if no rule before it does."""

    formula: Formula
    output: int
    patterns: tuple[int, ...] = field(default=())


Rules = tuple[Guarded, ...]


class BudgetExceeded(Exception):
    """The rules overlap in so many ways that a full decision DAG would be too large."""


class Dispatch:
    """Builds nodes for rule lists; `budget` bounds the number of inner nodes (BudgetExceeded)."""

    def __init__(self, algebra: Algebra, builder: Builder, budget: int) -> None:
        self._algebra = algebra
        self._builder = builder
        self._budget = budget
        self._work = 0
        self._memo: dict[tuple[tuple[int, int], ...], Node] = {}

    def build(self, rules: Sequence[Guarded], depth: int = 0) -> Node:
        """The DAG for `rules`, whose last rule holds for every packet."""
        return self._build(normalise(self._algebra, rules), depth)

    def _build(self, rules: Rules, depth: int) -> Node:
        if len(rules) == 1:
            return self._builder.leaf(rules[0].output, rules[0].patterns)
        key = _key(rules)
        found = self._memo.get(key)
        if found is not None:
            return found
        if len(self._builder) > self._budget or depth > MAX_DEPTH:
            raise BudgetExceeded
        best: tuple[int, Variable, list[tuple[int, Rules]]] | None = None
        for variable in self._candidates(rules):
            split = self._split(rules, variable)
            rests = {_key(rest): rest for _, rest in split}
            cost = sum(weight(rest) for rest in rests.values()) + 2 * len(rests)
            if best is None or cost < best[0]:
                best = cost, variable, split
        assert best is not None
        cost, variable, split = best
        if cost > 4 * weight(rules) + 400:
            node = self._peel(rules, depth)
        else:
            patterns = tuple(sorted({i for r in rules if variable in r.formula.variables for i in r.patterns}))
            segments = [(start, self._build(rest, depth + 1)) for start, rest in split]
            node = self._builder.select(variable, segments, patterns)
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

    def _split(self, rules: Rules, variable: Variable) -> list[tuple[int, Rules]]:
        """(first value, what is left of the rules from there on), for all values of the variable."""
        tests = sorted({values for r in rules for own, values in r.formula.literals if own == variable})
        starts = sorted({0, *(at for values in tests for at in values if at < variable.size)})
        word = (variable.base, variable.offset)
        alone = all(own == variable or (own.base, own.offset) != word for r in rules for own in r.formula.variables)
        known: dict[tuple[bool, ...], Rules] = {}
        result = []
        for start, end in zip(starts, [*starts[1:], variable.size], strict=True):
            outcome = tuple(contains(values, start) for values in tests)
            rest = known.get(outcome) if alone else None
            if rest is None:
                rest = known[outcome] = self._given(rules, variable, (start, end))
            result.append((start, rest))
        return result

    def _given(self, rules: Rules, variable: Variable, values: Intervals) -> Rules:
        given = self._algebra.given
        self._work += len(rules)
        return normalise(
            self._algebra, [Guarded(given(r.formula, variable, values), r.output, r.patterns) for r in rules]
        )

    def _peel(self, rules: Rules, depth: int) -> Node:
        rest = self._build(normalise(self._algebra, rules[1:]), depth + 1)
        hit = self._builder.leaf(rules[0].output, rules[0].patterns)
        return branch(self._builder, rules[0].formula, hit, rest, rules[0].patterns)


def chain(algebra: Algebra, builder: Builder, rules: Sequence[Guarded]) -> Node:
    """The rules tested one after the other: large tables in linear size."""
    rules = normalise(algebra, rules)
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
        node = branch(builder, part, node, no, patterns) if formula.kind == "and" else (
            branch(builder, part, yes, node, patterns)
        )
    return node


def normalise(algebra: Algebra, rules: Sequence[Guarded]) -> Rules:
    """Rules that never hold go, so do those after one that always holds; neighbours with one output are joined."""
    result: list[Guarded] = []
    run: list[Guarded] = []

    def close() -> bool:
        if not run:
            return False
        formula = run[0].formula if len(run) == 1 else algebra.some(r.formula for r in run)
        if formula is not algebra.false:
            patterns = run[0].patterns if len(run) == 1 else tuple(sorted({i for r in run for i in r.patterns}))
            result.append(Guarded(formula, run[0].output, patterns))
        run.clear()
        return formula is algebra.true

    for rule in rules:
        if rule.formula is algebra.false:
            continue
        if run and run[0].output != rule.output and close():
            return tuple(result)
        run.append(rule)
        if rule.formula is algebra.true:
            break
    close()
    return tuple(result)


def _key(rules: Rules) -> tuple[tuple[int, int], ...]:
    return tuple((rule.formula.serial, rule.output) for rule in rules)


def weight(rules: Rules) -> int:
    """How much is left to decide."""
    return sum(rule.formula.weight for rule in rules)


def _variable_order(variable: Variable) -> tuple[bool, Variable]:
    return not variable.is_length, variable


def _test_order(formula: Formula) -> tuple[bool, bool, int]:
    literal = formula.variable
    return literal is None, literal is not None and not literal.is_length, formula.serial


