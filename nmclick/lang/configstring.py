"""Configuration strings: the raw text between an element's parentheses, its arguments, words and quotes.

Everything splits at the top level only: quotes, `\\<...>` data and comments are skipped as a whole. White space is
ASCII's, as in the C locale. Follows Click's `lib/confparse.cc`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from nmclick.lang.source import Span, decode, encode

WHITESPACE = " \t\n\v\f\r"

_SPACES = re.compile(r"[ \t\n\v\f\r]*")
_PLAIN = re.compile(r"[^ \t\n\v\f\r,/'\"\\]+")
_NOT_PLAIN = re.compile(r"['\"\\]|//|/\*")
_KEYWORD = re.compile(r"([A-Za-z0-9_.:?!]+)(?:[ \t\n\v\f\r]+|\Z)")
_WORD = re.compile(r"[!#-&(-+\--\[\]-~]+")
_QUOTE_OR_BACKSLASH = re.compile(r"[\"\\]")
_QUOTING = re.compile(r"['\"\\]")
_LINE_BREAK = re.compile(r"\r\n?|\n")
_ANGLE_STOP = re.compile(r">|//|/\*")
_OCTAL = re.compile(r"[0-7]{1,3}")
_HEX = re.compile(r"[0-9A-Fa-f]*")

_C_ESCAPES = {"a": b"\a", "b": b"\b", "f": b"\f", "n": b"\n", "r": b"\r", "t": b"\t", "v": b"\v"}


def skip_comment(text: str, position: int) -> int:
    """The offset after the comment that starts at `position`; the newline belongs to a `//` comment."""
    if text[position + 1] == "/":
        match = _LINE_BREAK.search(text, position + 2)
        return match.end() if match else len(text)
    end = text.find("*/", position + 2)
    return end + 2 if end >= 0 else len(text)


def is_comment(text: str, position: int) -> bool:
    """Whether a comment starts at `position`."""
    return text.startswith(("//", "/*"), position)


def skip_spaces(text: str, position: int = 0) -> int:
    """The offset of the first character at or after `position` that is neither space nor in a comment."""
    while True:
        match = _SPACES.match(text, position)
        position = match.end() if match else position
        if not is_comment(text, position):
            return position
        position = skip_comment(text, position)


def skip_data(text: str, position: int) -> int:
    """The offset after the `\\<...>` that starts at `position`."""
    position += 2
    while match := _ANGLE_STOP.search(text, position):
        if match.group() == ">":
            return match.end()
        position = skip_comment(text, match.start())
    return len(text)


def skip_quotes(text: str, position: int) -> int:
    """The offset after the quoted string that starts at `position`, or the end if it is not closed."""
    quote = text[position]
    position += 1
    if quote == "'":
        end = text.find("'", position)
        return end + 1 if end >= 0 else len(text)
    while match := _QUOTE_OR_BACKSLASH.search(text, position):
        position = match.start()
        if match.group() == '"':
            return position + 1
        if text.startswith("\\<", position):
            position = skip_data(text, position)
        elif text.startswith("\\\r\n", position):
            position += 3
        else:
            position += 2
    return len(text)


def _skip_piece(text: str, position: int) -> int:
    """The offset after the quoted string, data or plain text at `position`, which is no space or comment."""
    character = text[position]
    if character in "'\"":
        return skip_quotes(text, position)
    if text.startswith("\\<", position):
        return skip_data(text, position)
    match = _PLAIN.match(text, position)
    return match.end() if match else position + 1


def _argument(text: str, position: int, *, commas: bool) -> tuple[str, int, int, int]:
    """One argument without its comments, where it starts and ends, and where its comma or the text's end is."""
    position = left = right = start = skip_spaces(text, position)
    kept: list[str] = []
    after_comment = False
    while position < len(text):
        character = text[position]
        if character in WHITESPACE:
            match = _SPACES.match(text, position)
            position = match.end() if match else position + 1
        elif is_comment(text, position):
            position = skip_comment(text, position)
            after_comment = True
        elif character == "," and commas:
            break
        else:
            if after_comment:
                kept.append(text[left:right])
                left = position
                after_comment = False
            position = right = _skip_piece(text, position)
    kept.append(text[left:right])
    return " ".join(kept), start, right, position


def uncomment(text: str) -> str:
    """`text` without leading and trailing space, and with each comment as one space."""
    return _argument(text, 0, commas=False)[0]


def split_arguments(text: str) -> list[str]:
    """The comma-separated arguments of a configuration string; an empty last one does not count (cp_argvec)."""
    return [argument for argument, _, _ in _arguments(text)]


def _plain_arguments(text: str) -> list[tuple[str, int, int]]:
    """As _arguments, of a text without quotes, data and comments (a long route table)."""
    arguments = []
    at = 0
    for piece in text.split(","):
        argument = piece.strip(WHITESPACE)
        start = at + len(piece) - len(piece.lstrip(WHITESPACE))
        arguments.append((argument, start, start + len(argument)))
        at += len(piece) + 1
    if not arguments[-1][0]:
        arguments.pop()
    return arguments


def _arguments(text: str) -> list[tuple[str, int, int]]:
    """Each argument, and where it starts and ends."""
    if not _NOT_PLAIN.search(text):
        return _plain_arguments(text)
    arguments = []
    position = 0
    while position < len(text):
        argument, start, end, position = _argument(text, position, commas=True)
        if argument or position < len(text):
            arguments.append((argument, start, end))
        position += 1
    return arguments


