"""A router for scripts without packets: handlers in a dictionary, a clock that only the test moves."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nmclick.element import Element, Handler, HandlerError, OwnHandler
from nmclick.lang.arguments import Environment
from nmclick.lang.source import Source, Span
from nmclick.script import Kind, ScriptElement

START = 1_000_000_000 * 10**9


class Script(ScriptElement):
    ports = "-/-"


class Device(Element):
    """An element with a value that can be read and written, and with handlers that fail."""

    value = "0"

    def own_handlers(self) -> Sequence[OwnHandler]:
        return [
            OwnHandler("value", read=lambda text: self.value, write=self.write),
            OwnHandler("lines", read=lambda text: "a\nb\n"),
            OwnHandler("echo", read=lambda text: text, parameters=True),
            OwnHandler("status", write=int),
            OwnHandler("fails", read=self.fail, write=lambda text: self.fail(text) and None, parameters=True),
        ]

    def write(self, text: str) -> None:
        self.value = text

    def fail(self, text: str) -> str:
        raise HandlerError("it is\nbroken", -5)


@dataclass
class BenchHandler:
    """nmclick.element.Handler."""

    element: Element | None
    own: OwnHandler

    @property
    def name(self) -> str:
        return f"{self.element.name}.{self.own.name}" if self.element else self.own.name

    @property
    def readable(self) -> bool:
        return self.own.read is not None

    @property
    def writable(self) -> bool:
        return self.own.write is not None

    @property
    def parameters(self) -> bool:
        return self.own.parameters

    def read(self, parameters: str = "") -> str:
        assert self.own.read
        return self.own.read(parameters)

    def write(self, value: str = "") -> int:
        assert self.own.write
        return self.own.write(value) or 0


@dataclass
class Bench:
    """nmclick.element.Router. What scripts print and report is in `out` and `err`."""

    out: str = ""
    err: str = ""
    runcount: int = 1
    running: bool = True
    time: int = START
    elements: list[Element] = field(default_factory=list)
    signals: dict[int, Callable[[], None]] = field(default_factory=dict)
    calls: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    globals: list[OwnHandler] = field(
        default_factory=lambda: [OwnHandler("version", read=lambda text: "9.9"), OwnHandler("driver")]
    )

    def add(self, element: Element) -> None:
        element._router = self
        self.elements.append(element)

    def start(self) -> None:
        for element in self.elements:
            element.started()
        self.answer()

    def answer(self) -> None:
        """Bring pending stop events to the driver script, as the driver does."""
        while self.running and self.runcount <= 0:
            answers = [answer for e in self.elements if (answer := e.driver_event()) is not None]
            self.running = any(answers)
            self.runcount += self.running

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        until = self.time + round(seconds * 10**9)
        while self.running and self.calls and self.calls[0][0] <= until:
            when, _, callback = heapq.heappop(self.calls)
            self.time = max(self.time, when)
            callback()
            self.answer()
        self.time = until

    # nmclick.element.Router

    def find(self, name: str, base: Element) -> Element | None:
        return next((element for element in self.elements if element.name == name), None)

    def handler(self, element: Element | None, name: str) -> Handler | None:
        own = self.globals if element is None else element.own_handlers()
        found = next((handler for handler in own if handler.name == name), None)
        if found is None and element is not None:
            found = element.default_handler(name)
        return BenchHandler(element, found) if found else None

    def read(self, handler: str, parameters: str = "") -> str:
        raise NotImplementedError

    def write(self, handler: str, value: str = "") -> None:
        element, name = handler.split(".")
        found = self.handler(self.find(element, self.elements[0]), name)
        assert found
        found.write(value)

    def stop(self, element: Element) -> None:
        self.runcount -= 1

    def now(self) -> int:
        return self.time

    def error(self, element: Element, message: str) -> None:
        self.err += message + "\n"

    def call_later(self, when: int, callback: Callable[[], None]) -> object:
        call = (when, len(self.out) + len(self.calls), callback)
        heapq.heappush(self.calls, call)
        return call

    def cancel(self, call: object) -> None:
        self.calls = [other for other in self.calls if other is not call]
        heapq.heapify(self.calls)

    def print(self, text: str) -> None:
        self.out += text

    def report(self, text: str) -> None:
        self.err += text if text.endswith("\n") else text + "\n"

    def catch_signal(self, number: int, callback: Callable[[], None]) -> None:
        self.signals[number] = callback


def make(
    name: str, config: str, bench: Bench | None = None, inputs: int = 0, outputs: int = 0
) -> tuple[Script, list[str]]:
    """A configured script and what is wrong with it."""
    span = Span(Source("config", config), 0, 0, "config", 1)
    script = Script(name, 0, config, span)
    script.n_inputs, script.n_outputs = inputs, outputs
    known = {element.name: element for element in bench.elements} if bench else {}
    environment = Environment(elements=known)
    script.args, problems = script.arguments.parse(config, environment)
    assert not problems
    errors = [str(error) for error in script.configure(environment)]
    if bench:
        bench.add(script)
    return script, errors


def bench(**scripts: str) -> Bench:
    """A router with these scripts and a Device called `d`; it has been started."""
    router = Bench()
    router.add(Device("d", 0, "", Span(Source("config", ""), 0, 0, "config", 1)))
    for name, config in scripts.items():
        assert make(name, config, router)[1] == []
    router.start()
    return router


def driver(config: str, **scripts: str) -> Bench:
    """The same with a driver script `dm`, a while later."""
    router = bench(**scripts, dm=f"TYPE DRIVER, {config}")
    router.wait(100)
    return router


__all__ = ["START", "Bench", "Device", "Kind", "Script", "bench", "driver", "make"]
