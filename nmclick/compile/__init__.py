"""Compile a resolved router graph into one native program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nmclick.compile.cc import CompilerError, compile_shared, runtime_library
from nmclick.compile.emit import UNCONNECTED, emit_program
from nmclick.compile.emit_tables import program_calls, program_fields
from nmclick.compile.plan import Plan, make_plan, port_uses
from nmclick.element import DeviceUse
from nmclick.graph.registry import elements_folder
from nmclick.graph.router import RouterGraph

__all__ = [
    "BURST",
    "CompiledProgram",
    "CompilerError",
    "Plan",
    "compile_router",
    "emit_program",
    "make_plan",
    "port_uses",
    "runtime_library",
]

#: Packets in a batch unless the user says otherwise: long enough to share one clock read and one ring
#: synchronisation, short enough that a batch's headers stay in the first-level cache.
BURST = 128


@dataclass(frozen=True, slots=True)
class CompiledProgram:
    """A compiled configuration, and how to find its parts from Python."""

    path: Path
    plan: Plan
    #: (element, C field) -> position in nm_program.field_offsets
    fields: dict[tuple[int, str], int]
    #: (element, call) -> position in nm_program.calls
    calls: dict[tuple[int, str], int]
    #: element of each task, and of each timer
    tasks: list[int]
    timers: list[int]
    #: drop reasons of each element, in the order of its counters
    drops: dict[int, list[str]]
    #: ports to open, in the order of their numbers, with the element that wants each
    devices: list[tuple[int, DeviceUse]]


def compile_router(
    graph: RouterGraph, *, burst: int = BURST, output: Path | None = None
) -> CompiledProgram:
    """Plan, emit and compile; from the cache when this very program was compiled before. Raises CompilerError."""
    plan = make_plan(graph)
    text = emit_program(plan, burst)
    folder = elements_folder()
    depends = sorted({c.path for c in plan.code if c.path is not None})
    depends += sorted({header for path in depends for header in path.parent.glob("*.h")})
    path = compile_shared([text], flags=("-I", str(folder)), depends=depends, output=output)
    return CompiledProgram(
        path,
        plan,
        {key: number for number, key in enumerate(program_fields(plan))},
        {key: number for number, key in enumerate(program_calls(plan))},
        [task.element for task in plan.tasks],
        plan.timers,
        {element.index: [*element.drops, UNCONNECTED] for element in plan.elements},
        plan.devices,
    )
