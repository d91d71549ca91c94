"""``sprintf FORMAT ARGS`` of scripts: the conversions d i o u x X s and %, with Click's readings of their flags."""

from __future__ import annotations

import re

from nmclick.element import HandlerError
from nmclick.lang.configstring import parse_string, shift_word, unquote
from nmclick.lang.source import decode, encode
from nmclick.script.numbers import parse_integer

_CONVERSION = re.compile(
    r"%(?P<flags>[0# +-]*)(?P<width>[0-9]*)(?:\.(?P<precision>[0-9]*))?(?P<size>[hlLq]*)(?P<type>.)?", re.S
)
_LONGEST = 128
_WIDEST = 65536


def sprintf(text: str) -> str:
    """Every argument must be used; one that does not suit its conversion is a syntax error."""
    word, text = shift_word(text)
    template = unquote(word)
    out: list[bytes] = []
    done = 0
    for conversion in _CONVERSION.finditer(template):
        out.append(encode(template[done : conversion.start()]))
        done = conversion.end()
        argument = ""
        if conversion["type"] != "%":
            argument, text = shift_word(text)
        out.append(_convert(conversion, argument))
    if text:
        raise HandlerError("syntax error")
    out.append(encode(template[done:]))
    return decode(b"".join(out))


def _convert(conversion: re.Match[str], argument: str) -> bytes:
    flags, width = conversion["flags"], min(int(conversion["width"][:9] or 0), _WIDEST)
    # "%.d": the period alone is not passed on, and there is no precision.
    precision = min(int(conversion["precision"][:9]), _WIDEST) if conversion["precision"] else -1
    match conversion["type"]:
        case "%":
            body = b"%"
        case "s":
            string = parse_string(argument)
            if string is None:
                raise HandlerError("syntax error")
            data = encode(string).partition(b"\0")[0]
            body = data if precision < 0 else data[:precision]
        case "d" | "i" | "o" | "u" | "x" | "X" as kind:
            value = _integer(argument, kind in "di", conversion["size"])
            body = _digits(value, kind, flags, width, precision).encode()
        case _:
            raise HandlerError("syntax error")
    if "-" in flags:
        return body.ljust(width)
    return body.rjust(width, b"0" if "0" in flags else b" ")


def _integer(argument: str, signed: bool, size: str) -> int:
    value = parse_integer(argument, 64, signed)
    if value is None:
        raise HandlerError("syntax error")
    if size.endswith("h"):
        value &= 0xFFFF
        if signed and value >= 0x8000:
            value -= 0x10000
    return value


def _digits(value: int, kind: str, flags: str, width: int, precision: int) -> str:
    base = {"o": "o", "x": "x", "X": "X"}.get(kind, "d")
    digits = format(abs(value), base)
    prefix = "0" + kind if base in "xX" and "#" in flags and not digits.startswith("0") else ""
    sign = "-" if value < 0 else "+" if "+" in flags else " " if " " in flags else ""
    if precision >= 0:
        digits = digits.rjust(min(precision, _LONGEST - 4), "0")
    elif "0" in flags:
        digits = digits.rjust(min(width, _LONGEST) - len(prefix) - len(sign), "0")
    if base == "o" and "#" in flags and digits[1:2] != "0":
        digits = "0" + digits
    return sign + prefix + digits
