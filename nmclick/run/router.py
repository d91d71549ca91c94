"""The running router: its elements, its handlers, its stop events. What nmclick.element.Router promises."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from nmclick.element import Element, HandlerError
from nmclick.graph.router import RouterGraph, describe
from nmclick.run.calls import Call, Schedule
from nmclick.run.globals import add_global
from nmclick.run.handlers import HandlerTable, RouterHandler, add_declared
from nmclick.run.live import LiveElement
from nmclick.run.tasks import add_task

if TYPE_CHECKING:
    from nmclick.compile import CompiledProgram
    from nmclick.lang.arguments import Environment
    from nmclick.lang.flat import FlatConfiguration
    from nmclick.run.native import Native
    from nmclick.run.ports import PortWish

__all__ = ["RunningRouter"]

#: Runcount after a signal: no number of answered stop events makes up for it (Click's STOP_RUNCOUNT).
STOPPED = -(2**31)

_PATTERN = re.compile(r"[?*\[]")


class RunningRouter:
    """A loaded configuration. `runcount` counts as in Click: each stop event takes one away, and at zero or below the
    driver manager is asked, or the run ends."""

    def __init__(
        self,
        graph: RouterGraph,
        flat: FlatConfiguration,
        program: CompiledProgram,
        native: Native,
        environment: Environment,
        *,
        ports: Sequence[PortWish] = (),
        simulated: bool = False,
    ) -> None:
        self.graph = graph
        self.flat = flat
        self.program = program
        self.native = native
        self.environment = environment
        #: The ports that were opened, by number.
        self.ports = ports
        self.simulated = simulated
        self.runcount = 1
        #: A packet source has ended the run: what is under way shall arrive first.
        self.drain_wanted = False
        self._calls = Schedule()
        self._signals: dict[int, Callable[[], None]] = {}
        self._answering: Element | None = None
        self._warp: float | None = 1.0  # None: waits are skipped
        self._tables: dict[int, HandlerTable] = {}
        self.globals = HandlerTable(None, self.hold)
        add_global(self.globals, self)
        for element in graph.elements:
            element._router = self
            element._live = LiveElement(native, program, element)

    # Elements

    @property
    def elements(self) -> Sequence[Element]:
        return self.graph.elements

    @property
    def workers(self) -> int:
        return self.program.workers

    def set_tickets(self, element: Element, tickets: int) -> None:
        """Give the tasks of an element a share of their worker; with 0 they are unscheduled."""
        with self.hold():
            for task, owner in enumerate(self.program.tasks):
                if owner == element.index and tickets:
                    self.native.set_tickets(task, tickets)
                elif owner == element.index:
                    self.native.schedule(task, False)

    def find(self, name: str, base: Element | None = None) -> Element | None:
        """The element called `name` as seen from `base`."""
        return self.graph.find(name, base)

    def find_all(self, pattern: str) -> list[Element]:
        """Elements by name, 1-based number, glob pattern or class name. Raises HandlerError when there are none."""
        element = self.find_one(pattern)
        if element is not None:
            return [element]
        if _PATTERN.search(pattern):
            found = [element for element in self.elements if fnmatchcase(element.name, pattern)]
            message = f"no element matching '{pattern}'"
        else:
            classes = self.environment.element_class
            found = [element for element in self.elements if pattern in classes(element)]
            message = f"no element '{pattern}'"
        if not found:
            raise HandlerError(message)
        return found

    def find_one(self, text: str, base: Element | None = None) -> Element | None:
        """The element of this name or 1-based number."""
        return self.find(text, base) or self._numbered(text)

    def _numbered(self, text: str) -> Element | None:
        if text.isascii() and text.isdigit() and 1 <= int(text) <= len(self.elements):
            return self.elements[int(text) - 1]
        return None

    # Handlers

    def hold(self) -> AbstractContextManager[None]:
        return self.native.held()

    def table(self, element: Element) -> HandlerTable:
        """The handlers of an element."""
        table = self._tables.get(element.index)
        if table is None:
            table = self._tables[element.index] = HandlerTable(element, self.hold)
            self._fill(table, element)
        return table

    def _fill(self, table: HandlerTable, element: Element) -> None:
        table.add("name", read=lambda: element.name, calm=True)
        table.add("class", read=lambda: type(element).__name__, calm=True)
        table.add("config", read=lambda: element.config, calm=True)
        table.add("ports", read=lambda: self.graph.ports_text(element.index), calm=True)
        table.add("handlers", read=table.text, calm=True)
        add_declared(table, element, self.environment)
        for task, owner in enumerate(self.program.tasks):
            if owner == element.index:
                add_task(table, self.native, task)

    def handler(self, element: Element | None, name: str) -> RouterHandler | None:
        """A handler of an element, or of the router (None), by its own name."""
        if element is None:
            return self.globals.get(name)
        table = self.table(element)
        if name not in table:
            own = element.default_handler(name)
            if own is not None:
                return RouterHandler(
                    element, name, self.hold, own.read, own.write, own.parameters, own.raw, private=own.private
                )
        return table.get(name)

    def locate(self, handler: str) -> tuple[Element | None, str]:
        """The element (None: the router) and the short name that a handler's name means, whether it exists or not.
        Raises HandlerError if the element does not."""
        head, dot, name = handler.partition(".")
        if not handler or (dot and not name):
            raise HandlerError("syntax error")
        if not dot:
            return None, handler
        if not head:
            return None, name
        element = self.find_one(head)
        if element is not None:
            return element, name
        if handler in self.globals:
            return None, handler
        raise HandlerError(f"no element named '{head}'")

    def read(self, handler: str, parameters: str = "") -> str:
        """The value of "ELEMENT.HANDLER" or of a handler of the router. Raises HandlerError."""
        element, name = self.locate(handler)
        found = self.handler(element, name)
        if found is None or not found.readable:
            raise HandlerError(f"no '{_full_name(element, name)}' read handler", -2)
        return found.read(parameters)

    def write(self, handler: str, value: str = "") -> None:
        """Write to "ELEMENT.HANDLER" or to a handler of the router. Raises HandlerError."""
        element, name = self.locate(handler)
        found = self.handler(element, name)
        if found is None or not found.writable:
            raise HandlerError(f"no '{_full_name(element, name)}' write handler", -2)
        found.write(value)

    # Stop events

    def stop(self, element: Element) -> None:
        """`element` wants the driver to stop."""
        self.adjust_runcount(-1, element)

    def adjust_runcount(self, delta: int, element: Element | None = None) -> None:
        """Count stop events, within the bounds of a 32-bit integer; `element` is whose they are, if it is not the one
        whose upcall is being answered."""
        self.runcount = max(STOPPED, min(self.runcount + delta, 2**31 - 1))
        culprit = element or self._answering
        if delta < 0 and culprit is not None and culprit.is_source:
            self.drain_wanted = True

    def answer_upcall(self, index: int, kind: int, argument: int) -> int:
        """Let the control plane's half of an element answer its C half."""
        element = self.elements[index]
        self._answering = element
        try:
            return element.upcall(kind, argument)
        except HandlerError as error:
            self.error(element, str(error))
            return -1
        finally:
            self._answering = None

    # Time

    def now(self) -> int:
        """Nanoseconds since the epoch, by the run's own clock."""
        return self.native.now()

    def warp(self, speed: float, *, jump: bool) -> None:
        """Let time run `speed` times as fast as the wall clock's, or skip all waits."""
        self.native.warp(speed, jump=jump)
        self._warp = None if jump else speed

    def timewarp(self) -> str:
        """The value of the ``timewarp`` handler."""
        if self.simulated:
            return "simulation"
        return "nowait" if self._warp is None else f"{self._warp:g}"

    def call_later(self, when: int, callback: Callable[[], None]) -> object:
        """Have `callback` called at `when` (ns), in the main thread. What is returned can be given to `cancel`."""
        return self._calls.add(when, callback)

    def cancel(self, call: object) -> None:
        if isinstance(call, Call):
            call.cancelled = True

    def next_call(self) -> int | None:
        """When the next callback is due."""
        return self._calls.next_time()

    def run_due_calls(self) -> None:
        """Call what is due by now, each callback between two batches."""
        for callback in self._calls.due(self.now()):
            with self.hold():
                callback()

    # Signals

    def catch_signal(self, number: int, callback: Callable[[], None]) -> None:
        """Have `callback` called when the signal comes next; after that it has its default effect."""
        self._signals[number] = callback
        self.native.catch_signal(number, once=False)

    def take_signals(self) -> list[int]:
        """Run the callbacks of the signals that came; those that nobody asked for."""
        others = []
        for number in self.native.signals_caught():
            callback = self._signals.pop(number, None)
            if callback is None:
                others.append(number)
                continue
            signal.signal(number, signal.SIG_DFL)
            callback()
        return others

    # Text

    def print(self, text: str) -> None:
        """Write to standard output, at once. That nobody reads it does not stop a router."""
        _write(sys.stdout.fileno(), text)

    def report(self, text: str) -> None:
        """Write whole lines to standard error."""
        _write(sys.stderr.fileno(), text if text.endswith("\n") else text + "\n")

    def error(self, element: Element, message: str) -> None:
        """Report what went wrong in an element while running."""
        lines = "".join(f"  {line}\n" for line in message.splitlines())
        self.report(f"While executing '{describe(element)}':\n{lines}")


def _full_name(element: Element | None, name: str) -> str:
    return name if element is None else f"{element.name}.{name}"


def _write(descriptor: int, text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:
        return
