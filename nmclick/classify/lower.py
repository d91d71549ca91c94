"""From patterns to formulas: every comparison becomes a set of values of one variable, guarded by a length test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .boolean import Algebra, Formula
from .intervals import complement
from .ir import WORD, Variable, length_of
from .patterns import All, Base, Choose, Compare, Not, Pattern, Rule, Some

Word = tuple[Base, int]
Piece = tuple[Word, int, int, int]


def comparisons(pattern: Pattern) -> Iterator[Compare]:
    """All comparisons of a pattern."""
    match pattern:
        case Compare():
            yield pattern
        case Not():
            yield from comparisons(pattern.operand)
        case All() | Some():
            for operand in pattern.operands:
                yield from comparisons(operand)
        case Choose():
            for operand in (pattern.condition, pattern.yes, pattern.no):
                yield from comparisons(operand)


def pieces(compare: Compare) -> list[Piece]:
    """The comparison cut at aligned 32-bit words: (word, mask, low, high) each, all of which must hold."""
    first = compare.offset // 4
    last = (compare.offset + compare.length - 1) // 4
    shift = 8 * (4 * (last + 1) - compare.offset - compare.length)
    mask, low, high = compare.mask << shift, compare.low << shift, compare.high << shift
    if first != last and low != high:
        raise ValueError(f"range over more than one word: {compare}")
    result = []
    for word in range(first, last + 1):
        at = 32 * (last - word)
        part = mask >> at & WORD
        if part:
            result.append(((compare.base, 4 * word), part, low >> at & WORD, high >> at & WORD))
    return result


class Lowering:
    """Lowers the patterns of one program.

    A mask that is a prefix of another mask in use on the same word (10.0.0.0/8 beside 10.1.2.0/24) becomes a range
    of the longer one: all such tests are then tests of one variable, made in one step.
    """

    def __init__(self, algebra: Algebra, rules: Iterable[Rule]) -> None:
        self._algebra = algebra
        self._memo: dict[tuple[int, bool], Formula] = {}
        self._kept: list[Pattern] = []
        used: dict[Word, set[int]] = {}
        for rule in rules:
            for compare in comparisons(rule.pattern):
                for word, mask, _, _ in pieces(compare):
                    used.setdefault(word, set()).add(mask)
        self._widest = {(word, mask): _widest(mask, masks) for word, masks in used.items() for mask in masks}

    def formula(self, pattern: Pattern, negated: bool = False) -> Formula:
        """The formula of a pattern or of its negation."""
        key = (id(pattern), negated)
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = self._lower(pattern, negated)
            self._kept.append(pattern)
        return found

    def _lower(self, pattern: Pattern, negated: bool) -> Formula:
        algebra = self._algebra
        match pattern:
            case Compare():
                return self._compare(pattern, negated)
            case Not():
                return self.formula(pattern.operand, not negated)
            case All() | Some():
                parts = [self.formula(operand, negated) for operand in pattern.operands]
                return algebra.all(parts) if isinstance(pattern, All) != negated else algebra.some(parts)
            case Choose():
                yes = [self.formula(pattern.condition), self.formula(pattern.yes, negated)]
                no = [self.formula(pattern.condition, True), self.formula(pattern.no, negated)]
                return algebra.some([algebra.all(yes), algebra.all(no)])

    def _compare(self, compare: Compare, negated: bool) -> Formula:
        algebra = self._algebra
        if not compare.mask:
            holds = compare.low <= 0 <= compare.high
            return algebra.true if holds != negated else algebra.false
        literals = []
        for word, mask, low, high in pieces(compare):
            variable = Variable(*word, self._widest[word, mask])
            fill = (mask & -mask) - 1
            start, end = low + fill & ~fill, min((high | fill) + 1, variable.size)
            values = (start, end) if start < end else ()
            literals.append(algebra.literal(variable, complement(values, variable.size) if negated else values))
        length = length_of(compare.base)
        long_enough = (compare.needs, length.size)
        if compare.short != negated:
            too_short = algebra.literal(length, complement(long_enough, length.size))
            return algebra.some([too_short, (algebra.some if negated else algebra.all)(literals)])
        return algebra.all([algebra.literal(length, long_enough), (algebra.some if negated else algebra.all)(literals)])


def _widest(mask: int, masks: Sequence[int] | set[int]) -> int:
    """The largest mask in use of which `mask` is a prefix: all bits it has more are lower."""
    low_bit = mask & -mask
    return max(other for other in masks if other & mask == mask and not (other & ~mask) & -low_bit)
