"""Any text, safe inside DOT: names and configurations come from files that may hold anything."""

from __future__ import annotations

import html
import re

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile(r"\s+")


def plain(text: str) -> str:
    """One line of characters that XML allows: runs of white space become a space, other oddities U+FFFD."""
    return _UNPRINTABLE.sub("\ufffd", _SPACE.sub(" ", text).strip())


def markup(text: str) -> str:
    """Text inside an HTML-like label."""
    # graphviz expands \\N, \\G and the like wherever it finds them, entities and doubled backslashes included, and
    # differently from version to version. SET MINUS looks the same and means nothing to it.
    return html.escape(plain(text), quote=True).replace("\\", "\N{SET MINUS}")


def quoted(text: str) -> str:
    """Text as a DOT string, in which graphviz reads entities too."""
    return f'"{markup(text)}"'
