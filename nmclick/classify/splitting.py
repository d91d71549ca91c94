"""What is left of a list of rules for every value of one variable."""

from __future__ import annotations

from collections.abc import Iterable

from .boolean import Algebra
from .intervals import Intervals
from .ir import Variable
from .rules import Guarded, Rules, key_of, normalise, weight

SAMPLES = 16


class Splitting:
    """The rests of `rules` for the values of `variable`. Values with the same outcome of all tests share a rest.

    `work` is how many rules were simplified since it was last asked for.
    """

    def __init__(self, algebra: Algebra, rules: Rules, variable: Variable) -> None:
        self.variable = variable
        self._algebra = algebra
        self._rules = rules
        self._work = 0
        word = (variable.base, variable.offset)
        self._affected = [i for i, rule in enumerate(rules) if word in rule.formula.words]
        users: dict[Intervals, list[int]] = {}
        others = False
        for i in self._affected:
            for own, values in rules[i].formula.literals:
                if own == variable:
                    users.setdefault(values, []).append(i)
                elif (own.base, own.offset) == word:
                    others = True
        self._users = list(users.values())
        self._outcomes: dict[object, Rules | None] = {}
        self._segments: list[tuple[int, int, object, frozenset[int]]] = []
        counts: dict[object, int] = {}
        for start, end, true in _sweep(list(users), variable.size):
            # Tests with another mask of the same word may see more than these tests tell apart.
            outcome: object = (start, true) if others else true
            self._segments.append((start, end, outcome, true))
            self._outcomes.setdefault(outcome, None)
            counts[outcome] = counts.get(outcome, 0) + 1
        self._whole = others
        usual = max(counts, key=lambda outcome: counts[outcome])
        start, end, _, self._usual = next(segment for segment in self._segments if segment[2] == usual)
        usual_rules = self._given(range(len(rules)), (start, end))
        self._usual_rules = {i: rule for i, rule in usual_rules.items() if rule.formula is not algebra.false}

    @property
    def work(self) -> int:
        done, self._work = self._work, 0
        return done

    def cost(self) -> int:
        """How much is left to decide in all different rests, estimated from some of them."""
        firsts = {segment[2]: segment for segment in reversed(self._segments)}
        chosen = list(firsts.values())
        if len(chosen) > 2 * SAMPLES:
            usual = [segment for segment in chosen if segment[3] == self._usual][:1]
            chosen = usual + chosen[:: len(chosen) // SAMPLES]
        rests = {key_of(rest): rest for rest in (self._rest(*segment) for segment in chosen)}
        total = sum(weight(rest) + 2 for rest in rests.values())
        return total * len(firsts) // len(chosen)

    def rests(self) -> list[tuple[int, Rules]]:
        """(first value, what is left of the rules from there on), for all values."""
        return [(segment[0], self._rest(*segment)) for segment in self._segments]

    def _rest(self, start: int, end: int, outcome: object, true: frozenset[int]) -> Rules:
        rest = self._outcomes[outcome]
        if rest is None:
            if self._whole:
                changed = self._given(self._affected, (start, end))
            else:
                changed = self._given({i for test in true ^ self._usual for i in self._users[test]}, (start, end))
            merged = {**self._usual_rules, **changed}
            false = self._algebra.false
            kept = [merged[i] for i in sorted(merged) if merged[i].formula is not false]
            rest = self._outcomes[outcome] = normalise(self._algebra, kept)
        return rest

    def _given(self, indices: Iterable[int], values: Intervals) -> dict[int, Guarded]:
        """What these rules are for these values, by their number."""
        result = {}
        for i in indices:
            rule = self._rules[i]
            formula = self._algebra.given(rule.formula, self.variable, values)
            result[i] = rule if formula is rule.formula else Guarded(formula, rule.output, rule.patterns)
            self._work += 1
        return result


def _sweep(tests: list[Intervals], size: int) -> list[tuple[int, int, frozenset[int]]]:
    """(start, end, numbers of the tests that hold) for all values below `size`, in order."""
    toggles: dict[int, list[int]] = {0: []}
    for number, values in enumerate(tests):
        for at in values:
            toggles.setdefault(at, []).append(number)
    toggles.pop(size, None)
    starts = sorted(toggles)
    true: frozenset[int] = frozenset()
    result = []
    for start, end in zip(starts, [*starts[1:], size], strict=True):
        true = true.symmetric_difference(toggles[start])
        result.append((start, end, true))
    return result
