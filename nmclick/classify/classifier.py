"""Classifier's language: clauses `offset/value%mask` with spaces between them, `!` before those that must not match."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .patterns import ALWAYS, All, Base, Compare, Not, Pattern, PatternError, Rule

MAX_OFFSET = 0xFFFF
_HEX = re.compile(r"[0-9A-Fa-f?]*")
_DIGITS = re.compile(r"[0-9]+")
_SPACE = re.compile(r"\s*")


def parse_classifier(patterns: Sequence[str]) -> tuple[list[Rule], list[PatternError]]:
    """One rule per pattern, output = its number; and the errors. Broken patterns are left out."""
    rules: list[Rule] = []
    errors: list[PatternError] = []
    for index, text in enumerate(patterns):
        parser = _Parser(text, index)
        pattern = parser.pattern()
        errors.extend(parser.errors)
        if not parser.errors:
            rules.append(Rule(pattern, index, index))
    return rules, errors


class _Parser:
    def __init__(self, text: str, index: int) -> None:
        self._text = text
        self._index = index
        self._at = 0
        self.errors: list[PatternError] = []

    def pattern(self) -> Pattern:
        if self._text == "-":
            return ALWAYS
        clauses: list[Pattern] = []
        self._scan(_SPACE)
        while self._at < len(self._text):
            clause = self._clause()
            if clause is None:
                break
            clauses.append(clause)
            self._scan(_SPACE)
        return clauses[0] if len(clauses) == 1 else All(tuple(clauses))

    def _clause(self) -> Pattern | None:
        negated = self._skip("!")
        if negated:
            self._scan(_SPACE)
        start = self._at
        digits = self._scan(_DIGITS)
        if not digits:
            self._error("expected a digit", start, start + 1)
            return None
        if not self._skip("/"):
            self._error("expected '/'", self._at, self._at + 1)
            return None
        offset = int(digits)
        at_value = self._at
        value = self._scan(_HEX)
        at_mask = self._at + 1
        mask = self._scan(_HEX) if self._skip("%") else None
        if offset > MAX_OFFSET:
            self._error(f"offset {digits} out of range, bound {MAX_OFFSET}", start, start + len(digits))
            offset = 0
        if len(value) < 2:
            self._error("value has less than 2 hex digits", at_value, at_value + max(len(value), 1))
            return ALWAYS
        if len(value) % 2:
            self._error("value has odd number of hex digits", at_value, at_value + len(value))
        if mask is not None and len(mask) != len(value):
            few = "many" if len(mask) > len(value) else "few"
            self._error(f"mask has too {few} hex digits", at_mask, at_mask + max(len(mask), 1))
        if self.errors:
            return ALWAYS
        bits = _bits(value, "f")
        if mask is not None:
            bits &= _bits(mask, "f") & int(mask.replace("?", "0"), 16)
        wanted = int(value.replace("?", "0"), 16) & bits
        clause = Compare(Base.DATA, offset, len(value) // 2, bits, wanted, wanted)
        return Not(clause) if negated else clause

    def _scan(self, token: re.Pattern[str]) -> str:
        found = token.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[0]

    def _skip(self, character: str) -> bool:
        if self._text.startswith(character, self._at):
            self._at += 1
            return True
        return False

    def _error(self, message: str, start: int, end: int) -> None:
        message = f"pattern {self._index}: {message}"
        self.errors.append(PatternError(self._index, message, start, min(end, max(start, len(self._text)))))


def _bits(digits: str, known: str) -> int:
    """The bits that a string of hex digits says something about: a `?` says nothing."""
    return int("".join("0" if digit == "?" else known for digit in digits), 16)
