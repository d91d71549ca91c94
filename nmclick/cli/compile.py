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
BATCH = Option("batch", metavar="N", help="Largest number of packets moved at once; default 128.")
THREADS = Option("threads", "j", "N", "Plan for N threads (default 1).")
OPTIONS = (FILE, EXPRESSION, EMIT, OUTPUT, BATCH, THREADS, CLICKPATH, DIAGNOSTICS, HELP)
SUMMARY = (
    "Compile a configuration into a shared object and print where it lies in the cache, from which 'nmclick run' takes "
    "it. Files that the configuration refers to need not exist."
)


def main(arguments: list[str]) -> int:
    configuration = Configuration()
    emit: str | None = None
    output: str | None = None
    sizes = {BATCH: 128, THREADS: 1}
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
        elif option in sizes:
            sizes[option] = _number(option, value)
        elif option is DIAGNOSTICS:
            mode = value
        else:
            configuration.take(option, value)
    chosen = diagnostics_mode(mode)
    from nmclick.compile import CompilerError
    from nmclick.lang.diagnostics import Diagnostics
    from nmclick.run.load import load

    diagnostics = Diagnostics()
    loaded = load(configuration.input(), diagnostics, initialize=False)
    status = 1
    if loaded is not None:
        try:
            _compile(loaded, emit, output, sizes[BATCH], sizes[THREADS])
            status = 0
        except CompilerError as error:
            diagnostics.error(None, str(error))
    show(diagnostics, chosen)
    return status


def _number(option: Option, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1024):
        raise UsageError(f"--{option.long} is '{text}', not a number from 1 to 1024")
    return int(text)


def _compile(loaded: Loaded, emit: str | None, output: str | None, burst: int, workers: int) -> None:
    if emit is None:
        from nmclick.compile import compile_router

        path = Path(output) if output else None
        program = compile_router(loaded.graph, burst=burst, workers=workers, output=path)
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

        write_output(output or "-", plan_text(make_plan(loaded.graph, workers)))
    else:
        write_output(output or "-", emit_program(make_plan(loaded.graph, workers), burst))
