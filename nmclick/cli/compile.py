"""``nmclick compile``: a configuration as native code, or one of the stages on the way."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nmclick.cli.common import (
    CLICKPATH,
    DIAGNOSTICS,
    EXPRESSION,
    FILE,
    HELP,
    Configuration,
    diagnostics_mode,
    show,
    write_output,
)
from nmclick.cli.options import Option, UsageError, format_help, parse

if TYPE_CHECKING:
    from nmclick.run.load import Loaded

STAGES = ("flat", "plan", "c")
EMIT = Option(
    "emit", metavar="STAGE", help="Print a stage: 'flat' configuration, 'plan' of the compiler, or generated 'c'."
)
OUTPUT = Option("output", "o", "FILE", "Write the shared object, or the stage, to FILE.")
BATCH = Option("batch", metavar="N", help="Largest number of packets moved at once; default 64.")
OPTIONS = (FILE, EXPRESSION, EMIT, OUTPUT, BATCH, CLICKPATH, DIAGNOSTICS, HELP)
SUMMARY = (
    "Compile a configuration into a shared object and print where it lies in the cache, from which 'nmclick run' takes "
    "it. Files that the configuration refers to need not exist."
)


def main(arguments: list[str]) -> int:
    configuration = Configuration()
    emit: str | None = None
    output: str | None = None
    batch: str | None = None
    mode: str | None = None
    for option, value in parse(arguments, OPTIONS):
        if option is HELP:
            sys.stdout.write(format_help(SUMMARY, "nmclick compile [OPTION]... [FILE] [NAME=VALUE]...", OPTIONS))
            return 0
        if option is EMIT:
            if value not in STAGES:
                raise UsageError(f"--emit is '{value}', not {', '.join(STAGES[:-1])} or {STAGES[-1]}")
            emit = value
        elif option is OUTPUT:
            output = value
        elif option is BATCH:
            batch = value
        elif option is DIAGNOSTICS:
            mode = value
        else:
            configuration.take(option, value)
    if batch is not None and not (batch.isascii() and batch.isdigit() and 1 <= int(batch) <= 1024):
        raise UsageError(f"--batch is '{batch}', not a number from 1 to 1024")
    chosen = diagnostics_mode(mode)
    from nmclick.compile import BURST, CompilerError
    from nmclick.lang.diagnostics import Diagnostics
    from nmclick.run.load import load

    diagnostics = Diagnostics()
    loaded = load(configuration.input(), diagnostics, initialize=False)
    status = 1
    if loaded is not None:
        try:
            _compile(loaded, emit, output, int(batch) if batch else BURST)
            status = 0
        except CompilerError as error:
            diagnostics.error(None, str(error))
    show(diagnostics, chosen)
    return status


def _compile(loaded: Loaded, emit: str | None, output: str | None, burst: int) -> None:
    if emit is None:
        from nmclick.compile import compile_router

        program = compile_router(loaded.graph, burst=burst, output=Path(output) if output else None)
        if output is None:
            sys.stdout.write(f"{program.path}\n")
        return
    if emit == "flat":
        from nmclick.lang.flatten import flat_text

        write_output(output or "-", flat_text(loaded.flat))
        return
    from nmclick.compile.emit import emit_program
    from nmclick.compile.plan import make_plan

    if emit == "plan":
        from nmclick.cli.plantext import plan_text

        write_output(output or "-", plan_text(make_plan(loaded.graph)))
    else:
        write_output(output or "-", emit_program(make_plan(loaded.graph), burst))
