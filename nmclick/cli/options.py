"""Command lines: options declared as data, read as Click reads its own (lib/clp.c)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["HELP", "Option", "UsageError", "format_help", "parse"]

_WIDTH = 80
_COLUMN = 32


class UsageError(Exception):
    """The command line makes no sense; the text says why."""


@dataclass(frozen=True, slots=True)
class Option:
    """``--long`` and ``-short``. With a `metavar` it takes a value, with `optional` only as ``--long=VALUE``.
    `negate`: ``--no-long`` exists too, and gives the value "no". `aliases` are further long names."""

    long: str
    short: str = ""
    metavar: str = ""
    help: str = ""
    optional: bool = False
    negate: bool = False
    aliases: tuple[str, ...] = ()


HELP = Option("help", help="Print this message and exit.")


def parse(arguments: Sequence[str], options: Sequence[Option]) -> Iterator[tuple[Option | None, str]]:
    """The options with their values, and arguments as (None, text), in order. Raises UsageError."""
    waiting = list(reversed(arguments))
    while waiting:
        argument = waiting.pop()
        if argument == "--":
            yield from ((None, text) for text in reversed(waiting))
            return
        if argument.startswith("--"):
            yield _long(argument, options, waiting)
        elif argument.startswith("-") and argument != "-":
            yield from _short(argument, options, waiting)
        else:
            yield None, argument


def _long(argument: str, options: Sequence[Option], waiting: list[str]) -> tuple[Option, str]:
    name, equals, value = argument[2:].partition("=")
    option, negated = _find_long(name, options)
    if negated:
        if equals:
            raise UsageError(f"'--{name}' takes no value")
        return option, "no"
    if not option.metavar:
        if equals:
            raise UsageError(f"'--{name}' takes no value")
        return option, ""
    if equals or option.optional:
        return option, value
    if not waiting:
        raise UsageError(f"'--{name}' needs a value: {option.metavar}")
    return option, waiting.pop()


def _find_long(name: str, options: Sequence[Option]) -> tuple[Option, bool]:
    """The option that a long name, or the beginning of one, means, and whether it is negated."""
    names: dict[str, tuple[Option, bool]] = {}
    for option in options:
        for long in (option.long, *option.aliases):
            names[long] = option, False
            if option.negate:
                names[f"no-{long}"] = option, True
    if name in names:
        return names[name]
    found = {long: meant for long, meant in names.items() if name and long.startswith(name)}
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    if found:
        raise UsageError(f"'--{name}' is ambiguous: {', '.join(f'--{long}' for long in sorted(found))}")
    raise UsageError(f"unknown option '--{name}'")


def _short(argument: str, options: Sequence[Option], waiting: list[str]) -> Iterator[tuple[Option, str]]:
    for position, letter in enumerate(argument[1:], start=2):
        option = next((option for option in options if option.short == letter), None)
        if option is None:
            raise UsageError(f"unknown option '-{letter}'")
        if not option.metavar:
            yield option, ""
            continue
        rest = argument[position:]
        if not rest and not option.optional:
            if not waiting:
                raise UsageError(f"'-{letter}' needs a value: {option.metavar}")
            rest = waiting.pop()
        yield option, rest.removeprefix("=")
        return


def format_help(summary: str, usage: str, options: Sequence[Option], notes: str = "") -> str:
    """The text of ``--help``."""
    import textwrap

    lines = [f"Usage: {usage}", "", *textwrap.wrap(summary, _WIDTH), "", "Options:"]
    for option in options:
        lines += _describe(option)
    if notes:
        lines += ["", *notes.strip("\n").splitlines()]
    return "\n".join(lines) + "\n"


def _describe(option: Option) -> list[str]:
    value = f"[={option.metavar}]" if option.optional else f" {option.metavar}" if option.metavar else ""
    short = f"-{option.short}, " if option.short else "    "
    head = f"  {short}--{option.long}{value}"
    import textwrap

    text = textwrap.wrap(option.help, _WIDTH - _COLUMN)
    if len(head) >= _COLUMN:
        return [head, *(" " * _COLUMN + line for line in text)]
    return [head.ljust(_COLUMN) + (text[0] if text else ""), *(" " * _COLUMN + line for line in text[1:])]
