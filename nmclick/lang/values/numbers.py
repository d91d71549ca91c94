"""Numbers: integers with bounds, truth values, floating and fixed point."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from nmclick.lang.values.base import Argument, ArgumentError
from nmclick.lang.values.decimal import parse_decimal

if TYPE_CHECKING:
    from nmclick.lang.values.environment import Environment

_INTEGER = re.compile(
    r"[+-]?(?:0[xX](?P<hex>[0-9a-fA-F](?:_?[0-9a-fA-F])*)|0[bB](?P<bin>[01](?:_?[01])*)"
    r"|(?P<oct>0(?:_?[0-7])*)|(?P<dec>[1-9](?:_?[0-9])*))"
)
_BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}
_FLOAT = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf(?:inity)?|nan)", re.IGNORECASE)
_HEX_FLOAT = re.compile(r"[+-]?0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?[0-9]{1,6})?", re.IGNORECASE)
#: More decimal digits than any integer type holds; longer numbers are out of range whatever their digits are.
_MANY_DIGITS = 40


def parse_integer(text: str) -> int | None:
    """An integer of any size as Click writes it: decimal, 0x, 0b, leading 0 for octal, ``_`` between
    digits."""
    match = _INTEGER.fullmatch(text)
    if match is None or match.lastgroup is None:
        return None
    digits = match[match.lastgroup].replace("_", "")
    if match.lastgroup == "dec" and len(digits) > _MANY_DIGITS:
        digits = "9" * _MANY_DIGITS
    value = int(digits, _BASES[match.lastgroup])
    return -value if text.startswith("-") else value


class Integer(Argument):
    """What Unsigned and Signed share. `least` and `most` are what the C type holds, `low` and `high` what is
    allowed."""

    __slots__ = ("bits", "high", "low", "saturate")

    signed = False

    def __init__(
        self, bits: int = 32, *, min: int | None = None, max: int | None = None, saturate: bool = False
    ) -> None:
        if bits not in (8, 16, 32, 64):
            raise ValueError(f"no C integer has {bits} bits")
        self.bits = bits
        self.low = self.least if min is None else min
        self.high = self.most if max is None else max
        self.saturate = saturate
        if not self.least <= self.low <= self.high <= self.most:
            raise ValueError(f"bounds {self.low} to {self.high} do not fit {self.bits} bits")

    @property
    def least(self) -> int:
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def most(self) -> int:
        return (1 << (self.bits - self.signed)) - 1

    @property
    def expects(self) -> str:
        if (self.low, self.high) == (self.least, self.most):
            return f"{'a signed' if self.signed else 'an unsigned'} {self.bits}-bit integer"
        if self.high == self.most:
            return f"an integer, {self.low} or more"
        return f"an integer from {self.low} to {self.high}"

    @property
    def c_type(self) -> str:
        return f"{'' if self.signed else 'u'}int{self.bits}_t"

    def parse(self, text: str, environment: Environment | None = None) -> int:
        value = parse_integer(text)
        if value is None or (text.startswith("-") and not self.signed):
            raise ArgumentError("invalid number")
        if self.saturate:
            return max(self.low, min(value, self.high))
        # A value that its C type cannot hold is reported with the bound of the type, as Click does.
        for low, high in ((self.least, self.most), (self.low, self.high)):
            if not low <= value <= high:
                raise ArgumentError(f"out of range, bound {low if value < low else high}")
        return value

    def from_c(self, raw: int | bytes) -> int:
        assert isinstance(raw, int)
        raw &= (1 << self.bits) - 1
        return raw - (1 << self.bits) if self.signed and raw > self.most else raw


class Unsigned(Integer):
    """An unsigned integer of 8, 16, 32 or 64 bits, from `min` to `max`; `saturate`: the nearest one
    allowed."""

    __slots__ = ()


class Signed(Integer):
    """A signed integer of 8, 16, 32 or 64 bits, from `min` to `max`; `saturate`: the nearest one allowed."""

    __slots__ = ()
    signed = True


_TRUTH: Mapping[str, bool] = {word: word in ("1", "true", "yes", "t", "y") for word in
                              ("0", "false", "no", "f", "n", "1", "true", "yes", "t", "y")}  # fmt: skip


class Bool(Argument):
    """A truth value: true, yes, t, y, 1 or false, no, f, n, 0."""

    __slots__ = ()

    @property
    def expects(self) -> str:
        return "true or false"

    @property
    def c_type(self) -> str:
        return "bool"

    def parse(self, text: str, environment: Environment | None = None) -> bool:
        value = _TRUTH.get(text)
        if value is None:
            raise ArgumentError
        return value

    def unparse(self, value: bool | int) -> str:
        return "true" if value else "false"

    def from_c(self, raw: int | bytes) -> bool:
        return bool(raw)


class Double(Argument):
    """A floating point number as strtod() reads it. It has no form in C: the data plane computes with
    integers."""

    __slots__ = ()

    @property
    def expects(self) -> str:
        return "a number"

    def parse(self, text: str, environment: Environment | None = None) -> float:
        if _HEX_FLOAT.fullmatch(text):
            try:
                return float.fromhex(text)
            except OverflowError:
                raise ArgumentError(f"out of range, bound {'-' if text[0] == '-' else ''}inf") from None
        if not _FLOAT.fullmatch(text):
            raise ArgumentError
        value = float(text)
        if value in (float("inf"), float("-inf")) and "n" not in text.lower():
            raise ArgumentError(f"out of range, bound {value:g}")
        if value == 0 and any(digit in "123456789" for digit in re.split("[eE]", text)[0]):
            raise ArgumentError(f"underflow, rounded to {value:g}")
        return value

    def unparse(self, value: float) -> str:
        return f"{value:.12g}"


class FixedPoint(Argument):
    """A number with `bits` binary digits of fraction in 32 bits, such as a probability. The value is the
    scaled integer: FixedPoint(16) reads "0.5" as 32768."""

    __slots__ = ("bits", "signed")

    def __init__(self, bits: int, *, signed: bool = False) -> None:
        if not 1 <= bits <= 28:
            raise ValueError(f"a fixed point number has 1 to 28 bits of fraction, not {bits}")
        self.bits = bits
        self.signed = signed

    @property
    def expects(self) -> str:
        return "a number such as 0.25"

    @property
    def c_type(self) -> str:
        return "int32_t" if self.signed else "uint32_t"

    def parse(self, text: str, environment: Environment | None = None) -> int:
        number = parse_decimal(text, signed=self.signed)
        if number is None:
            raise ArgumentError
        value = number.fixed_point(0, self.bits)
        bound = (1 << (32 - self.signed)) - 1 + (self.signed and number.negative)
        if value > bound:
            shown = -bound if number.negative else bound
            raise ArgumentError(f"out of range, bound {self.unparse(shown)}")
        return -value if number.negative else value

    def unparse(self, value: int) -> str:
        """About the shortest decimal fraction that reads back as `value`."""
        whole, fraction = divmod(abs(value), 1 << self.bits)
        text = f"{whole}{_fraction_digits(fraction, self.bits)}"
        return "-" + text if value < 0 else text


def _fraction_digits(fraction: int, bits: int) -> str:
    """The fraction of a fixed point number with its point; "" for zero.

    D. Knuth, "TeX: The Program", section 103 (print_scaled), in 32-bit arithmetic: with 24 bits and more
    Click's last digits come from its overflows.
    """
    if fraction == 0:
        return ""
    one, word = 1 << bits, 0xFFFFFFFF
    rounder = 5
    while rounder < one >> 1:
        rounder *= 10
    digits = "."
    rest, tolerance = 10 * fraction + 5, 10
    while True:
        if tolerance > one:
            rest = (rest + (one >> 1) - rounder) & word
        digit, rest = divmod(rest, one)
        digits += str(digit)
        rest, tolerance = rest * 10 & word, tolerance * 10 & word
        if rest <= tolerance:
            return digits
