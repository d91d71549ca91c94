"""Diagnostics as text for people (Click's lines, then the source with a caret and a hint) and as JSON for editors."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from nmclick.lang.diagnostics import Message
from nmclick.lang.source import Span

_MAX_WIDTH = 120
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SGR = {"error": "1;31", "warning": "1;35", "note": "1", "caret": "1;32", "hint": "36"}


def as_text(messages: Sequence[Message], trailer: str | None, *, excerpts: bool, color: bool) -> str:
    """Click's lines; with `excerpts`, each followed by its source line, a caret line and its hint."""
    lines: list[str] = []
    context: tuple[str | None, str] | None = None
    for message in messages:
        landmark = message.span.landmark if message.span else None
        prefix = f"{landmark}: " if landmark else ""
        if message.context is None:
            context = None
        else:
            if context != (landmark, message.context):
                context = (landmark, message.context)
                lines.append(_printable(prefix + message.context))
            prefix = "  "
        text = ("warning: " if message.severity == "warning" else "") + message.message
        lines += [_paint(_printable(prefix + line), message.severity, color) for line in text.split("\n")]
        if excerpts:
            lines += _excerpt(message, color)
    if trailer:
        lines.append(trailer)
    return "".join(line + "\n" for line in lines)


def as_json(messages: Sequence[Message]) -> str:
    """An array of objects. `line` is the landmark's; columns are 1-based, `endcolumn` is past the end."""
    return json.dumps([_json_object(message) for message in messages], indent=2) + "\n"


def _json_object(message: Message) -> dict[str, str | int | None]:
    place = message.caret or message.span
    column: int | None = None
    end_column: int | None = None
    if place is not None:
        column = place.column + 1
        end_column = column + max(place.first_line_length(), 1)
    return {
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": column,
        "endcolumn": end_column,
        "severity": message.severity,
        "message": message.message,
        "context": message.context,
        "hint": message.hint,
    }


def _excerpt(message: Message, color: bool) -> list[str]:
    lines = []
    place = message.caret or message.span
    if place is not None and message.excerpt:
        lines += _marked_line(place, color)
    if message.hint:
        lines += [_paint(_printable(f"  hint: {line}"), "hint", color) for line in message.hint.split("\n")]
    return lines


def _marked_line(place: Span, color: bool) -> list[str]:
    line, column = place.excerpt(_MAX_WIDTH)
    if not line.strip():
        return []
    width = max(1, min(place.end - place.start, len(line) - column))
    # Tabs stay tabs in the padding, so that the caret stands below its text whatever the tab width is.
    padding = "".join("\t" if character == "\t" else " " for character in line[:column])
    return [f"  {_printable(line)}", f"  {padding}{_paint('^' * width, 'caret', color)}"]


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("?", text)


def _paint(text: str, role: str, color: bool) -> str:
    return f"\x1b[{_SGR[role]}m{text}\x1b[0m" if color else text
