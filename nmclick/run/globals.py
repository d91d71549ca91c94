"""The router's own handlers: version, config, list, stop, ..."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nmclick import __version__
from nmclick.element import HandlerError
from nmclick.lang.arguments import ArgumentError, Double, Signed

if TYPE_CHECKING:
    from nmclick.run.handlers import HandlerTable
    from nmclick.run.router import RunningRouter


def add_global(table: HandlerTable, router: RunningRouter) -> None:
    """Define the handlers, in Click's order."""
    table.add("version", read=lambda: __version__)
    table.add("driver", read=lambda: "userlevel")
    table.add("config", read=lambda: router.flat.text)
    table.add("flatconfig", read=lambda: flat_configuration(router))
    table.add("requirements", read=lambda: "".join(f"{kind}\n{value}\n" for kind, value in router.flat.requirements))
    table.add("handlers", read=table.text)
    table.add("list", read=lambda: _list(router))
    table.add("stop", write=lambda text: _stop(router, text))
    table.add("classes", read=_classes)
    table.add("packages", read=lambda: "".join(f"{package}\n" for package in PACKAGES))
    table.add("timewarp", read=router.timewarp)
    if not router.simulated:
        table.add("timewarp", write=lambda text: _warp(router, text))


#: What ``require(package ...)`` finds.
PACKAGES: tuple[str, ...] = ()


def flat_configuration(router: RunningRouter) -> str:
    from nmclick.lang.flatten import flat_text

    return flat_text(router.flat)


def _list(router: RunningRouter) -> str:
    return "".join(f"{line}\n" for line in (len(router.elements), *(element.name for element in router.elements)))


def _stop(router: RunningRouter, text: str) -> None:
    try:
        count = Signed(32).parse(text.strip())
    except ArgumentError:
        count = 1
    router.adjust_runcount(-count)


def _classes() -> str:
    from nmclick.graph.registry import Registry

    return "".join(f"{name}\n" for name in Registry().class_names())


def _warp(router: RunningRouter, text: str) -> None:
    if text.strip() == "nowait":
        router.warp(1.0, jump=True)
        return
    try:
        factor = Double().parse(text.strip())
    except ArgumentError:
        raise HandlerError("expected double") from None
    if not factor > 0 or math.isinf(factor):
        raise HandlerError("timefactor must be > 0")
    router.warp(factor, jump=False)
