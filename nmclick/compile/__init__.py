"""Compile a resolved router graph into one native program."""

from __future__ import annotations

from pathlib import Path

from nmclick.compile.cc import CompilerError, RuntimeBuild, compile_shared
from nmclick.compile.devices import port_uses
from nmclick.compile.memo import keep_program, kept_program, program_key
from nmclick.compile.program import CompiledProgram
from nmclick.graph.registry import elements_folder
from nmclick.graph.router import RouterGraph

__all__ = ["BURST", "CompiledProgram", "CompilerError", "RuntimeBuild", "compile_router", "port_uses"]

#: Packets in a batch unless the user says otherwise: long enough to share one clock read and one ring
#: synchronisation, short enough that a batch's headers stay in the first-level cache.
BURST = 128


def compile_router(
    graph: RouterGraph, *, burst: int = BURST, workers: int = 1, output: Path | None = None
) -> CompiledProgram:
    """Plan, emit and compile; from the cache when this very program was compiled before. Raises CompilerError."""
    flags = ("-I", str(elements_folder()), "-Wl,-z,lazy")
    key = program_key(graph, burst, workers, flags)
    kept = kept_program(key) if output is None else None
    if kept is not None:
        return kept
    # Planning and emission are imported here because a configuration that was compiled before does without.
    from nmclick.compile.emit import UNCONNECTED, emit_program
    from nmclick.compile.emit_tables import program_calls, program_fields
    from nmclick.compile.plan import make_plan

    plan = make_plan(graph, workers)
    text = emit_program(plan, burst)
    depends = sorted({c.path for c in plan.code if c.path is not None})
    depends += sorted({header for path in depends for header in path.parent.glob("*.h")})
    program = CompiledProgram(
        compile_shared([text], flags=flags, depends=depends, output=output),
        {key: number for number, key in enumerate(program_fields(plan))},
        {key: number for number, key in enumerate(program_calls(plan))},
        [task.element for task in plan.tasks],
        plan.timers,
        {element.index: [*element.drops, UNCONNECTED] for element in plan.elements},
        workers,
        plan.threads.per_worker,
    )
    keep_program(key, program)
    return program
