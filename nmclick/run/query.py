"""What the driver reads after a run: the handlers that ``-h`` names, and the exit status that ``-x`` takes from one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from nmclick.element import Bool, HandlerError
from nmclick.lang.arguments import ArgumentError
from nmclick.lang.configstring import uncomment
from nmclick.lang.values.numbers import parse_integer

if TYPE_CHECKING:
    from nmclick.lang.diagnostics import Diagnostics
    from nmclick.run.handlers import RouterHandler
    from nmclick.run.router import RunningRouter

__all__ = ["exit_value", "print_json", "print_values", "read_values"]

#: As a shell sees Click's exit(-1).
BAD_EXIT_VALUE = 255


def read_values(
    router: RunningRouter, names: Iterable[str], diagnostics: Diagnostics
) -> Iterator[tuple[RouterHandler, str, bool]]:
    """The handlers that the names mean, with their values and whether the name can mean several."""
    for wanted in names:
        element_name, dot, handler_name = wanted.partition(".")
        if not dot:
            yield from _read(router.handler(None, wanted), wanted, False, diagnostics)
            continue
        try:
            elements = router.find_all(element_name)
        except HandlerError as error:
            diagnostics.error(None, str(error))
            continue
        several = len(elements) > 1 or router.find_one(element_name) is None
        for element in elements:
            handler = router.handler(element, handler_name)
            if several and (handler is None or handler.private or not handler.readable):
                continue
            yield from _read(handler, f"{element.name}.{handler_name}", several, diagnostics)


def _read(
    handler: RouterHandler | None, name: str, several: bool, diagnostics: Diagnostics
) -> Iterator[tuple[RouterHandler, str, bool]]:
    if handler is None or handler.private:
        diagnostics.error(None, f"no '{name}' handler")
    elif not handler.readable:
        diagnostics.error(None, f"'{name}' is a write handler")
    else:
        try:
            yield handler, handler.read(), several
        except HandlerError as error:
            diagnostics.error(None, str(error))


def print_json(router: RunningRouter, names: Sequence[str], diagnostics: Diagnostics) -> None:
    """Print values as one JSON object on a line, by name."""
    if names:
        import json

        values = {handler.name: value for handler, value, _ in read_values(router, names, diagnostics)}
        router.print(json.dumps({"handlers": values}) + "\n")


def print_values(router: RunningRouter, names: Sequence[str], diagnostics: Diagnostics) -> None:
    """Print values as Click does: alone, or each below its name and followed by an empty line."""
    for handler, value, several in read_values(router, names, diagnostics):
        text = value if handler.raw or not value or value.endswith("\n") else value + "\n"
        router.print(f"{handler.name}:\n{text}\n" if several or len(names) > 1 else text)


def exit_value(router: RunningRouter, name: str, diagnostics: Diagnostics) -> int:
    """The exit status that a handler's value stands for: an integer, or 0 for true and 1 for false."""
    try:
        text = uncomment(router.read(name))
    except HandlerError as error:
        diagnostics.error(None, str(error))
        return BAD_EXIT_VALUE
    number = parse_integer(text)
    if number is not None:
        return number & 0xFF
    try:
        return 0 if Bool().parse(text) else 1
    except ArgumentError:
        diagnostics.error(None, "exit handler value should be integer")
        return BAD_EXIT_VALUE
