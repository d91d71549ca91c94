"""A small configuration language and stub element classes, so that graph tests need neither parser nor elements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from nmclick.element import Arguments, DeviceUse, Element, Optional, Positional, Rest, Text, Unsigned
from nmclick.graph.build import build
from nmclick.graph.registry import Registry
from nmclick.graph.router import RouterGraph
from nmclick.lang.arguments import Environment
from nmclick.lang.diagnostics import Diagnostics
from nmclick.lang.flat import FlatConfiguration, FlatConnection, FlatElement
from nmclick.lang.source import LineMap, Source

_DECLARATION = re.compile(r"(?P<name>[\w@/]+) :: (?P<class>\w+)(?:\((?P<config>.*)\))?$")
_END = re.compile(r"(?:\[(?P<input>\d+)\] *)?(?P<name>[\w@/]+)(?: *\[(?P<output>\d+)\])?$")


def flat(text: str, name: str = "F") -> FlatConfiguration:
    """``name :: Class(config)`` and ``a [1] -> [2] b -> c``, a declaration or a chain a line."""
    places = LineMap(Source(name, text))
    result = FlatConfiguration(text=text)
    indexes: dict[str, int] = {}
    offset = 0
    for line in text.splitlines(keepends=True):
        begin = offset + len(line) - len(line.lstrip())
        stripped = line.strip()
        declared = _DECLARATION.match(stripped)
        if declared:
            span = places.span(begin, begin + len(declared["name"]))
            config_span = None
            if declared["config"] is not None:
                config_span = places.span(begin + declared.start("config"), begin + declared.end("config"))
            indexes[declared["name"]] = len(result.elements)
            result.elements.append(
                FlatElement(declared["name"], declared["class"], declared["config"] or "", span, config_span)
            )
        elif stripped:
            ends = [_END.match(end.strip()) for end in stripped.split("->")]
            for source, target in pairwise(ends):
                assert source, stripped
                assert target, stripped
                result.connections.append(
                    FlatConnection(
                        indexes[source["name"]],
                        int(source["output"] or 0),
                        indexes[target["name"]],
                        int(target["input"] or 0),
                        places.span(begin, begin + len(stripped)),
                    )
                )
        offset += len(line)
    return result


class _Anything(Element):
    arguments = Arguments(Rest("WORDS", Text()))


def stub(name: str, ports: str, processing: str = "a/a", flow: str = "x/x", **attributes: object) -> type[Element]:
    """An element class that takes any arguments."""
    return type(name, (_Anything,), {"ports": ports, "processing": processing, "flow": flow, **attributes})


class Strip(Element):
    ports = "1/1"
    arguments = Arguments(Positional("LENGTH", Unsigned(32)))


class Switch(Element):
    ports = "1/-"
    processing = "h/h"
    arguments = Arguments(Optional("OUTPUT", Unsigned(32), 0))

    def configure(self, environment: Environment) -> Iterable[str]:
        if self.n_outputs <= self.args.OUTPUT:
            yield f"there is no output {self.args.OUTPUT}"


class StaticSwitch(Switch):
    def constant_output(self) -> int | None:
        return int(self.args.OUTPUT)


class Reader(Element):
    """Reads a file at initialisation; there is only one file."""

    ports = "0/1"
    arguments = Arguments(Positional("FILENAME", Text()))

    def initialize(self, environment: Environment) -> Iterable[str]:
        if self.args.FILENAME != "there":
            yield f"{self.args.FILENAME}: No such file or directory"


class Tunnel(Element):
    """A device at both ends."""

    ports = "1/1"
    processing = "a/h"
    flow = "x/y"

    def devices(self) -> Sequence[DeviceUse]:
        return [DeviceUse("tap:t", read=True, write=True)]


CLASSES: dict[str, type[Element]] = {
    cls.__name__: cls
    for cls in (
        Strip,
        Switch,
        StaticSwitch,
        Reader,
        Tunnel,
        stub("Source", "0/1", "h/h"),
        stub("PullSource", "0/1", "l/l"),
        stub("Generator", "0-1/1", "a/a", is_source=True),
        stub("Idle", "-/-", "a/a", "x/y"),
        stub("Discard", "1/0"),
        stub("Null", "1/1"),
        stub("Counter", "1/1"),
        stub("Print", "1/1"),
        stub("Queue", "1/1-2", "h/lh"),
        stub("Unqueue", "1/1", "l/h"),
        stub("Sink", "1/0", "l/l"),
        stub("Tee", "1/1-", "h/h"),
        stub("Check", "1/1-2", "a/ah"),
        stub("Lookup", "1/-", "h/h"),
        stub("Sched", "1-/1", "l/l"),
        stub("Lanes", "-/=", "a/a", "#/#"),
        stub("Querier", "2/1-2", "h/h", "xy/x"),
        stub("PullSwitch", "-/1", "l/l"),
        stub("Info", "0/0"),
    )
}


class StubRegistry(Registry):
    def find(self, name: str) -> type[Element] | None:
        return CLASSES.get(name)

    def class_names(self, *, aliases: bool = True) -> list[str]:
        return sorted(CLASSES)


@dataclass
class Built:
    """What came of a configuration: the graph if it is sound, and the messages."""

    graph: RouterGraph | None
    diagnostics: Diagnostics = field(default_factory=Diagnostics)

    @property
    def sound(self) -> RouterGraph:
        assert self.graph is not None, self.messages
        return self.graph

    @property
    def messages(self) -> str:
        """Click's lines."""
        return self.diagnostics.render("click")

    @property
    def pretty(self) -> str:
        return self.diagnostics.render("pretty")


def load(text: str, *, registry: Registry | None = None, initialize: bool = True) -> Built:
    """Build a graph of stub elements."""
    diagnostics = Diagnostics()
    graph = build(flat(text), registry or StubRegistry(), diagnostics, initialize=initialize)
    return Built(graph, diagnostics)
