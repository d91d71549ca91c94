"""Source text and places in it.

A configuration is text with a name. A `Span` is a piece of that text together with the file and line that the
user should be told, which `# LINE "FILE"` directives may have moved away from the physical ones.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

STDIN_NAME = "<stdin>"
EXPRESSION_NAME = "config"

_NEWLINE = re.compile(r"\r\n?|\n")
_LINE_END = re.compile(r"[\r\n]|\Z")


@dataclass(frozen=True, slots=True)
class Source:
    """A configuration's text under the name it was given: a path, `<stdin>`, or `config` for an expression."""

    name: str
    text: str

    @classmethod
    def expression(cls, text: str) -> Source:
        """The text of a configuration given on the command line (`-e`)."""
        return cls(EXPRESSION_NAME, text)

    @classmethod
    def read(cls, name: str) -> Source:
        """Read the file `name`, or standard input if it is `-` or empty.

        Bytes that are not UTF-8 survive as surrogate escapes. Raises OSError.
        """
        if name in ("", "-"):
            return cls(STDIN_NAME, decode(sys.stdin.buffer.read()))
        return cls(name, decode(Path(name).read_bytes()))


def decode(data: bytes) -> str:
    """Bytes of a configuration as text; the inverse of `encode` for every input."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Text of a configuration as the bytes it was read from."""
    return text.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Span:
    """The characters `start` to `end` of a source, and the file and line to report them at."""

    source: Source
    start: int
    end: int
    file: str
    line: int

    @property
    def landmark(self) -> str:
        """`FILE:LINE`, as every message begins."""
        if not self.line:
            return self.file
        separator = "" if self.file.endswith((":", " ", "\t")) else ":"
        return f"{self.file}{separator}{self.line}"

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def narrow(self, start: int, end: int) -> Span:
        """The piece `start` to `end` (offsets into the source) of this span, its line counted on from here."""
        newlines = sum(1 for _ in _NEWLINE.finditer(self.source.text, self.start, start))
        return Span(self.source, start, end, self.file, self.line + newlines)

    def excerpt(self) -> tuple[str, int]:
        """The whole source line on which the span starts, and the span's 0-based column in it."""
        text = self.source.text
        start = min(self.start, len(text))
        begin = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
        match = _LINE_END.search(text, start)
        return text[begin : match.start() if match else len(text)], start - begin


class LineMap:
    """Turns offsets of one source into files and lines. Line directives are added as they are met, in order."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._line_ends = [match.end() for match in _NEWLINE.finditer(source.text)]
        self._directive_offsets: list[int] = []
        self._directives: list[tuple[str, int]] = []

    def add_directive(self, offset: int, file: str, line: int) -> None:
        """The directive at `offset` says that the next physical line is `line` of `file`."""
        self._directive_offsets.append(offset)
        self._directives.append((file, line - 1 - self._physical_line(offset)))

    @property
    def file(self) -> str:
        """The file that the text after the last directive belongs to."""
        return self._directives[-1][0] if self._directives else self.source.name

    def locate(self, offset: int) -> tuple[str, int]:
        """The file and the 1-based line of an offset."""
        line = self._physical_line(offset)
        which = bisect_right(self._directive_offsets, offset) - 1
        if which < 0:
            return self.source.name, line
        file, shift = self._directives[which]
        return file, line + shift

    def _physical_line(self, offset: int) -> int:
        return bisect_right(self._line_ends, offset) + 1

    def span(self, start: int, end: int) -> Span:
        file, line = self.locate(start)
        return Span(self.source, start, end, file, line)
