"""What compiling a router gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["CompiledProgram"]


@dataclass(frozen=True, slots=True)
class CompiledProgram:
    """A compiled configuration, and how to find its parts from Python."""

    path: Path
    #: (element, C field) -> position in nm_program.field_offsets
    fields: dict[tuple[int, str], int]
    #: (element, call) -> position in nm_program.calls
    calls: dict[tuple[int, str], int]
    #: element of each task, and of each timer
    tasks: list[int]
    timers: list[int]
    #: drop reasons of each element, in the order of its counters
    drops: dict[int, list[str]]
    workers: int = 1
    #: Elements of which every worker has a state of its own.
    per_worker: frozenset[int] = frozenset()
