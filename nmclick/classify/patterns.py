"""The syntax tree that all pattern languages share: comparisons of packet bytes, and logic over them.

This is what a pattern *means*, before any optimisation. `evaluate` reads it directly, `lower` compiles it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

DROP = -1
"""The output of a packet that no pattern takes."""


class Base(IntEnum):
    """Where offsets count from. A header that is not known has length 0."""

    DATA = 0
    MAC = 1
    NETWORK = 2
    TRANSPORT = 3


@dataclass(frozen=True, slots=True)
class Compare:
    """`low <= (field & mask) <= high` for the big-endian field of `length` bytes at `offset`.

    When the packet ends before the last byte that `mask` touches, the outcome is `short`.
    Ranges (`low < high`) lie within one aligned 32-bit word; equalities may be of any length.
    """

    base: Base
    offset: int
    length: int
    mask: int
    low: int
    high: int
    short: bool = False

    @property
    def needs(self) -> int:
        """Bytes from the base that must exist for the comparison to be made."""
        if not self.mask:
            return 0
        untouched = ((self.mask & -self.mask).bit_length() - 1) // 8
        return self.offset + self.length - untouched


@dataclass(frozen=True, slots=True)
class Not:
    operand: Pattern


@dataclass(frozen=True, slots=True)
class All:
    operands: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Some:
    operands: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Choose:
    """`condition ? yes : no`."""

    condition: Pattern
    yes: Pattern
    no: Pattern


Pattern = Compare | Not | All | Some | Choose

ALWAYS = All(())
NEVER = Some(())


@dataclass(frozen=True, slots=True)
class Rule:
    """Packets that match `pattern` and no rule before go to `output` (or DROP). `index` is the user's argument."""

    pattern: Pattern
    output: int
    index: int


@dataclass(frozen=True)
class PatternError:
    """An error or a warning in argument number `argument`; `start` and `end` are offsets into its text."""

    argument: int
    message: str
    start: int | None = None
    end: int | None = None
