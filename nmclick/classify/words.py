"""A pattern as words, with a place to read on from and the messages so far."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .patterns import PatternError

_TOKEN = re.compile(r"\s*(&&|\|\||[<>!=]=|[][()<>!=&|,;?]|[A-Za-z0-9\-./@_:]+|\S)")


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its place in the argument's text."""

    text: str
    start: int
    end: int


def split_words(text: str) -> list[Word]:
    """The words and operators of a pattern."""
    return [Word(found[1], found.start(1), found.end(1)) for found in _TOKEN.finditer(text)]


class Words:
    """The words of pattern number `index`, from which parsers read. Messages are Click's, with their places."""

    def __init__(self, index: int, words: Sequence[Word], length: int) -> None:
        self.index = index
        self.errors: list[PatternError] = []
        self.warnings: list[PatternError] = []
        self.at = 0
        self._words = words
        self._length = length

    def __len__(self) -> int:
        return len(self._words)

    @property
    def left(self) -> int:
        """How many words are left."""
        return len(self._words) - self.at

    def word(self, ahead: int = 0) -> str:
        """The text of the next word, or of the one `ahead` words behind it; empty past the end."""
        at = self.at + ahead
        return self._words[at].text if 0 <= at < len(self._words) else ""

    def take(self) -> str:
        """Read the next word."""
        text = self.word()
        self.at += 1
        return text

    def accept(self, *texts: str) -> bool:
        """Read the next word if it is one of these."""
        found = self.word() in texts
        self.at += found
        return found

    def error(self, message: str, first: int | None = None, end: int | None = None) -> None:
        """Note an error at the next word, or at the words from number `first` to before `end`."""
        self.errors.append(self._message(message, first, end))

    def warn(self, message: str, first: int, end: int) -> None:
        """Note a warning."""
        self.warnings.append(self._message(message, first, end))

    def _message(self, message: str, first: int | None, end: int | None) -> PatternError:
        at = self.at if first is None else first
        inside = self._words[at : max(at + 1, end or 0)]
        start, stop = (inside[0].start, inside[-1].end) if inside else (self._length, self._length)
        return PatternError(self.index, f"pattern {self.index}: {message}", start, stop)
