"""``nmclick flatten``: a configuration without compounds and variables."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

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
from nmclick.cli.options import Option, format_help, parse

OUTPUT = Option("output", "o", "FILE", "Write to FILE instead of standard output.")
OPTIONS = (FILE, EXPRESSION, OUTPUT, CLICKPATH, DIAGNOSTICS, HELP)
SUMMARY = (
    "Print a configuration with its compounds expanded and its variables replaced. Element classes need not exist if "
    "their names begin with a capital letter, and push and pull are not checked."
)


#: Names in front of "::".
_DECLARED = re.compile(r"([\w@/]+(?:\s*,\s*[\w@/]+)*)\s*::")


def _class_guess(text: str, existing: frozenset[str]) -> Callable[[str], bool]:
    """Whether a name is a class: one that exists, or one that looks like it and that nobody declares as an element.
    Names with a slash or an @ are those of elements."""
    declared = {name.strip() for names in _DECLARED.findall(text) for name in names.split(",")}

    def is_class(name: str) -> bool:
        return name in existing or (name[:1].isupper() and name not in declared and not set("/@") & set(name))

    return is_class


def main(arguments: list[str]) -> int:
    configuration = Configuration()
    output, mode = "-", None
    for option, value in parse(arguments, OPTIONS):
        if option is HELP:
            sys.stdout.write(format_help(SUMMARY, "nmclick flatten [OPTION]... [FILE] [NAME=VALUE]...", OPTIONS))
            return 0
        if option is OUTPUT:
            output = value
        elif option is DIAGNOSTICS:
            mode = value
        else:
            configuration.take(option, value)
    chosen = diagnostics_mode(mode)
    from nmclick.graph.registry import Registry
    from nmclick.lang.diagnostics import Diagnostics
    from nmclick.lang.elaborate import load_configuration
    from nmclick.lang.flatten import flat_text
    from nmclick.run.load import read_source

    diagnostics = Diagnostics()
    wanted = configuration.input()
    source = read_source(wanted, diagnostics)
    flat = source and load_configuration(
        source,
        diagnostics,
        known_class=_class_guess(source.text, frozenset(Registry().class_names())),
        defines=wanted.defines,
        search_path=wanted.search_path,
    )
    show(diagnostics, chosen)
    if not flat:
        return 1
    write_output(output, flat_text(flat))
    return 0
