"""``nmclick draw``: a diagram of a configuration."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from nmclick.cli.common import CLICKPATH, DIAGNOSTICS, EXPRESSION, FILE, HELP, Configuration, diagnostics_mode, show
from nmclick.cli.options import Option, UsageError, format_help, parse

OUTPUT = Option("output", "o", "FILE", "Write to FILE; its suffix (.svg, .png, .pdf or .dot) is the format.")
SIDEWAYS = Option("sideways", help="Let packets flow from left to right instead of downwards.")
LEGEND = Option("legend", help="Explain the signs (the default).", negate=True)
OPTIONS = (FILE, EXPRESSION, OUTPUT, SIDEWAYS, LEGEND, CLICKPATH, DIAGNOSTICS, HELP)
SUMMARY = "Draw a configuration: elements with their ports, compounds as boxes around them, push and pull apart."


def main(arguments: list[str]) -> int:
    configuration = Configuration()
    output: str | None = None
    direction: Literal["top-down", "left-right"] = "top-down"
    legend = True
    mode: str | None = None
    for option, value in parse(arguments, OPTIONS):
        if option is HELP:
            sys.stdout.write(format_help(SUMMARY, "nmclick draw [OPTION]... [FILE] -o FILE", OPTIONS))
            return 0
        if option is OUTPUT:
            output = value
        elif option is SIDEWAYS:
            direction = "left-right"
        elif option is LEGEND:
            legend = value != "no"
        elif option is DIAGNOSTICS:
            mode = value
        else:
            configuration.take(option, value)
    if output is None:
        raise UsageError("where to? -o FILE.svg, .png, .pdf or .dot")
    chosen = diagnostics_mode(mode)
    from nmclick.draw import DrawError, draw, format_of

    try:
        format_of(Path(output))
    except DrawError as error:
        raise UsageError(str(error)) from error
    from nmclick.lang.diagnostics import Diagnostics
    from nmclick.run.load import load

    diagnostics = Diagnostics()
    loaded = load(configuration.input(), diagnostics, initialize=False)
    if loaded is not None:
        try:
            draw(loaded.graph, Path(output), direction=direction, legend=legend)
        except DrawError as error:
            diagnostics.error(None, str(error))
    show(diagnostics, chosen)
    return 1 if diagnostics.failed else 0
