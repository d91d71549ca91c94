"""``nmclick elements``: which element classes there are, and the manual page of each."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from nmclick.cli.common import HELP
from nmclick.cli.options import Option, UsageError, format_help, parse

if TYPE_CHECKING:
    from nmclick.element import Element
    from nmclick.graph.registry import Registry

JSON = Option("json", help="Print JSON.")
OPTIONS = (JSON, HELP)
SUMMARY = "List the element classes by family, or print the manual pages of those that are named."


def main(arguments: list[str]) -> int:
    names: list[str] = []
    as_json = False
    for option, value in parse(arguments, OPTIONS):
        if option is HELP:
            sys.stdout.write(format_help(SUMMARY, "nmclick elements [OPTION]... [NAME]...", OPTIONS))
            return 0
        if option is JSON:
            as_json = True
        else:
            names.append(value)
    from nmclick.graph.registry import Registry, RegistryError

    registry = Registry()
    try:
        return _pages(registry, names, as_json) if names else _list(registry, as_json)
    except RegistryError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _pages(registry: Registry, names: list[str], as_json: bool) -> int:
    from nmclick.cli.manual import as_data, page

    classes: list[type[Element]] = []
    status = 0
    for name in names:
        cls = registry.find(name)
        if cls is None:
            from nmclick.lang.diagnostics import suggest

            hint = suggest(name, registry.class_names())
            sys.stderr.write(f"unknown element class '{name}'{f': {hint}' if hint else ''}\n")
            status = 1
        else:
            classes.append(cls)
    if as_json:
        _print_json([as_data(cls) for cls in classes])
    else:
        _print("\n".join(page(cls) for cls in classes))
    return status


def _list(registry: Registry, as_json: bool) -> int:
    from nmclick.cli.manual import as_data, family, first_sentence

    families: dict[str, list[type[Element]]] = {}
    for name in registry.class_names(aliases=False):
        cls = registry.find(name)
        if cls is None:
            raise UsageError(f"'{name}' has vanished")
        families.setdefault(family(cls), []).append(cls)
    if as_json:
        _print_json([as_data(cls) for members in families.values() for cls in members])
        return 0
    lines = []
    for title in sorted(families):
        lines.append(title)
        lines += [f"  {cls.__name__:<20} {first_sentence(cls)}" for cls in families[title]]
        lines.append("")
    _print("\n".join(lines))
    return 0


def _print_json(value: object) -> None:
    import json

    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def _print(text: str) -> None:
    """Headings, which begin in the first column, stand out on a terminal."""
    if not sys.stdout.isatty():
        sys.stdout.write(text)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for line in text.splitlines():
        heading = bool(line) and not line[0].isspace()
        console.print(Text(line, style="bold" if heading else ""), soft_wrap=True)
