"""``nmclick check``: everything that is wrong with configurations, without running them."""

from __future__ import annotations

import sys
from dataclasses import replace

from nmclick.cli.common import CLICKPATH, DIAGNOSTICS, EXPRESSION, HELP, Configuration, diagnostics_mode, show
from nmclick.cli.options import Option, format_help, parse

VERBOSE = Option("verbose", "v", help="Also say what no packet can reach, where packets circulate, and what is fine.")
OPTIONS = (EXPRESSION, VERBOSE, CLICKPATH, DIAGNOSTICS, HELP)
SUMMARY = (
    "Report the errors of configurations: language, ports, push and pull, arguments. Files that they refer to need "
    "not exist. The exit status is 1 if there is any error."
)


def main(arguments: list[str]) -> int:
    wanted: list[Configuration] = []
    common = Configuration()
    verbose, mode_given = False, None
    for option, value in parse(arguments, OPTIONS):
        one = Configuration()
        if option is HELP:
            sys.stdout.write(format_help(SUMMARY, "nmclick check [OPTION]... [FILE]... [NAME=VALUE]...", OPTIONS))
            return 0
        if option is VERBOSE:
            verbose = True
        elif option is DIAGNOSTICS:
            mode_given = value
        elif option is CLICKPATH or (option is None and common.take_definition(value)):
            common.clickpath = value if option is CLICKPATH else common.clickpath
        elif one.take(option, value):
            wanted.append(one)
    mode = diagnostics_mode(mode_given)
    return _check(wanted or [Configuration(name="-")], common, mode, verbose)


def _check(wanted: list[Configuration], common: Configuration, mode: str, verbose: bool) -> int:
    from nmclick.lang.diagnostics import Diagnostics
    from nmclick.run.load import load

    diagnostics = Diagnostics()
    for configuration in wanted:
        before = diagnostics.errors
        given = replace(configuration, defines=common.defines, clickpath=common.clickpath)
        loaded = load(given.input(), diagnostics, initialize=False)
        if loaded is not None and verbose:
            from nmclick.graph.reach import analyse, report

            report(loaded.graph, analyse(loaded.graph), diagnostics)
        if mode != "json":
            show(diagnostics, diagnostics_mode(mode))
        if loaded is not None and verbose and diagnostics.errors == before:
            elements, connections = len(loaded.graph.elements), len(loaded.graph.connections)
            sys.stdout.write(f"{given.landmark}: {elements} elements, {connections} connections, no errors\n")
    if mode == "json":
        show(diagnostics, "json", empty=True)
    return 1 if diagnostics.failed else 0
