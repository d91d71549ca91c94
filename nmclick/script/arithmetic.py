"""Script's read handlers that compute: numbers, truth values and words in, text out.

Integers are 64 bits wide and wrap around; a word that is no such integer makes the computation a floating-point one.
Every function takes the text of the parameters and raises HandlerError for what it cannot use.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable

from nmclick.element import HandlerError
from nmclick.lang.configstring import shift_word, split_words, unquote
from nmclick.lang.source import encode
from nmclick.script.numbers import (
    format_bool,
    format_real,
    parse_bool,
    parse_integer,
    parse_real,
    parse_saturating,
)
from nmclick.script.sprintf import sprintf

Function = Callable[[str], str]
Number = int | float


def wrap(value: int) -> int:
    """`value` as a 64-bit two's complement integer."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def _format(value: Number) -> str:
    return str(wrap(value)) if isinstance(value, int) else format_real(value)


# Lists of numbers -----------------------------------------------------------------------------------------------------


def _fold(initial: int, combine: Callable[[Number, Number], Number]) -> Function:
    def function(text: str) -> str:
        total: Number = initial
        real = False
        for at, word in enumerate(split_words(text)):
            number: Number | None = None if real else parse_integer(word)
            if number is None:
                number = _real(word, "expected list of numbers")
                total, real = float(total), True
            total = number if at == 0 else combine(total, number)
            if isinstance(total, int):
                total = wrap(total)
        return _format(total)

    return function


def _quotient(text: str) -> float:
    total = 1.0
    for at, word in enumerate(split_words(text)):
        number = _real(word, "expected list of numbers")
        total = number if at == 0 else _divide(total, number)
    return total


def _divide(a: float, b: float) -> float:
    if b:
        return a / b
    if not a or math.isnan(a):
        return -math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _div(text: str) -> str:
    return format_real(_quotient(text))


def _idiv(text: str) -> str:
    value = _quotient(text)
    # What x86 makes of a conversion that does not fit.
    return str(int(value)) if -(2.0**63) <= value < 2.0**63 else str(-(1 << 63))


# One and two numbers --------------------------------------------------------------------------------------------------


def _real(word: str, message: str) -> float:
    value = parse_real(word)
    if value is None:
        raise HandlerError(message)
    return value


def _pair(text: str) -> tuple[str, str]:
    pair = split_words(text)
    if len(pair) != 2:
        raise HandlerError("expected two numbers")
    return pair[0], pair[1]


def _remainder(a: int, b: int) -> str:
    if not b:
        raise HandlerError("division by zero")
    return str(abs(a) % abs(b) * (-1 if a < 0 else 1))


def _mod(text: str) -> str:
    a, b = (parse_integer(word) for word in _pair(text))
    if a is None or b is None:
        raise HandlerError("expected two numbers")
    return _remainder(a, b)


def _rem(text: str) -> str:
    first, second = _pair(text)
    a, b = parse_integer(first), parse_integer(second)
    if a is not None and b is not None:
        return _remainder(a, b)
    x, y = _real(first, "expected two numbers"), _real(second, "expected two numbers")
    return format_real(math.fmod(x, y) if y and not math.isinf(x) else -math.nan)


def _neg(text: str) -> str:
    number = parse_integer(text)
    return _format(-(_real(text, "expected one number") if number is None else number))


def _abs(text: str) -> str:
    number = parse_integer(text)
    return _format(abs(_real(text, "expected one number") if number is None else number))


def _comparison(holds: Callable[[Number, Number], bool]) -> Function:
    """Numbers compare as numbers, other words as the bytes they unquote to."""

    def function(text: str) -> str:
        first, second = _pair(text)
        a: Number | None = parse_integer(first)
        b: Number | None = parse_integer(second)
        if a is None or b is None:
            a, b = parse_real(first), parse_real(second)
        if a is None or b is None:
            x, y = encode(unquote(first)), encode(unquote(second))
            order = (x > y) - (x < y)
        else:
            # As in Click, what is neither less nor equal (not-a-number) counts as greater.
            order = -1 if a < b else 0 if a == b else 1
        return format_bool(holds(order, 0))

    return function


# Truth values ---------------------------------------------------------------------------------------------------------


def _truth(word: str) -> bool:
    value = parse_bool(word)
    if value is None:
        raise HandlerError("syntax error")
    return value


def _not(text: str) -> str:
    return format_bool(not _truth(text))


def _junction(neutral: bool, negate: bool) -> Function:
    """`neutral` is what an empty list gives and what lets the search go on: True for and, False for or."""

    def function(text: str) -> str:
        value = neutral
        for word in split_words(text):
            value = _truth(word)
            if value is not neutral:
                break
        return format_bool(value is not negate)

    return function


def _if(text: str) -> str:
    condition, text = shift_word(text)
    first, text = shift_word(text)
    return first if _truth(condition) else shift_word(text)[0]


def _in(text: str) -> str:
    sought, *others = [unquote(word) for word in split_words(text)] or [""]
    return format_bool(bool(sought) and sought in others)


# Words and byte order -------------------------------------------------------------------------------------------------


def _first(text: str) -> str:
    return shift_word(text)[0]


def _length(text: str) -> str:
    return str(len(encode(text)))


def _swap(bits: int) -> Function:
    """Between the order of bytes in memory and on the network, which is the same either way."""

    def function(text: str) -> str:
        value = parse_saturating(text, 32)
        if value is None:
            raise HandlerError("syntax error")
        memory = (value & ((1 << bits) - 1)).to_bytes(bits // 8, sys.byteorder)
        return str(int.from_bytes(memory, "big"))

    return function


FUNCTIONS: dict[str, Function] = {
    "add": _fold(0, operator.add),
    "sub": _fold(0, operator.sub),
    "min": _fold(1, lambda a, b: a if a < b else b),
    "max": _fold(1, lambda a, b: a if a > b else b),
    "mul": _fold(1, operator.mul),
    "div": _div,
    "idiv": _idiv,
    "mod": _mod,
    "rem": _rem,
    "neg": _neg,
    "abs": _abs,
    "eq": _comparison(operator.eq),
    "ne": _comparison(operator.ne),
    "gt": _comparison(operator.gt),
    "ge": _comparison(operator.ge),
    "lt": _comparison(operator.lt),
    "le": _comparison(operator.le),
    "not": _not,
    "sprintf": sprintf,
    "first": _first,
    "and": _junction(True, False),
    "or": _junction(False, False),
    "nand": _junction(True, True),
    "nor": _junction(False, True),
    "if": _if,
    "in": _in,
    "length": _length,
    "unquote": unquote,
    "htons": _swap(16),
    "htonl": _swap(32),
    "ntohs": _swap(16),
    "ntohl": _swap(32),
}
