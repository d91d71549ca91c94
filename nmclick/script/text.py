"""Words, quotes and numbers as Click's scripts read them.

Text is a `str` in which bytes that are not UTF-8 are kept with surrogateescape; lengths and comparisons that a script
can see are those of the bytes.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Decimal

_HEXES = r"\\<(?:/\*.*?\*/|//[^\n\r]*|[^>])*>?"
_DOUBLE = rf'"(?:{_HEXES}|\\.|[^"\\])*"?'
_SINGLE = r"'[^']*'?"
_COMMENT = r"//[^\n\r]*(?:\r\n|\n|\r)?|/\*.*?(?:\*/|\Z)"
_SPACE = r"[ \t\n\v\f\r]"

_GAP = re.compile(rf"(?:{_SPACE}|{_COMMENT})*", re.S)
_WORD = re.compile(rf"(?:{_DOUBLE}|{_SINGLE}|{_HEXES}|/(?![/*])|[^ \t\n\v\f\r/])*", re.S)
_PIECE = re.compile(
    rf"(?P<gap>(?:{_SPACE}|{_COMMENT})+)|(?P<comma>,)|{_DOUBLE}|{_SINGLE}|{_HEXES}|[^ \t\n\v\f\r,/\"'\\]+|.", re.S
)
_QUOTED = re.compile(
    rf"""\"(?P<double>(?:{_HEXES}|\\.|[^"\\])*)\"?|'(?P<single>[^']*)'?|(?P<hexes>{_HEXES})""", re.S
)
_STRING = re.compile(rf"(?:{_DOUBLE}|{_SINGLE}|{_HEXES}|[^ \t\n\v\f\r])+", re.S)
_ESCAPE = re.compile(rf"(?P<hexes>{_HEXES})|\\(?:\r\n|(?P<octal>[0-7]{{1,3}})|x(?P<hex>[0-9A-Fa-f]*)|(?P<other>.))", re.S)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\n": "", "\r": ""}

_INTEGER = re.compile(
    r"(?P<sign>[+-]?)(?:0[xX](?P<hex>[0-9A-Fa-f]+(?:_[0-9A-Fa-f]+)*)|0[bB](?P<bin>[01]+(?:_[01]+)*)"
    r"|(?P<oct>0(?:_?[0-7]+)*)|(?P<dec>[1-9][0-9]*(?:_[0-9]+)*))"
)
_REAL = re.compile(
    r"[+-]?(?:(?P<nan>nan(?:\([0-9a-z_]*\))?)|inf(?:inity)?"
    r"|(?P<hex>0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?[0-9]+)?)"
    r"|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)",
    re.I,
)
_SMALLEST_NORMAL = 2.2250738585072014e-308
_SECONDS = re.compile(
    r"\+?(?P<number>(?:[0-9]+(?:_[0-9]+)*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"(?:[ \t\n\v\f\r]*(?P<prefix>[mun]?)(?P<unit>day|d|hr|h|min|m|sec|s))?"
)
_UNIT_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "hr": 3600, "d": 86400, "day": 86400}
_LONGEST = (1 << 32) * 10**9 - 1
_PREFIX = {"": Decimal(1), "m": Decimal("1e-3"), "u": Decimal("1e-6"), "n": Decimal("1e-9")}


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


# Words and arguments ------------------------------------------------------------------------------------------------


def shift_word(text: str) -> tuple[str, str]:
    """The first word, its quotes kept, and what follows it; comments and space around them go."""
    start = _end(_GAP, text, 0)
    stop = _end(_WORD, text, start)
    return text[start:stop], text[_end(_GAP, text, stop) :]


def words(text: str) -> list[str]:
    found = []
    word, text = shift_word(text)
    while word:
        found.append(word)
        word, text = shift_word(text)
    return found


def uncomment(text: str) -> str:
    """Without space at the ends; comments, with the space around them, become one space."""
    return split_arguments(text, commas=False)[0]


def split_arguments(text: str, commas: bool = True) -> list[str]:
    """The arguments of a configuration string, each uncommented. An empty last one does not count."""
    arguments: list[str] = []
    current: list[str] = []
    gap = ""

    for piece in _PIECE.finditer(text):
        if piece["gap"]:
            gap = " " if "/" in piece["gap"] else piece["gap"]
        elif piece["comma"] and commas:
            arguments.append("".join(current))
            current, gap = [], ""
        else:
            if current:
                current.append(gap)
            current.append(piece[0])
            gap = ""
    if current or not commas:
        arguments.append("".join(current))
    return arguments


def parse_string(text: str) -> str | None:
    """One word with a layer of quotes removed, or None: empty, or more than a word."""
    return unquote(text) if _STRING.fullmatch(text) else None


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


