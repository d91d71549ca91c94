"""Variables in configuration strings: `$x`, `${x}`, `${x-default}`, `${x[1]}`.

A name that nothing defines stays as it is written. Values are expanded again where they are used, as in Click, so a
definition may mention a variable that is defined later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from nmclick.lang import configstring

MAX_DEPTH = 10
"""Values that mention variables are expanded to this depth; what is deeper stays as it is written."""

MAX_EXPANSIONS = 100_000
MAX_LENGTH = 16 * 1024 * 1024

_INTERESTING = re.compile(r"[\\'\"/$]")
_NAME = re.compile(r"[A-Za-z0-9_]+")
_BRACED = re.compile(
    r"[ \t\n\v\f\r]*(?P<name>[A-Za-z0-9_]*)[ \t\n\v\f\r]*"
    r"(?:\[[ \t\n\v\f\r]*(?P<index>0[xX][0-9A-Fa-f]+|[0-9]+)\][ \t\n\v\f\r]*)?(?P<minus>-)?"
)


class ExpansionError(Exception):
    """Variables that mention each other grow without bound."""


class Scope:
    """Variables by name, in order of definition, inside the scope `parent`."""

    def __init__(self, parent: Scope | None = None) -> None:
        self.parent = parent
        self.depth: int = parent.depth + 1 if parent else 0
        self._values: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def define(self, name: str, value: str) -> None:
        """Define `name` here, or give it a new value."""
        self._values[name] = value

    def items(self) -> Iterable[tuple[str, str]]:
        return self._values.items()

    def lookup(self, name: str) -> str | None:
        """The value in the innermost scope that defines `name`."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope._values:
                return scope._values[name]
            scope = scope.parent
        return None

    def enclosing(self, depth: int) -> Scope | None:
        """The innermost scope around this one, itself included, that is less deep than `depth`."""
        scope: Scope | None = self
        while scope is not None and scope.depth >= depth:
            scope = scope.parent
        return scope

    def expand(self, text: str) -> str:
        """`text` with the variables of this scope replaced. Raises ExpansionError."""
        return _Expansion(self).expand(text, 0) if "$" in text else text


class _Expansion:
    """One expansion with its budget."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._expansions = 0
        self._length = 0

    def expand(self, text: str, depth: int) -> str:
        if "$" not in text or depth > MAX_DEPTH:
            return text
        output: list[str] = []
        quote = ""
        start = position = 0
        while match := _INTERESTING.search(text, position):
            position = match.start()
            character = match.group()
            if character == "\\":
                position += 2 if quote == '"' else 1
            elif character == "/":
                comment = not quote and configstring.is_comment(text, position)
                position = configstring.skip_spaces(text, position) if comment else position + 1
            elif character != "$":
                if not quote:
                    quote = character
                elif quote == character:
                    quote = ""
                position += 1
            elif quote == "'":
                position += 1
            else:
                reference = self._reference(text, position, depth)
                if reference is None:
                    break
                end, replacement = reference
                if replacement is not None:
                    if quote:
                        replacement = configstring.quote(replacement)[1:-1]
                    output += (text[start:position], replacement)
                    start = end
                position = end
        output.append(text[start:])
        return "".join(output)

    def _reference(self, text: str, position: int, depth: int) -> tuple[int, str | None] | None:
        """Where the reference at the `$` ends and what replaces it, if anything; None if it is never closed."""
        opening = text[position + 1 : position + 2]
        if opening == "{":
            end = text.find("}", position)
        elif opening == "(":
            end = _closing_parenthesis(text, position + 2)
        elif match := _NAME.match(text, position + 1):
            return match.end(), self._value(match.group(), "", depth)
        elif opening and opening in "?#$":
            return position + 2, self._value(opening, "", depth)
        else:
            return position + 1, None
        if end < 0:
            return None
        written = text[position + 2 : end]
        name = self.expand(written, depth + 1)
        value = self._value(name, opening, depth)
        if value is None and name != written:
            value = f"${opening}{name}{text[end]}"
        return end + 1, value

    def _value(self, name: str, opening: str, depth: int) -> str | None:
        self._expansions += 1
        index: str | None = None
        default: str | None = None
        if opening == "{" and (match := _BRACED.match(name)):
            index = match["index"]
            default = name[match.end() :] if match["minus"] else None
            name = match["name"]
        value = self._scope.lookup(name)
        if value is None:
            value = default
            index = None
        if value is None:
            return None
        value = self.expand(value, depth + 1)
        self._length += len(value)
        if self._expansions > MAX_EXPANSIONS or self._length > MAX_LENGTH:
            raise ExpansionError
        return value if index is None else _word(value, index)


def _word(value: str, index: str) -> str:
    """The word of `value` at a 0-based index, written as a C integer; empty if there are not so many."""
    base = 16 if index[:2] in ("0x", "0X") else 8 if index.startswith("0") and index.strip("01234567") == "" else 10
    words = configstring.split_words(value)
    which = int(index, base) if len(index) < 20 else len(words)
    return words[which] if which < len(words) else ""


def _closing_parenthesis(text: str, position: int) -> int:
    """The offset of the parenthesis that ends `$(...)`, whose inside starts at `position`, or -1."""
    level = 1
    quote = ""
    while position < len(text):
        character = text[position]
        if character == "(" and not quote:
            level += 1
        elif character == ")" and not quote:
            level -= 1
            if not level:
                return position
        elif character in "'\"":
            if not quote:
                quote = character
            elif quote == character:
                quote = ""
        elif character == "\\" and quote != "'":
            position += 1
        position += 1
    return -1
