"""Lists of rules as formulas, the last of which holds for every packet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .boolean import Algebra, Formula


@dataclass(frozen=True, slots=True)
class Guarded:
    """A rule as a formula: the output of packets for which `formula` holds, if no rule before it does."""

    formula: Formula
    output: int
    patterns: tuple[int, ...] = field(default=())


Rules = tuple[Guarded, ...]


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


def key_of(rules: Rules) -> tuple[tuple[int, int], ...]:
    return tuple((rule.formula.serial, rule.output) for rule in rules)


def weight(rules: Rules) -> int:
    """How much is left to decide."""
    return sum(rule.formula.weight for rule in rules)
