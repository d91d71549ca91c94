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
    return html.escape(plain(text), quote=True)


def quoted(text: str) -> str:
    """Text as a DOT string. graphviz reads entities and backslash escapes in strings: both are kept from it."""
    safe = plain(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{safe}"'