# Quotes ---------------------------------------------------------------------------------------------------------------


def unquote(text: str) -> str:
    """Uncommented, with one layer of quotes removed: "..." with escapes, '...', and bare \\<hex bytes>."""
    plain = uncomment(text)
    if not any(mark in plain for mark in "\"'\\"):
        return plain
    return from_bytes(to_bytes(_QUOTED.sub(_contents, plain)))


def quote(text: str) -> str:
    """A double-quoted string whose unquoting gives `text` back."""
    out = []
    for byte in to_bytes(text):
        char = chr(byte)
        if char in '\\"$':
            out.append("\\" + char)
        elif char in "\t\r\n":
            out.append({"\t": "\\t", "\r": "\\r", "\n": "\\n"}[char])
        elif 32 <= byte < 127:
            out.append(char)
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def _contents(match: re.Match[str]) -> str:
    if match["hexes"]:
        return _hex_bytes(match["hexes"])
    if match["single"] is not None:
        return match["single"]
    return _ESCAPE.sub(_escape, match["double"])


def _escape(match: re.Match[str]) -> str:
    if match["hexes"]:
        return _hex_bytes(match["hexes"])
    if match["octal"]:
        return _byte(int(match["octal"], 8))
    if match["hex"] is not None:
        return _byte(int(match["hex"] or "0", 16))
    other = match["other"] or ""
    return _LETTERS.get(other, other)


def _hex_bytes(text: str) -> str:
    inside = re.sub(_COMMENT, "", text[2:], flags=re.S).partition(">")[0]
    digits = re.sub(r"[^0-9A-Fa-f]", "", inside)
    return "".join(_byte(int(digits[at : at + 2], 16)) for at in range(0, len(digits) - 1, 2))


def _byte(value: int) -> str:
    value &= 0xFF
    return chr(value) if value < 0x80 else chr(0xDC00 + value)


# Numbers --------------------------------------------------------------------------------------------------------------


def parse_integer(text: str, bits: int = 64, signed: bool = True) -> int | None:
    """Decimal, 0x, 0b or 0octal, underscores between digits; None: not a number, or out of range."""
    value = parse_any_integer(text, signed)
    low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if signed else (0, 1 << bits)
    return value if value is not None and low <= value < high else None


def parse_any_integer(text: str, signed: bool = True) -> int | None:
    match = _INTEGER.fullmatch(text)
    if not match or (match["sign"] == "-" and not signed):
        return None
    for name, base in (("hex", 16), ("bin", 2), ("oct", 8), ("dec", 10)):
        if match[name]:
            # Nothing compares with numbers of this length but "out of range"; int() refuses to read longer ones.
            digits = match[name].replace("_", "")[:4000]
            return int(digits, base) * (-1 if match["sign"] == "-" else 1)
    return None


def parse_real(text: str) -> float | None:
    """What strtod() reads, the whole of `text`; None also for overflow and underflow."""
    match = _REAL.fullmatch(text)
    if not match:
        return None
    if match["nan"]:
        return float(text.partition("(")[0])
    try:
        value = float.fromhex(text) if match["hex"] else float(text)
    except OverflowError:
        return None
    if math.isinf(value) and "n" not in text.lower():
        return None
    tiny = abs(value) < _SMALLEST_NORMAL and re.search(r"[1-9a-f]", re.split("[ep]", text.lower())[0])
    return None if tiny and not match["hex"] else value


def parse_bool(text: str) -> bool | None:
    if text in ("1", "y", "t", "true", "yes"):
        return True
    return False if text in ("0", "n", "f", "false", "no") else None


def parse_seconds(text: str) -> int | None:
    """A time such as ``1.5``, ``20 ms`` or ``2min`` in nanoseconds; at most 2^32 seconds."""
    match = _SECONDS.fullmatch(text)
    if not match:
        return None
    number, _, exponent = match["number"].replace("_", "").lower().partition("e")
    scale = _UNIT_SECONDS[match["unit"] or "s"] * _PREFIX[match["prefix"] or ""]
    shift = max(-400, min(400, int(exponent[:9] or "0")))
    nanoseconds = (Decimal(number) * scale).scaleb(shift + 9)
    if nanoseconds >= _LONGEST:
        return _LONGEST
    return int(nanoseconds.to_integral_value(ROUND_HALF_UP))


def format_bool(value: bool) -> str:
    return "true" if value else "false"


def format_real(value: float) -> str:
    """As C prints ``%.12g``; not-a-number keeps its sign."""
    if math.isnan(value):
        return "-nan" if math.copysign(1.0, value) < 0 else "nan"
    return f"{value:.12g}"