def argument_spans(config: str, span: Span | None, wanted: Collection[int] | None = None) -> list[Span]:
    """Where each of `split_arguments(config)` stands in the file, for a configuration string written at `span`.

    Variables may have changed the text since; when the written arguments do not correspond one to one, every
    argument gets the whole `span`. So does one whose index is not `wanted`.
    """
    arguments = split_arguments(config)
    if span is None:
        return []
    written = _arguments(span.text)
    if len(written) != len(arguments):
        return [span] * len(arguments)
    spans = []
    rest = span  # its lines are counted once, from argument to argument
    for index, (argument, start, end) in enumerate(written):
        if not argument or (wanted is not None and index not in wanted):
            spans.append(span)
            continue
        rest = rest.narrow(span.start + start, span.end)
        spans.append(rest.narrow(rest.start, span.start + max(end, start)))
    return spans


def join_arguments(arguments: Sequence[str]) -> str:
    """The configuration string of `arguments`, which must be quoted where they need it (cp_unargvec)."""
    return ", ".join(arguments)


def shift_word(text: str) -> tuple[str, str]:
    """The first space-separated word of `text`, quotes kept, and the rest (cp_shift_spacevec)."""
    start = skip_spaces(text)
    end = _skip_word(text, start)
    return text[start:end], text[skip_spaces(text, end) :]


def split_words(text: str) -> list[str]:
    """The words of an argument, split at unquoted spaces and comments, quotes kept (cp_spacevec)."""
    words = []
    position = skip_spaces(text)
    while position < len(text):
        end = _skip_word(text, position)
        words.append(text[position:end])
        position = skip_spaces(text, end)
    return words


def _skip_word(text: str, position: int) -> int:
    while position < len(text) and text[position] not in WHITESPACE and not is_comment(text, position):
        position = _skip_piece(text, position)
    return position


def split_keyword(argument: str) -> tuple[str, str] | None:
    """An argument `KEYWORD value` as its two parts, or None if it starts with no keyword (cp_keyword)."""
    match = _KEYWORD.match(argument)
    return (match.group(1), argument[match.end() :]) if match else None


def parse_string(text: str) -> str | None:
    """The unquoted value of `text` if it is a single word or quoted string, else None (cp_string)."""
    position = 0
    while position < len(text) and text[position] not in WHITESPACE:
        position = _skip_piece(text, position)
    return unquote(text) if text and position >= len(text) else None


def parse_word(text: str) -> str | None:
    """Like `parse_string`, for values of printable ASCII without quotes, backslashes or commas (cp_word)."""
    value = parse_string(text)
    return value if value is not None and is_word(value) else None


def is_word(text: str) -> bool:
    """Whether `text` is printable ASCII without quotes, backslashes, commas and spaces, and not empty."""
    return _WORD.fullmatch(text) is not None


def unquote(text: str) -> str:
    """`text` without comments and one level of quotes, escapes resolved (cp_unquote).

    Bytes given as escapes that make no UTF-8 are surrogate escapes in the result; `unquote_bytes` gives bytes.
    """
    if not _QUOTING.search(text):
        return uncomment(text)
    return decode(unquote_bytes(text))


def unquote_bytes(text: str) -> bytes:
    """What `unquote` gives, as bytes."""
    text = uncomment(text)
    output = bytearray()
    quote = ""
    start = position = 0
    while match := _QUOTING.search(text, position):
        position = match.start()
        character = match.group()
        if character == "\\":
            escapes = quote == '"' or (not quote and text.startswith("\\<", position))
            if not escapes or position + 1 == len(text):
                position += 1
                continue
            output += encode(text[start:position])
            value, position = _escape(text, position)
            output += value
            start = position
            continue
        if not quote or quote == character:
            output += encode(text[start:position])
            quote = "" if quote else character
            start = position + 1
        position += 1
    output += encode(text[start:])
    return bytes(output)


def _escape(text: str, position: int) -> tuple[bytes, int]:
    """The bytes that the backslash at `position` stands for, and the offset after it; it is not the last character."""
    character = text[position + 1]
    if character in _C_ESCAPES:
        return _C_ESCAPES[character], position + 2
    if character in "\r\n":
        return b"", position + (3 if text.startswith("\r\n", position + 1) else 2)
    if octal := _OCTAL.match(text, position + 1):
        return bytes([int(octal.group(), 8) & 0xFF]), octal.end()
    if character == "x":
        digits = _HEX.match(text, position + 2)
        end = digits.end() if digits else position + 2
        return bytes([int(text[position + 2 : end][-2:] or "0", 16)]), end
    if character == "<":
        end = skip_data(text, position)
        return _data(text[position + 2 : end]), end
    return encode(character), position + 2


def _data(text: str) -> bytes:
    """The bytes of the hexadecimal digits in the inside of `\\<...>`, comments and all else left out."""
    digits: list[str] = []
    position = 0
    while position < len(text):
        slash = text.find("/", position)
        slash = slash if slash >= 0 else len(text)
        digits += [character for character in text[position:slash] if character in "0123456789abcdefABCDEF"]
        position = skip_comment(text, slash) if is_comment(text, slash) else slash + 1
    return bytes.fromhex("".join(digits[: len(digits) & ~1]))


def quote(text: str, *, newlines: bool = False) -> str:
    """`text` as a double-quoted string that `unquote` turns back; `newlines` keeps them as they are (cp_quote)."""
    return f'"{_quoted(text, newlines)}"'


def _quoted(text: str, newlines: bool) -> str:
    if text.isascii() and text.isprintable():
        return text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    output = []
    for byte in encode(text):
        character = chr(byte)
        if character in '\\"$':
            output.append("\\" + character)
        elif character in "\t\r" or (character == "\n" and not newlines):
            output.append({"\t": "\\t", "\r": "\\r", "\n": "\\n"}[character])
        elif (byte < 32 and character != "\n") or byte >= 127:
            output.append(f"\\{byte:03o}")
        else:
            output.append(character)
    return "".join(output)
