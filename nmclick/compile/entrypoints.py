"""Which entry points an element's C file defines. The file itself is the declaration: nothing is listed elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ENTRY = re.compile(r"(\w+?)_(packet|batch|pull|task|burst|done|flush|timer|init|cleanup|call_\w+)$")
_FUNCTION = re.compile(r"^(?:static|STATIC)\b[^;{=]*?\b(\w+)\s*\([^;{]*\)\s*\n?\{\n(.*?)^\}", re.M | re.S)
_CALL = re.compile(r"\b(\w+)\s*\(")
_TOUCH = re.compile(r"nmclick/headers\.h|->data\b|\bpacket_clone\b")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


@dataclass(frozen=True, slots=True)
class EntryPoints:
    """What the C half of a class offers. `names` are "packet", "task", "call_insert" and so on; `emitting` are those
    that may emit() packets, themselves or through the functions they call."""

    path: Path | None
    names: frozenset[str] = frozenset()
    emitting: frozenset[str] = frozenset()
    has_state: bool = False
    touches_data: bool = False

    def __contains__(self, name: str) -> bool:
        return name in self.names

    @property
    def emits(self) -> bool:
        """Whether packets leave besides the one that the packet function returns."""
        return "packet" in self.emitting

    @property
    def emits_outside(self) -> bool:
        """Whether packets are emitted by an entry point that runs outside any region."""
        return bool(self.emitting - {"packet"})

    @property
    def calls(self) -> list[str]:
        return sorted(name.removeprefix("call_") for name in self.names if name.startswith("call_"))


def _emitting(functions: dict[str, str]) -> set[str]:
    """The functions from which emit() is reached."""
    callees = {name: set(_CALL.findall(body)) for name, body in functions.items()}
    found = {name for name, called in callees.items() if "emit" in called}
    while more := {name for name, called in callees.items() if called & found} - found:
        found |= more
    return found


@cache
def entry_points(class_name: str, path: Path | None) -> EntryPoints:
    """Read a C file's entry points; an element without one has none."""
    if path is None:
        return EntryPoints(None)
    text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
    functions = dict(_FUNCTION.findall(text))
    emitting = _emitting(functions)
    names, emits = set(), set()
    for function in functions:
        match = _ENTRY.match(function)
        if match and match[1] == class_name:
            names.add(match[2])
            if function in emitting:
                emits.add(match[2])
    state = re.search(rf"\bstruct {class_name} \{{", text) is not None
    return EntryPoints(path, frozenset(names), frozenset(emits), state, _TOUCH.search(text) is not None)
