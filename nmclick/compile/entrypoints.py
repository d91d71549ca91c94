"""Which entry points an element's C file defines. The file itself is the declaration: nothing is listed elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ENTRY = re.compile(r"^static\s+[\w\s\*]*?\b(\w+?)_(packet|batch|pull|task|timer|init|cleanup|call_\w+)\s*\(", re.M)
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


@dataclass(frozen=True, slots=True)
class EntryPoints:
    """What the C half of a class offers. `names` are "packet", "task", "call_insert" and so on."""

    path: Path | None
    names: frozenset[str] = frozenset()
    emits: bool = False
    has_state: bool = False

    def __contains__(self, name: str) -> bool:
        return name in self.names

    @property
    def calls(self) -> list[str]:
        return sorted(name.removeprefix("call_") for name in self.names if name.startswith("call_"))


@cache
def entry_points(class_name: str, path: Path | None) -> EntryPoints:
    """Read a C file's entry points; an element without one has none."""
    if path is None:
        return EntryPoints(None)
    text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
    names = frozenset(what for name, what in _ENTRY.findall(text) if name == class_name)
    return EntryPoints(
        path, names, re.search(r"\bemit\s*\(", text) is not None, re.search(rf"\bstruct {class_name} \{{", text) is not None
    )
