"""Decimal numbers with units, computed exactly, and rounded where Click rounds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_DECIMAL = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>[0-9](?:_?[0-9])*)?(?:\.(?P<fraction>[0-9](?:_?[0-9])*)?)?"
    r"(?:[eE](?P<exponent>[+-]?[0-9]+))?"
)
#: Digits and powers of ten beyond these decide nothing: no value has more than 20 digits before or after the
#: point.
_MANY_DIGITS = 120
_LARGE = 10**_MANY_DIGITS


class Decimal(NamedTuple):
    """The number ``mantissa * 10**exponent``, with its sign apart."""

    negative: bool
    mantissa: int
    exponent: int

    def scaled(self, power: int) -> tuple[int, int]:
        """The magnitude times ``10**power`` as a fraction (numerator, denominator)."""
        exponent = self.exponent + power
        if self.mantissa == 0 or exponent < -2 * _MANY_DIGITS:
            return 0, 1
        if exponent > _MANY_DIGITS:
            return _LARGE, 1
        return (self.mantissa * 10**exponent, 1) if exponent >= 0 else (self.mantissa, 10**-exponent)

    def rounded(self, power: int) -> int:
        """The magnitude times ``10**power``, rounded half up."""
        numerator, denominator = self.scaled(power)
        return (2 * numerator + denominator) // (2 * denominator)

    def fixed_point(self, power: int, bits: int) -> int:
        """The magnitude times ``10**power`` with `bits` binary digits of fraction: rounded to 32 of them
        first, then to `bits`, as Click does."""
        numerator, denominator = self.scaled(power)
        precise = ((numerator << 33) // denominator + 1) >> 1
        return (precise + (1 << (31 - bits))) >> (32 - bits)

    def multiplied(self, power: int, factor: int) -> int:
        """The magnitude times ``10**power`` times `factor`, rounded. Click rounds to 32 bits of fraction
        before it multiplies, which decides cases such as 4 bit/s = half a byte per second."""
        numerator, denominator = self.scaled(power)
        precise = ((numerator << 33) // denominator + 1) >> 1
        return (precise * factor + (1 << 31)) >> 32


def parse_decimal(text: str, *, signed: bool = False) -> Decimal | None:
    """A decimal number: ``12``, ``1_000``, ``.5``, ``3.6e6``; None if `text` is something else."""
    match = _DECIMAL.fullmatch(text)
    if match is None or (match["whole"] is None and match["fraction"] is None):
        return None
    if match["sign"] == "-" and not signed:
        return None
    whole = (match["whole"] or "").replace("_", "")
    fraction = (match["fraction"] or "").replace("_", "")
    digits = (whole + fraction).lstrip("0")
    exponent = -len(fraction)
    if len(digits) > _MANY_DIGITS:
        exponent += len(digits) - _MANY_DIGITS
        digits = digits[:_MANY_DIGITS]
    shown = match["exponent"] or "0"
    exponent += int(shown) if len(shown) < 10 else (-(10**9) if shown[0] == "-" else 10**9)
    return Decimal(match["sign"] == "-", int(digits or "0"), exponent)


class Unit(NamedTuple):
    """A unit suffix: the number before it counts ``factor * 10**power`` base units."""

    suffix: str
    power: int
    factor: int


def split_unit(text: str, units: Sequence[Unit], prefixes: Mapping[str, int]) -> tuple[str, int, int]:
    """Take the unit and its SI prefix off: (the number's text, power of ten, factor). No unit: (text, 0,
    1)."""
    for unit in units:
        if text.endswith(unit.suffix):
            number = text[: -len(unit.suffix)]
            power = unit.power
            if number and number[-1] in prefixes:
                power += prefixes[number[-1]]
                number = number[:-1]
            return number.rstrip(" \t\n\r\f\v"), power, unit.factor
    return text, 0, 1
