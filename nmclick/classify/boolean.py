"""Monotone formulas over `variable in set of values`, kept small and unique.

Negations live in the sets. Formulas of one `Algebra` are interned, so equality is identity and every result is
remembered. A conjunction or disjunction never holds two literals of the same variable: their sets are merged, which
finds contradictions and tautologies as the formula is built.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .intervals import Intervals, complement, contains, intersection_all, is_disjoint, is_subset, union, union_all
from .ir import Variable

MAX_POINTS = 8


@dataclass(frozen=True, eq=False, slots=True)
class Formula:
    """A literal (`variable`, `values`), or a junction ("and"/"or") of `parts`; TRUE and FALSE are empty junctions."""

    serial: int
    kind: str
    parts: tuple[Formula, ...] = ()
    variable: Variable | None = None
    values: Intervals = ()
    literals: frozenset[tuple[Variable, Intervals]] = field(default=frozenset())
    variables: frozenset[Variable] = field(default=frozenset())
    words: frozenset[tuple[int, int]] = field(default=frozenset())
    weight: int = 0


class Algebra:
    """Makes formulas; all formulas that meet in one operation come from the same algebra."""

    def __init__(self) -> None:
        self._interned: dict[tuple[object, ...], Formula] = {}
        self._given: dict[tuple[Formula, Variable, Intervals], Formula] = {}
        self.true = self._junction("and", ())
        self.false = self._junction("or", ())

    def literal(self, variable: Variable, values: Intervals) -> Formula:
        """`variable` has one of `values`."""
        if not values:
            return self.false
        if values == (0, variable.size):
            return self.true
        key = (variable, values)
        found = self._interned.get(key)
        if found is None:
            found = self._interned[key] = Formula(
                len(self._interned),
                "literal",
                variable=variable,
                values=values,
                literals=frozenset({key}),
                variables=frozenset({variable}),
                words=frozenset({(variable.base, variable.offset)}),
                weight=4 + len(values) // 8,
            )
        return found

    def all(self, formulas: Iterable[Formula]) -> Formula:
        """The conjunction."""
        return self._join("and", formulas)

    def some(self, formulas: Iterable[Formula]) -> Formula:
        """The disjunction."""
        return self._join("or", formulas)

    def given(self, formula: Formula, variable: Variable, values: Intervals) -> Formula:
        """What is left of the formula when the variable is known to have one of `values`."""
        if (variable.base, variable.offset) not in formula.words:
            return formula
        key = (formula, variable, values)
        found = self._given.get(key)
        if found is None:
            if formula.kind == "literal":
                found = self._literal_given(formula, variable, values)
            else:
                found = self._join(formula.kind, [self.given(part, variable, values) for part in formula.parts])
            self._given[key] = found
        return found

    def _junction(self, kind: str, parts: tuple[Formula, ...]) -> Formula:
        key = (kind, *parts)
        found = self._interned.get(key)
        if found is None:
            found = self._interned[key] = Formula(
                len(self._interned),
                kind,
                parts,
                literals=frozenset().union(*(part.literals for part in parts)),
                variables=frozenset().union(*(part.variables for part in parts)),
                words=frozenset().union(*(part.words for part in parts)),
                weight=sum(part.weight for part in parts),
            )
        return found

    def _join(self, kind: str, formulas: Iterable[Formula]) -> Formula:
        neutral, absorbing = (self.true, self.false) if kind == "and" else (self.false, self.true)
        sets: dict[Variable, list[Intervals]] = {}
        others: dict[Formula, None] = {}
        stack = list(formulas)
        while stack:
            part = stack.pop()
            if part is absorbing:
                return absorbing
            if part.kind == kind:
                stack.extend(part.parts)
            elif part.variable is None:
                others[part] = None
            else:
                sets.setdefault(part.variable, []).append(part.values)
        merge = intersection_all if kind == "and" else union_all
        literals = [
            self.literal(variable, merge(values) if len(values) > 1 else values[0]) for variable, values in sets.items()
        ]
        if absorbing in literals:
            return absorbing
        literals = [part for part in literals if part is not neutral]
        narrowed = [self._within(kind, part, literals) for part in others]
        if any(new is not old for new, old in zip(narrowed, others, strict=True)):
            return self._join(kind, literals + narrowed)
        parts = sorted([*literals, *narrowed], key=_serial)
        return parts[0] if len(parts) == 1 else self._junction(kind, tuple(parts))

    def _within(self, kind: str, part: Formula, literals: list[Formula]) -> Formula:
        """Inside a conjunction its literals may be taken for true, inside a disjunction for false."""
        for literal in literals:
            variable = literal.variable
            if variable is not None and variable in part.variables:
                values = literal.values if kind == "and" else complement(literal.values, variable.size)
                part = self.given(part, variable, values)
        return part

    def _literal_given(self, literal: Formula, variable: Variable, values: Intervals) -> Formula:
        own = literal.variable
        assert own is not None
        if own == variable:
            if is_subset(values, literal.values):
                return self.true
            return self.false if is_disjoint(values, literal.values) else literal
        if own.is_length or not own.mask & variable.mask or not values:
            return literal
        return self._other_mask_given(literal, own, variable, values)

    def _other_mask_given(self, literal: Formula, own: Variable, variable: Variable, values: Intervals) -> Formula:
        """The literal where another mask of the same word has `values`: bits that are known need no test."""
        mask, known = _known_bits(variable, values)
        mask, known = mask & own.mask, known & own.mask
        free = own.mask & ~mask
        low_bit = own.mask & -own.mask
        possible = (known, (known | free) + low_bit)
        if is_subset(possible, literal.values):
            return self.true
        if is_disjoint(possible, literal.values):
            return self.false
        inside = variable.mask & own.mask == variable.mask
        for negated in (False, True):
            points = _points(complement(literal.values, own.size) if negated else literal.values, low_bit)
            if points is None:
                continue
            rest = Variable(own.base, own.offset, free)
            fill = (free & -free) - 1
            kept: Intervals = ()
            for point in points:
                if point & mask == known and (not inside or contains(values, point & variable.mask)):
                    kept = union(kept, (point & free, (point & free | fill) + 1))
            return self.literal(rest, complement(kept, rest.size) if negated else kept)
        return literal


def _serial(formula: Formula) -> int:
    return formula.serial


def _points(values: Intervals, low_bit: int) -> list[int] | None:
    """The single values of a set that has few of them and no ranges."""
    if len(values) > 2 * MAX_POINTS or any(b - a != low_bit for a, b in zip(values[::2], values[1::2], strict=True)):
        return None
    return list(values[::2])


def _known_bits(variable: Variable, values: Intervals) -> tuple[int, int]:
    """The bits of the word that are the same for all `values`: (their mask, their value)."""
    first, last = values[0], values[-1] - 1
    varying = (1 << (first ^ last).bit_length()) - 1
    mask = variable.mask & ~varying
    return mask, first & mask
