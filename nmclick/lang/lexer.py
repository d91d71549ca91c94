"""Tokens of the Click language.

`Lexer.next` gives one token at a time, because what a `(` starts depends on the parser's state: a raw configuration
string up to the matching `)`, quotes and comments respected, or a group. Line directives are handled here.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from lark import Token

from nmclick.lang import configstring
from nmclick.lang.diagnostics import MAX_ERRORS
from nmclick.lang.source import LineMap, Source, Span

END = "$END"
COMMENT_HINT = "comments are `// ...` and `/* ... */`"
UNKNOWN = "UNKNOWN"

_SPACES = re.compile(r"[ \t\n\v\f\r]*")
_TOKEN = re.compile(
    r"(?P<IDENTIFIER>[A-Za-z0-9_@]++(?:/[A-Za-z0-9_@]++)*+)|(?P<VARIABLE>\$[A-Za-z0-9_]*)|->|=>|::|\|\||\.\.\.|.",
    re.DOTALL,
)
_CONFIG_STOP = re.compile(r"\(+|[)#'\"/\\]")
_DIRECTIVE = re.compile(
    r"#[ \t]*(?:line[ \t]+)?(?P<line>[0-9]+)[ \t]*(?P<file>\"(?:\\[^\r\n]|[^\"\\\r\n])*\\?)?[^\r\n]*"
)
_REST_OF_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)?")

_KEYWORDS = {"elementclass": "ELEMENTCLASS", "require": "REQUIRE", "define": "DEFINE", "provide": UNKNOWN}
_PUNCTUATION = {
    "->": "ARROW",
    "=>": "FAT_ARROW",
    "::": "_DECLARE",
    "||": "OR",
    "...": "ELLIPSIS",
    "{": "LBRACE",
    "}": "RBRACE",
    "(": "LPAR",
    ")": "RPAR",
    "[": "LSQB",
    "]": "RSQB",
    ",": "COMMA",
    "-": "DASH",
    ";": "_SEMICOLON",
    "|": "_BAR",
}
_MAX_LINE = 2**31


@dataclass(frozen=True, slots=True)
class Problem:
    """An error of syntax, and where in the order of tokens it came up."""

    offset: int
    span: Span
    message: str
    caret: Span | None = None
    hint: str | None = None


class Lexer:
    """Reads one source. `problems` are what it and the parser find, in order; `lines` maps offsets to landmarks."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.lines = LineMap(source)
        self.problems: list[Problem] = []
        self._position = 0
        self._starts = array("q")
        self._ends = array("q")

    def next(self, config: Callable[[], bool]) -> Token:
        """The next token; a `(` starts a configuration string if `config()`. At the end, `$END` again and again."""
        text = self.source.text
        start = self._skip()
        match = _TOKEN.match(text, start)
        if match is None:
            return self._token(END, "", start, start)
        value = match.group()
        end = match.end()
        kind = match.lastgroup
        if kind == "IDENTIFIER":
            kind = _KEYWORDS.get(value, kind)
        elif kind is None:
            kind = _PUNCTUATION.get(value, UNKNOWN)
            if kind == "LPAR" and config():
                value, end = self._config(end)
                kind = "CONFIG"
        return self._token(kind, value, start, end)

    @property
    def tokens(self) -> int:
        """How many tokens there were."""
        return len(self._starts)

    def following(self, offset: int) -> tuple[int, int]:
        """Start and end of the first token at or after `offset`."""
        index = bisect_left(self._starts, offset)
        if index < len(self._starts):
            return self._starts[index], self._ends[index]
        return len(self.source.text), len(self.source.text)

    def landmark(self, start: int, end: int) -> Span:
        """A span whose line is that of its end, where Click's lexer stands after reading it."""
        file, line = self.lines.locate(end)
        return Span(self.source, start, end, file, line)

    def problem(
        self, offset: int, span: Span, message: str, *, caret: Span | None = None, hint: str | None = None
    ) -> None:
        self.problems.append(Problem(offset, span, message, caret, hint))

    def _token(self, kind: str, value: str, start: int, end: int) -> Token:
        self._position = end
        self._starts.append(start)
        self._ends.append(end)
        return Token(kind, value, start_pos=start, end_pos=end)

    def _skip(self) -> int:
        """Past white space, comments and line directives."""
        text = self.source.text
        position = self._position
        while True:
            match = _SPACES.match(text, position)
            position = match.end() if match else position
            if configstring.is_comment(text, position):
                position = configstring.skip_comment(text, position)
            elif len(self.problems) >= MAX_ERRORS:
                return len(text)
            elif self._at_directive(position):
                position = self._directive(position)
            else:
                return position

    def _at_directive(self, position: int) -> bool:
        text = self.source.text
        return text.startswith("#", position) and (position == 0 or text[position - 1] in "\r\n")

    def _directive(self, position: int) -> int:
        """Obey the line directive at `position` and return the offset after it."""
        match = _DIRECTIVE.match(self.source.text, position)
        if match is None:
            line = _REST_OF_LINE.match(self.source.text, position)
            end = line.end() if line else position + 1
            span = self.lines.span(position, position + len(self.source.text[position:end].rstrip()))
            self.problem(position, span, "unknown preprocessor directive", hint=COMMENT_HINT)
            return end
        number = match["line"].lstrip("0")
        line_number = min(int(number or "0"), _MAX_LINE) if len(number) < 11 else _MAX_LINE
        file = self.lines.file
        if match["file"] is not None:
            file = configstring.unquote(match["file"] + '"') or self.source.name
        self.lines.add_directive(position, file, line_number)
        return match.end()

    def _config(self, begin: int) -> tuple[str, int]:
        """The raw text from `begin` to the matching `)`, and the offset after that."""
        text = self.source.text
        pieces: list[str] = []
        piece = position = begin
        depth = 1
        while match := _CONFIG_STOP.search(text, position):
            position = match.start()
            character = match.group()
            if character[0] == "(":
                depth += len(character)
                position = match.end()
                continue
            if character == ")":
                depth -= 1
                if not depth:
                    pieces.append(text[piece:position])
                    return "".join(pieces), position + 1
            elif character in "'\"":
                position = configstring.skip_quotes(text, position)
                continue
            elif character == "#" and self._at_directive(position):
                pieces.append(text[piece:position])
                piece = position = self._directive(position)
                continue
            elif character == "/" and configstring.is_comment(text, position):
                position = configstring.skip_comment(text, position)
                continue
            elif text.startswith("\\<", position):
                position = configstring.skip_data(text, position)
                continue
            position += 1
        pieces.append(text[piece:])
        opening = self.lines.span(begin - 1, begin)
        end_span = self.landmark(len(text), len(text))
        self.problem(begin, end_span, "expected ')'", caret=opening, hint="this `(` is never closed")
        return "".join(pieces), len(text)
