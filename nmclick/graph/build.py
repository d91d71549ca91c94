"""From a flat configuration to a router graph that can be planned: every error that Click's Router::initialize finds.

Elements are made, their ports counted, push and pull resolved, arguments read, elements configured and initialised. A
stage that fails does not keep later ones from looking at what is still sound, so that one run reports everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from nmclick.graph.hookup import HookupError, assign_ports, reused_ports, split_by_range, unused_ports
from nmclick.graph.processing import Mode
from nmclick.graph.pullcycles import pull_cycles
from nmclick.graph.registry import Registry, RegistryError
from nmclick.graph.resolve import Conflict, resolve
from nmclick.graph.router import Connection, PortRef, RouterGraph, describe
from nmclick.graph.storages import find_storages
from nmclick.lang.arguments import Environment, Problem
from nmclick.lang.configstring import argument_spans
from nmclick.lang.diagnostics import MAX_ERRORS, suggest

if TYPE_CHECKING:
    from nmclick.element import Element, Notice
    from nmclick.lang.diagnostics import Diagnostics
    from nmclick.lang.flat import FlatConfiguration
    from nmclick.lang.source import Span

__all__ = ["HandlerCheck", "build"]

_WORD = re.compile(r"[\w@]+")

#: Whether an element (None: the router) has a handler of this name.
HandlerCheck: TypeAlias = Callable[["Element | None", str], bool]


def build(
    flat: FlatConfiguration,
    registry: Registry,
    diagnostics: Diagnostics,
    *,
    environment: Environment | None = None,
    has_handler: HandlerCheck | None = None,
    initialize: bool = True,
) -> RouterGraph | None:
    """The graph of a configuration, resolved, checked and configured; None if it cannot run, as `diagnostics` tell.

    `environment` brings names from outside. Without `initialize` elements are not initialised: what they refer to
    outside the configuration (files, for most) need not exist.
    """
    before = diagnostics.errors
    elements = _make_elements(flat, registry, diagnostics)
    if elements is None:
        return None
    graph, faulty = (None, _everybody(elements)) if flat.missing else _connect(flat, elements, diagnostics)
    by_name = {element.name: element for element in elements}
    environment = replace(environment or Environment(), elements=by_name)
    if has_handler is not None:
        environment = replace(environment, has_handler=_handler_lookup(by_name, has_handler))
    _Configurator(flat, elements, environment, diagnostics).run(faulty, initialize and diagnostics.errors == before)
    if diagnostics.errors > before:
        diagnostics.not_initialized = True
        return None
    return graph


def _everybody(elements: Iterable[Element]) -> frozenset[int]:
    return frozenset(element.index for element in elements)


def _make_elements(flat: FlatConfiguration, registry: Registry, diagnostics: Diagnostics) -> list[Element] | None:
    elements: list[Element] = []
    classes: dict[str, type[Element] | None] = {}
    for index, declared in enumerate(flat.elements):
        name = declared.class_name
        if name not in classes:
            try:
                classes[name] = registry.find(name)
            except RegistryError as error:
                classes[name] = None
                diagnostics.error(declared.span, str(error))
                continue
        cls = classes[name]
        if cls is None:
            hint = suggest(name, registry.class_names())
            diagnostics.error(declared.span, f"unknown element class '{name}'", hint=hint)
        else:
            elements.append(cls(declared.name, index, declared.config, declared.span))
    return elements if len(elements) == len(flat.elements) else None


def _connect(
    flat: FlatConfiguration, elements: list[Element], diagnostics: Diagnostics
) -> tuple[RouterGraph | None, frozenset[int]]:
    """The resolved graph, and the elements whose ports are not as they should be; no graph if hardly any port of it
    would be connected."""
    unique = dict.fromkeys(
        Connection((c.from_element, c.from_port), (c.to_element, c.to_port), c.span) for c in flat.connections
    )
    assign_ports(elements, unique)
    connections, errors = split_by_range(elements, unique)
    _report_hookup(errors, diagnostics)
    # Ports that errors were reported for are not complained about again: the connection may just be meant elsewhere.
    astray = [error.connection for error in errors if error.connection is not None]
    inputs = frozenset(connection.target for connection in astray)
    outputs = frozenset(connection.source for connection in astray)
    unused = list(islice(unused_ports(elements, connections, inputs, outputs), MAX_ERRORS))
    graph = None
    reused: list[HookupError] = []
    if len(unused) < MAX_ERRORS:
        graph = RouterGraph(elements, connections)
        conflicts = resolve(graph)
        for conflict in conflicts[:MAX_ERRORS]:
            _report_conflict(graph, conflict, diagnostics)
        inputs |= {conflict.input for conflict in conflicts}
        outputs |= {conflict.output for conflict in conflicts}
        reused += reused_ports(graph, inputs, outputs)
    _report_hookup([*reused, *unused], diagnostics)
    if graph is not None:
        find_storages(graph)
        for cycle in pull_cycles(graph):
            _report_pull_cycle(graph, cycle, diagnostics)
    faulty = {error.element.index for error in (*errors, *reused, *unused)}
    faulty.update(index for index, _ in _ends(astray))
    return graph, frozenset(faulty)


def _ends(connections: Iterable[Connection]) -> Iterable[PortRef]:
    for connection in connections:
        yield connection.source
        yield connection.target


def _report_hookup(errors: Iterable[HookupError], diagnostics: Diagnostics) -> None:
    for error in errors:
        if diagnostics.full:
            return
        caret = error.connection.span if error.connection else None
        diagnostics.error(error.element.span, error.message, hint=error.hint, caret=caret)


def _report_conflict(graph: RouterGraph, conflict: Conflict, diagnostics: Diagnostics) -> None:
    if conflict.connection is None:
        span: Span | None = graph.elements[conflict.output[0]].span
        hint = "packets cannot be pulled at one end and pushed at the other: put a Queue before it, or an Unqueue after"
    else:
        span = graph.connections[conflict.connection].span
        hint = (
            "put a Queue in between, which is pushed into and pulled from"
            if conflict.output_mode is Mode.PUSH
            else "put an Unqueue in between, which pulls and pushes"
        )
    # Click's line has no place, so the place is the caret's alone.
    diagnostics.error(None, conflict.message, hint=hint, caret=span)


def _report_pull_cycle(graph: RouterGraph, cycle: list[int], diagnostics: Diagnostics) -> None:
    names = [f"'{describe(graph.elements[index])}'" for index in (*cycle, cycle[0])]
    diagnostics.error(
        graph.elements[cycle[0]].span,
        f"pull cycle: {' -> '.join(names)}",
        hint="a pull that comes back to where it started has no answer: break the cycle with a Queue",
    )


def _handler_lookup(by_name: Mapping[str, Element], has_handler: HandlerCheck) -> Callable[[str, str], bool]:
    def lookup(element: str, handler: str) -> bool:
        if not element:
            return has_handler(None, handler)
        return element in by_name and has_handler(by_name[element], handler)

    return lookup


class _Configurator:
    """Reads arguments and lets elements check themselves, in Click's configure order."""

    def __init__(
        self,
        flat: FlatConfiguration,
        elements: list[Element],
        environment: Environment,
        diagnostics: Diagnostics,
    ) -> None:
        self.flat = flat
        self.ordered = sorted(elements, key=lambda element: (element.configure_phase, element.index))
        self.environment = environment
        self.diagnostics = diagnostics

    def run(self, faulty: frozenset[int], initialize: bool) -> None:
        """Configure all elements; those that are `faulty` get their arguments read and nothing more. Initialise them
        if nothing is wrong and `initialize` asks for it."""
        before = self.diagnostics.errors
        for element in self.ordered:
            if self.diagnostics.full:
                return
            if not self._refers_to_missing(element):
                # Names are defined whatever is wrong with ports: else whoever uses one would seem wrong, too.
                self._configure(element, element.index not in faulty or element.ports == "0/0")
        if initialize and self.diagnostics.errors == before:
            for element in self.ordered:
                span = self.flat.elements[element.index].config_span
                for message in element.initialize(self.environment.at(element.name)):
                    self._error("initializing", element, message, span)

    def _refers_to_missing(self, element: Element) -> bool:
        words = set(_WORD.findall(element.config)) if self.flat.missing else set()
        return any(name.rpartition("/")[2] in words for name in self.flat.missing)

    def _configure(self, element: Element, whole: bool) -> None:
        environment = self.environment.at(element.name)
        element.args, problems = element.arguments.parse(element.config, environment)
        self._report(element, problems)
        if whole and not problems:
            span = self.flat.elements[element.index].config_span
            for message in element.configure(environment):
                if isinstance(message, Problem):
                    self._report(element, [message])
                elif isinstance(message, str):
                    self._error("configuring", element, message, span)
                else:
                    self._notice(element, message)

    def _report(self, element: Element, problems: list[Problem]) -> None:
        if not problems:
            return
        config_span = self.flat.elements[element.index].config_span
        wanted = {problem.index for problem in problems if problem.index is not None}
        spans = argument_spans(element.config, config_span, wanted) if config_span else []
        for problem in problems:
            caret = spans[problem.index] if problem.index is not None and problem.index < len(spans) else config_span
            if problem.piece is not None and caret is not None and problem.piece[1] <= len(caret.text):
                caret = caret.narrow(caret.start + problem.piece[0], caret.start + problem.piece[1])
            self._error("configuring", element, problem.message, caret, problem.hint)

    def _notice(self, element: Element, notice: Notice) -> None:
        report = self.diagnostics.warning if notice.is_warning else self.diagnostics.note
        report(element.span, notice.text, context=f"While configuring '{describe(element)}':")

    def _error(self, doing: str, element: Element, message: str, caret: Span | None, hint: str | None = None) -> None:
        context = f"While {doing} '{describe(element)}':"
        self.diagnostics.error(element.span, message, context=context, hint=hint, caret=caret)
