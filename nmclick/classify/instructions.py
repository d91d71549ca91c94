"""Click's own form of a classification program: a list of word tests with jumps, as its `program` handler shows it.

Only for that handler. A jump above 0 goes to an instruction, others leave: output N is -N.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .lower import pieces
from .patterns import All, Base, Choose, Compare, Not, Pattern, Some

NEVER = -0x7FFFFFFF
FAILURE = NEVER + 1
SUCCESS = NEVER + 2

BASES = {Base.DATA: 0, Base.MAC: 2, Base.NETWORK: 256, Base.TRANSPORT: 512}
"""Where Click counts each header from: the MAC header starts at 2, so that what follows it is aligned."""


@dataclass(slots=True)
class Instruction:
    """Go to `jumps[word & mask == value]`; `short` is the jump of packets that end before the mask does."""

    offset: int
    mask: int
    value: int
    jumps: list[int] = field(default_factory=lambda: [FAILURE, SUCCESS])
    short: bool = False

    @property
    def test(self) -> tuple[int, bool, int, int]:
        return self.offset, self.short, self.mask, self.value

    @property
    def needs(self) -> int:
        """How long a packet must be for the test to be made."""
        if not self.mask:
            return 0
        return self.offset + 4 - ((self.mask & -self.mask).bit_length() - 1) // 8

    @property
    def one_bit(self) -> bool:
        return self.mask & (self.mask - 1) == 0

    def flip(self) -> None:
        """Test a single bit for its other value."""
        self.value ^= self.mask
        self.jumps.reverse()
        self.short = not self.short

    def text(self) -> str:
        """As in the handler."""
        yes, no = (jump_text(jump) for jump in reversed(self.jumps))
        test = f"{self.offset:3d}/{self.value:08x}%{self.mask:08x}"
        return f"{test}  yes->{yes}  no->{no}" + ("  short->yes" if self.short else "")


def jump_text(jump: int) -> str:
    if jump <= SUCCESS:
        return f"[{'X-+'[jump - NEVER]}]"
    return f"[{-jump}]" if jump <= 0 else f"step {jump}"


def decides(known: Instruction, outcome: bool, length: int, other: Instruction) -> bool | None:
    """What `known` having gone the way of `outcome` says about the test `other`.

    `length` is how many bytes every packet has that comes to `known`.
    """
    if not other.mask:
        return True
    if other.offset != known.offset:
        return None
    common = known.mask & other.mask
    agree = (known.value ^ other.value) & common == 0
    if outcome:
        if common == other.mask and agree and _short_agrees(known, True, length, other, True):
            return True
        if common == other.mask and not agree and _short_agrees(known, True, length, other, False):
            return False
    elif known.mask:
        same_bit = known.one_bit and known.mask == other.mask and known.value != other.value
        if same_bit and _short_agrees(known, False, length, other, True):
            return True
        if common == known.mask and agree and _short_agrees(known, False, length, other, False):
            return False
    return None


def _short_agrees(known: Instruction, outcome: bool, length: int, other: Instruction, expected: bool) -> bool:
    if known.short != outcome or known.needs <= length:
        return True
    return known.needs <= other.needs and expected == other.short


def compatible(a: Instruction, b: Instruction, mind_short: bool) -> bool:
    """Whether the same word can pass both tests."""
    if not a.mask or not b.mask:
        return True
    if a.offset != b.offset or (mind_short and a.short != b.short and a.needs < b.needs):
        return False
    return (a.value ^ b.value) & a.mask & b.mask == 0


def compile_pattern(pattern: Pattern) -> list[Instruction]:
    """The instructions of a pattern, which leave by SUCCESS and FAILURE."""
    code: list[Instruction] = []
    _compile(pattern, code)
    return code


def _compile(pattern: Pattern, code: list[Instruction]) -> None:
    match pattern:
        case Compare():
            _compare(pattern, code)
        case Not():
            start = len(code)
            _compile(pattern.operand, code)
            _redirect(code, start, FAILURE, SUCCESS)
        case All(operands=()) | Some(operands=()):
            outcomes = [FAILURE, SUCCESS] if isinstance(pattern, All) else [SUCCESS, FAILURE]
            code.append(Instruction(0, 0, 0, outcomes))
        case All() | Some():
            _join(pattern.operands, isinstance(pattern, All), code)
        case Choose():
            starts = []
            for operand in (pattern.condition, pattern.yes, pattern.no):
                starts.append(len(code))
                _compile(operand, code)
            _redirect(code, starts[0], starts[1], starts[2], until=starts[1])


def _join(operands: tuple[Pattern, ...], conjunction: bool, code: list[Instruction]) -> None:
    for operand in operands[:-1]:
        start = len(code)
        _compile(operand, code)
        following = len(code)
        _redirect(code, start, following if conjunction else SUCCESS, FAILURE if conjunction else following)
    _compile(operands[-1], code)


def _redirect(code: list[Instruction], start: int, success: int, failure: int, until: int | None = None) -> None:
    targets = {SUCCESS: success, FAILURE: failure}
    for instruction in code[start:until]:
        instruction.jumps = [targets.get(jump, jump) for jump in instruction.jumps]


def _compare(compare: Compare, code: list[Instruction]) -> None:
    shifted = replace(compare, offset=compare.offset + 2) if compare.base is Base.MAC else compare
    base = BASES[compare.base] - (2 if compare.base is Base.MAC else 0)
    start = len(code)
    if not compare.mask:
        code.append(Instruction(0, 0, 0))
    elif compare.low == compare.high:
        for (_, offset), mask, value, _ in pieces(shifted):
            if len(code) > start:
                _redirect(code, start, len(code), FAILURE)
            code.append(Instruction(base + offset, mask, value))
    else:
        (((_, offset), mask, low, high),) = pieces(shifted)
        _range(Field(base + offset, (mask & -mask).bit_length() - 1), mask, low, high, code)
    for instruction in code[start:]:
        instruction.short ^= compare.short


@dataclass(frozen=True, slots=True)
class Field:
    """The bits from `shift` on of the word at `offset`."""

    offset: int
    shift: int


def _range(field: Field, mask: int, low: int, high: int, code: list[Instruction]) -> None:
    """A range is decided bit by bit from the top: greater than `low - 1`, and not greater than `high`."""
    mask, low, high = (value >> field.shift for value in (mask, low, high))
    first = len(code)
    if low > 0:
        _greater(field, mask, low - 1, code)
    if high < mask:
        second = len(code)
        _redirect(code, first, second, FAILURE)
        _greater(field, mask, high, code)
        for instruction in code[second:]:
            instruction.short = not instruction.short
        _redirect(code, second, FAILURE, SUCCESS)


def _greater(field: Field, mask: int, bound: int, code: list[Instruction]) -> None:
    """The bits of `mask` are greater than `bound`: the top bits decide, or else those below them."""
    high_bit = bound > mask >> 1
    different = (~(bound + 1) & mask if high_bit else bound).bit_length()
    upper = mask & ~((1 << different) - 1)
    mask &= ~upper
    bound &= mask
    following = len(code) + 1
    if high_bit:
        value, jumps = upper << field.shift, [FAILURE, following if bound < mask else SUCCESS]
    else:
        value, jumps = 0, [SUCCESS, following if bound < mask else FAILURE]
    code.append(Instruction(field.offset, upper << field.shift, value, jumps, short=not high_bit))
    if bound < mask:
        _greater(field, mask, bound, code)
