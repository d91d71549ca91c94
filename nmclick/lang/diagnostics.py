"""What is wrong with a configuration: collected while a stage runs, printed together at its end.

No stage raises for a user's mistake; it reports here and goes on, so that one run shows all of them.
`ConfigurationError` carries the collection across stages when there is no way to go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from nmclick.lang.source import Span

Severity = Literal["error", "warning", "note"]
Mode = Literal["pretty", "click", "json"]

MAX_ERRORS = 200
"""Stages stop looking for more once this many errors are known."""

NOT_INITIALIZED = "Router could not be initialized!"

_MAX_CANDIDATES = 5000
_MAX_WORD = 64


@dataclass(frozen=True, slots=True)
class Message:
    """One report. `message` is Click's text; the place it names is `span`, what the caret marks is `caret`."""

    severity: Severity
    span: Span | None
    message: str
    context: str | None
    hint: str | None
    caret: Span | None
    excerpt: bool = True


class Diagnostics:
    """Collects errors, warnings and the notes that belong to them, in order."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.errors = 0
        self.not_initialized = False
        """Set by stages after elaboration: the output then ends in Click's `NOT_INITIALIZED` line."""
        self._seen: set[Message] = set()

    @property
    def failed(self) -> bool:
        """Whether anything is an error."""
        return self.errors > 0

    @property
    def full(self) -> bool:
        """Whether so much is wrong that looking for more helps nobody."""
        return self.errors >= MAX_ERRORS

    def error(
        self,
        span: Span | None,
        message: str,
        *,
        context: str | None = None,
        hint: str | None = None,
        caret: Span | None = None,
    ) -> None:
        """Report an error. `context` is the line above it ("While configuring 'c :: Counter':")."""
        if self._add(Message("error", span, message, context, hint, caret)):
            self.errors += 1

    def warning(
        self,
        span: Span | None,
        message: str,
        *,
        context: str | None = None,
        hint: str | None = None,
        caret: Span | None = None,
    ) -> None:
        """Report something that works but is probably not meant. The text goes without its `warning: ` prefix."""
        self._add(Message("warning", span, message, context, hint, caret))

    def note(
        self,
        span: Span | None,
        message: str,
        *,
        context: str | None = None,
        hint: str | None = None,
        caret: Span | None = None,
        excerpt: bool = True,
    ) -> None:
        """Add a line that belongs to the report before it ("element 'a' previously declared here")."""
        self._add(Message("note", span, message, context, hint, caret, excerpt))

    def render(self, mode: Mode, *, color: bool = False) -> str:
        """All messages as text that ends in a newline, or as a JSON array."""
        from nmclick.lang import rendering

        if mode == "json":
            return rendering.as_json(self.messages)
        trailer = NOT_INITIALIZED if self.not_initialized else None
        return rendering.as_text(self.messages, trailer, excerpts=mode == "pretty", color=color)

    def _add(self, message: Message) -> bool:
        if message.severity != "note":
            # The parser and the elaborator may stumble over the same token.
            identity = replace(message, hint=None, caret=None)
            if message.span is not None and identity in self._seen:
                return False
            self._seen.add(identity)
        self.messages.append(message)
        return True


class ConfigurationError(Exception):
    """A configuration cannot be used. Everything there is to say about it is in `diagnostics`."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        super().__init__(diagnostics.render("click").rstrip("\n"))
        self.diagnostics = diagnostics


def suggest(word: str, candidates: Iterable[str]) -> str | None:
    """A hint that names the candidate closest to `word`, or None if none is close."""
    if len(word) > _MAX_WORD:
        return None
    import difflib

    lowered: dict[str, str] = {}
    for candidate in candidates:
        if len(lowered) >= _MAX_CANDIDATES:
            break
        if abs(len(candidate) - len(word)) <= max(2, len(word) // 2):
            lowered.setdefault(candidate.lower(), candidate)
    found = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.7)
    return f"did you mean `{lowered[found[0]]}`?" if found else None
