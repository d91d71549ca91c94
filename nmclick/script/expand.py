"""Substitution of ``$x``, ``${x}``, ``$(handler args)`` in a text, with Click's treatment of quotes."""

from __future__ import annotations

import re
from collections.abc import Callable

from nmclick.lang.configstring import quote

#: (what stands between the brackets, is it a handler call?) -> its value, or None: leave the text as it is.
Lookup = Callable[[str, bool], str | None]

_MAX_DEPTH = 10
_COMMENT = re.compile(r"//[^\n\r]*|/\*.*?(?:\*/|\Z)", re.S)
_NAME = re.compile(r"[A-Za-z0-9_]+")


def expand(text: str, lookup: Lookup, *, quote_values: bool = False, depth: int = 0) -> str:
    """`text` with its references replaced. Inside "..." a value is escaped so that unquoting gives it back, with
    `quote_values` it is put in quotes outside of quotes too. Nothing is replaced inside '...'."""
    if "$" not in text:
        return text
    out: list[str] = []
    copied = at = 0
    open_quote = ""

    while at < len(text):
        char = text[at]
        if char == "\\" and open_quote == '"':
            at += 2
        elif char in "\"'" and open_quote in ("", char):
            open_quote = "" if open_quote else char
            at += 1
        elif char == "/" and not open_quote and (comment := _COMMENT.match(text, at)):
            at = comment.end()
        elif char == "$" and open_quote != "'" and depth <= _MAX_DEPTH:
            reference = _reference(text, at)
            if reference is None:
                at += 1
                continue
            name, is_call, stop = reference
            if stop < 0:  # an unclosed bracket: the rest stays
                break
            nested = "$" in name
            if nested:
                name = expand(name, lookup, depth=depth + 1)
            value = lookup(name, is_call)
            out.append(text[copied:at])
            copied = stop
            if value is not None:
                out.append(_quoted(value, open_quote, quote_values))
            elif nested:
                out.append(text[at : at + 2] + name + text[stop - 1])
            else:
                copied = at
            at = stop
        else:
            at += 1

    expanded = "".join(out)
    # As in Click, a text that begins with a reference to something empty is left alone.
    return expanded + text[copied:] if expanded else text


def _reference(text: str, at: int) -> tuple[str, bool, int] | None:
    """What the ``$`` at `at` refers to: its name, whether it is a handler call, where it ends (-1: nowhere)."""
    following = text[at + 1 : at + 2]
    if following == "{":
        stop = text.find("}", at + 2)
        return text[at + 2 : stop], False, stop + 1 if stop >= 0 else -1
    if following == "(":
        stop = _closing(text, at + 2)
        return text[at + 2 : stop - 1], True, stop
    if following and following in "?#$":
        return following, False, at + 2
    name = _NAME.match(text, at + 1)
    return (name[0], False, name.end()) if name else None


def _closing(text: str, at: int) -> int:
    """Just behind the ``)`` that closes the bracket opened before `at`, or -1."""
    level, open_quote = 1, ""
    while at < len(text):
        char = text[at]
        if char == "\\" and open_quote != "'":
            at += 1
        elif char in "\"'":
            if open_quote in ("", char):
                open_quote = "" if open_quote else char
        elif not open_quote:
            level += (char == "(") - (char == ")")
            if not level:
                return at + 1
        at += 1
    return -1


def _quoted(value: str, open_quote: str, quote_values: bool) -> str:
    if open_quote == '"':
        return quote(value)[1:-1]
    return quote(value) if quote_values and not open_quote else value
