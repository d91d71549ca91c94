"""From a source to a checked router graph: what every command that reads a configuration begins with."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nmclick.graph.build import build
from nmclick.graph.registry import Registry, RegistryError
from nmclick.lang.arguments import Environment
from nmclick.lang.elaborate import load_configuration
from nmclick.lang.flat import FlatElement
from nmclick.lang.source import Source, Span
from nmclick.run.frontend import flat_key, keep_flat, kept_flat
from nmclick.run.handlers import has_handler

if TYPE_CHECKING:
    from nmclick.graph.router import RouterGraph
    from nmclick.lang.diagnostics import Diagnostics
    from nmclick.lang.flat import FlatConfiguration

__all__ = ["Input", "Loaded", "load", "load_flat", "read_source", "search_path"]


@dataclass(frozen=True, slots=True)
class Input:
    """What the command line says about a configuration: a file ("-": standard input) or an expression, variables,
    where libraries are looked for, and the arguments of ControlSocket elements to add."""

    name: str
    is_expression: bool = False
    defines: Mapping[str, str] = field(default_factory=dict)
    search_path: Sequence[Path] = ()
    control_sockets: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that can run."""

    source: Source
    flat: FlatConfiguration
    graph: RouterGraph
    environment: Environment


def search_path(text: str | None) -> list[Path]:
    """The folders of a CLICKPATH, the environment's if `text` is None."""
    path = os.environ.get("CLICKPATH", "") if text is None else text
    return [Path(folder) for folder in path.split(":") if folder]


def read_source(wanted: Input, diagnostics: Diagnostics) -> Source | None:
    """The text of a configuration; None after an error, which `diagnostics` tells."""
    if wanted.is_expression:
        return Source.expression(wanted.name)
    try:
        return Source.read(wanted.name)
    except OSError as error:
        diagnostics.error(None, f"{wanted.name}: {error.strerror}")
    except ValueError:
        diagnostics.error(None, f"{wanted.name!r}: not a file name")
    return None


def load_flat(wanted: Input, source: Source, registry: Registry, diagnostics: Diagnostics) -> FlatConfiguration | None:
    """The flat configuration; None after errors. One without errors and warnings is not parsed again in later runs."""
    asked: dict[str, bool] = {}

    def known_class(name: str) -> bool:
        try:
            known = registry.find(name) is not None
        except RegistryError as error:
            diagnostics.error(None, str(error))
            known = True
        asked[name] = known
        return known

    key = flat_key(source, wanted.defines, wanted.search_path)
    try:
        kept = kept_flat(key, source, lambda name: registry.find(name) is not None)
    except RegistryError:
        kept = None  # to be reported where the class is used
    if kept is not None:
        return kept
    before = len(diagnostics.messages)
    flat = load_configuration(
        source,
        diagnostics,
        known_class=known_class,
        class_names=registry.class_names,
        defines=wanted.defines,
        search_path=wanted.search_path,
        incomplete=True,
    )
    if flat is not None and len(diagnostics.messages) == before:
        keep_flat(key, source, flat, asked)
    return flat


def _add_control_sockets(flat: FlatConfiguration, sockets: Sequence[str]) -> None:
    """Add elements under the names that Click's driver gives them."""
    place = Span(Source("click", ""), 0, 0, "click", 0)
    for number, arguments in enumerate(sockets):
        name = "click_driver@@ControlSocket" + (f"@{number}" if number else "")
        flat.elements.append(FlatElement(name, "ControlSocket", arguments, place, None))


def load(wanted: Input, diagnostics: Diagnostics, *, initialize: bool = True) -> Loaded | None:
    """Read, parse, flatten, check and configure; None after errors. Without `initialize` what a configuration refers
    to outside itself (files) need not exist."""
    source = read_source(wanted, diagnostics)
    if source is None:
        return None
    registry = Registry()
    before = diagnostics.errors
    flat = load_flat(wanted, source, registry, diagnostics)
    if flat is None or (diagnostics.errors > before and not flat.missing):
        return None
    _add_control_sockets(flat, wanted.control_sockets)
    environment = Environment()
    graph = build(flat, registry, diagnostics, environment=environment, has_handler=has_handler, initialize=initialize)
    if flat.missing:
        diagnostics.not_initialized = False  # as for every configuration that cannot be read
    if graph is None:
        return None
    by_name = {element.name: element for element in graph.elements}
    environment = replace(
        environment,
        elements=by_name,
        has_handler=lambda name, handler: has_handler(by_name.get(name), handler),
    )
    return Loaded(source, flat, graph, environment)
