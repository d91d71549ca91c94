"""Source text and places in it.

A configuration is text with a name. A `Span` is a piece of that text together with the file and line that the
user should be told, which `# LINE "FILE"` directives may have moved away from the physical ones.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

STDIN_NAME = "<stdin>"
EXPRESSION_NAME = "config"
MAX_SIZE = 16 * 1024 * 1024

_NEWLINE = re.compile(r"\r\n?|\n")


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

        Bytes that are not UTF-8 survive as surrogate escapes. Raises OSError; a file of more than MAX_SIZE bytes,
        which may be a device without an end, is one.
        """
        if name in ("", "-"):
            data = sys.stdin.buffer.read(MAX_SIZE + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(MAX_SIZE + 1)
        if len(data) > MAX_SIZE:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), name)
        return cls(name if name not in ("", "-") else STDIN_NAME, decode(data))


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

    @property
    def column(self) -> int:
        """The 0-based column at which the span starts in its line."""
        return self.start - self._line_start()

    def excerpt(self, width: int) -> tuple[str, int]:
        """The line on which the span starts and the span's column in it; of long lines `width` characters around."""
        text = self.source.text
        begin = self._line_start()
        if self.start - begin > width // 2:
            line_end = self._line_end(self.start + width)
            begin = max(begin, min(self.start - width // 2, line_end - width))
        return text[begin : self._line_end(begin + width)], self.start - begin

    def first_line_length(self) -> int:
        """How many characters of the span are on its first line."""
        return max(self._line_end(self.end) - self.start, 0)

    def _line_start(self) -> int:
        text = self.source.text
        return max(text.rfind("\n", 0, self.start), text.rfind("\r", 0, self.start)) + 1

    def _line_end(self, limit: int) -> int:
        """The end of the line on which the span starts, or `limit` if that comes first."""
        text = self.source.text
        limit = min(limit, len(text))
        ends = (text.find("\n", self.start, limit), text.find("\r", self.start, limit))
        return min([end for end in ends if end >= 0], default=max(limit, 0))


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
