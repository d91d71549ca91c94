"""Quantities with units: bandwidths, byte counts, times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nmclick.lang.values.base import Argument, ArgumentError
from nmclick.lang.values.decimal import Decimal, Unit, parse_decimal, split_unit
from nmclick.lang.values.numbers import parse_integer

if TYPE_CHECKING:
    from nmclick.lang.values.environment import Environment

_BANDWIDTH_UNITS = (
    Unit("baud", -3, 125),
    Unit("bps", -3, 125),
    Unit("b/s", -3, 125),
    Unit("Bps", 0, 1),
    Unit("B/s", 0, 1),
)
_BANDWIDTH_PREFIXES = {"k": 3, "K": 3, "M": 6, "G": 9}

_TIME_UNITS = (
    Unit("s", 0, 1),
    Unit("sec", 0, 1),
    Unit("m", 1, 6),
    Unit("min", 1, 6),
    Unit("h", 2, 36),
    Unit("hr", 2, 36),
    Unit("d", 2, 864),
    Unit("day", 2, 864),
)
_TIME_PREFIXES = {"m": -3, "u": -6, "n": -9}

_SIZE_UNITS = (
    *(Unit(letter + "iB", 0, 1024**power) for power, letter in enumerate("KMGT", 1)),
    *(Unit(letter + "B", 0, 1000**power) for power, letter in enumerate("kMGT", 1)),
    Unit("KB", 0, 1000),
    *(Unit(letter, 0, 1024**power) for power, letter in enumerate("KMGT", 1)),
    Unit("k", 0, 1024),
    Unit("B", 0, 1),
)

SECOND = 1_000_000_000
"""Nanoseconds of a second: the values of TimeSpan and TimeStamp are nanoseconds."""


def _decimal(text: str, *, signed: bool = False) -> Decimal:
    number = parse_decimal(text, signed=signed)
    if number is None:
        raise ArgumentError
    return number


def unparse_decimal(value: int, digits: int) -> str:
    """``value / 10**digits`` without trailing zeros: (1500, 3) gives "1.5"."""
    whole, fraction = divmod(abs(value), 10**digits)
    text = f"{whole}.{fraction:0{digits}d}".rstrip("0").rstrip(".") if fraction else str(whole)
    return "-" + text if value < 0 else text


class Bandwidth(Argument):
    """A rate in bytes per second: "10Mbps", "1.5 GBps", "8000" (bytes without a unit). The value is an
    integer."""

    __slots__ = ("bits",)

    def __init__(self, bits: int = 64) -> None:
        if bits not in (32, 64):
            raise ValueError(f"a bandwidth has 32 or 64 bits, not {bits}")
        self.bits = bits

    @property
    def expects(self) -> str:
        return "a bandwidth such as 10Mbps or 1.25MBps"

    @property
    def c_type(self) -> str:
        return f"uint{self.bits}_t"

    def parse(self, text: str, environment: Environment | None = None) -> int:
        number, power, factor = split_unit(text, _BANDWIDTH_UNITS, _BANDWIDTH_PREFIXES)
        value = _decimal(number).multiplied(power, factor)
        if value >> self.bits:
            raise ArgumentError("out of range")
        return value

    def unparse(self, value: int) -> str:
        if value >= 0x20000000:
            return unparse_decimal(value, 6) + "MBps"
        if value >= 125_000_000:
            return unparse_decimal(value * 8, 9) + "Gbps"
        if value >= 125_000:
            return unparse_decimal(value * 8, 6) + "Mbps"
        return unparse_decimal(value * 8, 3) + "kbps"


class ByteSize(Argument):
    """A number of bytes. K, M, G, T (also KiB, ...) are powers of 1024; kB, MB, GB, TB powers of 1000, as in
    dd(1)."""

    __slots__ = ()

    @property
    def expects(self) -> str:
        return "a number of bytes such as 4096 or 64K"

    @property
    def c_type(self) -> str:
        return "uint64_t"

    def parse(self, text: str, environment: Environment | None = None) -> int:
        value = parse_integer(text)
        if value is None:
            number, power, factor = split_unit(text, _SIZE_UNITS, {})
            if factor == 1 and number == text:
                raise ArgumentError("invalid number")
            decimal = parse_decimal(number)
            if decimal is None:
                raise ArgumentError("invalid number")
            value = decimal.multiplied(power, factor)
        elif text.startswith("-"):
            raise ArgumentError("invalid number")
        if value >> 64:
            raise ArgumentError(f"out of range, bound {(1 << 64) - 1}")
        return value


class TimeSpan(Argument):
    """A length of time, in seconds unless a unit (s, ms, us, ns, m, h, d) follows. The value is in
    nanoseconds.

    `digits` is Click's resolution for the argument, in decimal digits of a second: TimeSpan(0) rounds "1.99s"
    to two seconds and prints "2", TimeSpan(3) keeps milliseconds. With all nine, times print as "1.500000";
    `interval` prints them as "1.500000s" or "500ms".
    """

    __slots__ = ("digits", "interval", "saturate")

    def __init__(self, digits: int = 9, *, interval: bool = False, saturate: bool = False) -> None:
        if not 0 <= digits <= 9:
            raise ValueError(f"a time has up to nine decimal digits, not {digits}")
        self.digits = digits
        self.interval = interval
        self.saturate = saturate

    @property
    def expects(self) -> str:
        return "a time such as 5, 1.5s or 20ms"

    @property
    def c_type(self) -> str:
        return "uint64_t"

    def parse(self, text: str, environment: Environment | None = None) -> int:
        number, power, factor = split_unit(text, _TIME_UNITS, _TIME_PREFIXES)
        decimal = _decimal(number)
        if self.digits == 9:
            value, bound = decimal.rounded(power + 9) * factor, (1 << 63) - 1
        else:
            # Click counts in 32 bits of the resolution.
            value, bound = decimal.multiplied(power + self.digits, factor), (1 << 32) - 1
        if value > bound:
            if not self.saturate:
                raise ArgumentError("out of range")
            value = bound
        unit: int = 10 ** (9 - self.digits)
        return value * unit

    def unparse(self, value: int) -> str:
        if self.interval:
            return unparse_interval(value)
        if self.digits == 9:
            return unparse_time(value)
        unit: int = 10 ** (9 - self.digits)
        return unparse_decimal(value // unit, self.digits)


class TimeStamp(Argument):
    """A point in time, in seconds since 1970 and with TimeSpan's units, or a difference of two (`signed`).
    The value is in nanoseconds."""

    __slots__ = ("signed",)

    def __init__(self, *, signed: bool = False) -> None:
        self.signed = signed

    @property
    def expects(self) -> str:
        return "a time in seconds such as 1189383079.180265"

    @property
    def c_type(self) -> str:
        return "int64_t" if self.signed else "uint64_t"

    def parse(self, text: str, environment: Environment | None = None) -> int:
        number, power, factor = split_unit(text, _TIME_UNITS, _TIME_PREFIXES)
        decimal = _decimal(number, signed=self.signed)
        value = min(decimal.rounded(power + 9) * factor, (1 << 63) - 1)
        return -value if decimal.negative else value

    def unparse(self, value: int) -> str:
        return unparse_time(value)


def unparse_time(nanoseconds: int) -> str:
    """Seconds with six decimals, or nine where six do not suffice: "1.500000", "-0.000000001"."""
    seconds, rest = divmod(abs(nanoseconds), SECOND)
    fraction = f"{rest:09d}" if rest % 1000 else f"{rest // 1000:06d}"
    return f"{'-' if nanoseconds < 0 else ''}{seconds}.{fraction}"


def unparse_interval(nanoseconds: int) -> str:
    """As Click prints delays: "500ms", "20us", "7ns"; from one second on "1.500000s"."""
    if not 0 <= nanoseconds < SECOND:
        return unparse_time(nanoseconds) + "s"
    if nanoseconds % 1_000_000 == 0:
        return f"{nanoseconds // 1_000_000}ms"
    if nanoseconds % 1000 == 0:
        return f"{nanoseconds // 1000}us"
    return f"{nanoseconds}ns"
