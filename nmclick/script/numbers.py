"""Numbers and truth values as scripts read and print them; None stands for text that is none."""

from __future__ import annotations

import math

from nmclick.lang.arguments import ArgumentError, Bool, Double, TimeSpan
from nmclick.lang.values.numbers import parse_integer as parse_any_integer

_BOOL, _DOUBLE, _TIME = Bool(), Double(), TimeSpan(saturate=True)


def parse_integer(text: str, bits: int = 64, signed: bool = True) -> int | None:
    """An integer of so many bits: decimal, 0x, 0b or 0octal."""
    value = parse_any_integer(text)
    if value is None or (text.startswith("-") and not signed):
        return None
    low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if signed else (0, 1 << bits)
    return value if low <= value < high else None


def parse_saturating(text: str, bits: int) -> int | None:
    """A signed integer, or the nearest one of so many bits."""
    value = parse_any_integer(text)
    return None if value is None else max(-(1 << (bits - 1)), min(value, (1 << (bits - 1)) - 1))


def parse_real(text: str) -> float | None:
    try:
        return _DOUBLE.parse(text)
    except ArgumentError:
        return None


def parse_bool(text: str) -> bool | None:
    try:
        return _BOOL.parse(text)
    except ArgumentError:
        return None


def parse_time(text: str) -> int | None:
    """A length of time, in seconds unless it has a unit, in nanoseconds."""
    try:
        return _TIME.parse(text)
    except ArgumentError:
        return None


def format_bool(value: bool) -> str:
    return "true" if value else "false"


def format_real(value: float) -> str:
    """As C prints ``%.12g``; not-a-number keeps its sign."""
    if math.isnan(value):
        return "-nan" if math.copysign(1.0, value) < 0 else "nan"
    return f"{value:.12g}"
