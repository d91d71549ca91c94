"""Element classes and the circuits of elements that compound classes, and the whole file, consist of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, TypeAlias

from nmclick.lang import configstring
from nmclick.lang.source import Span

REST = "__REST__"
MAX_ELEMENTS = 200_000
MAX_CONNECTIONS = 1_000_000

_DIGITS = re.compile(r"[0-9]+")
_ALL_DIGITS = re.compile(r"(?:\A|/)[0-9]*(?:/|\Z)")


class LimitError(Exception):
    """A configuration is larger than makes sense. The text says how."""


class Special(Enum):
    """Classes that no file names: the ends of compounds and groups, and what an error left undefined."""

    TUNNEL = "tunnel"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Primitive:
    """A class that is implemented by an element."""

    name: str


class Formal(NamedTuple):
    """A parameter of a compound; `keyword` is empty for a positional one, `__REST__` for the rest."""

    name: str
    keyword: str


@dataclass(slots=True)
class Instance:
    """An element of a circuit. `inputs` and `outputs` are one more than the highest port in use."""

    name: str
    type: ElementType
    config: str
    span: Span
    config_span: Span | None
    inputs: int = 0
    outputs: int = 0


class Wire(NamedTuple):
    """A connection inside a circuit; elements by index."""

    from_element: int
    from_port: int
    to_element: int
    to_port: int
    span: Span


@dataclass(eq=False, slots=True)
class Compound:
    """A circuit: one overload of a compound class, or the file itself (`depth` 0).

    Names of anonymous elements start with `;` until the circuit is complete. `overload` is the class to try where
    this one does not match.
    """

    name: str
    landmark: Span
    depth: int
    formals: list[Formal] = field(default_factory=list)
    definitions: dict[str, str] = field(default_factory=dict)
    elements: list[Instance] = field(default_factory=list)
    index: dict[str, int] = field(default_factory=dict)
    wires: list[Wire] = field(default_factory=list)
    overload: ElementType | None = None
    inputs: int = 0
    outputs: int = 0
    tunnel_ports: dict[tuple[int, bool], set[int]] = field(default_factory=dict)

    @property
    def printable_name(self) -> str:
        return self.name or "<anonymous>"

    def defines(self, name: str) -> bool:
        return name in self.definitions or any(formal.name == name for formal in self.formals)

    def add(self, name: str, type_: ElementType, span: Span, config: str = "", config_span: Span | None = None) -> int:
        """The index of the element `name`, which is made if there is none."""
        if name in self.index:
            return self.index[name]
        if len(self.elements) >= MAX_ELEMENTS:
            raise LimitError(f"configuration too large: more than {MAX_ELEMENTS} elements")
        self.index[name] = len(self.elements)
        self.elements.append(Instance(name, type_, config, span, config_span))
        return len(self.elements) - 1

    def anonymous_name(self, class_name: str) -> str:
        """The provisional name of the next element if it is anonymous. Input and output do not count."""
        number = len(self.elements) + 1 - (2 if self.depth else 0)
        return f";{class_name}@{number}"

    def settle_name(self, index: int) -> str:
        """Give an anonymous element its final name."""
        name = self.elements[index].name
        if not name.startswith(";"):
            return name
        name = name[1:]
        if name in self.index:
            prefix, _, number = name.rpartition("@")
            digits = _DIGITS.match(number)
            following = int(digits.group() if digits else "0") + 1
            while (name := f"{prefix}@{following}") in self.index:
                following += 1
        self.index[name] = index
        self.elements[index].name = name
        return name

    def connect(self, from_element: int, from_port: int, to_element: int, to_port: int, span: Span) -> None:
        if len(self.wires) >= MAX_CONNECTIONS:
            raise LimitError(f"configuration too large: more than {MAX_CONNECTIONS} connections")
        from_port = max(from_port, 0)
        to_port = max(to_port, 0)
        self.wires.append(Wire(from_element, from_port, to_element, to_port, span))
        source = self.elements[from_element]
        target = self.elements[to_element]
        source.outputs = max(source.outputs, from_port + 1)
        target.inputs = max(target.inputs, to_port + 1)
        if source.type is Special.TUNNEL:
            self.tunnel_ports.setdefault((from_element, True), set()).add(from_port)
        if target.type is Special.TUNNEL:
            self.tunnel_ports.setdefault((to_element, False), set()).add(to_port)

    def assign(self, arguments: Sequence[str]) -> list[str] | None:
        """The value of each formal for these arguments, or None if they do not fit (cp_assign_arguments)."""
        if not self.formals or not self.formals[-1].keyword:
            return list(arguments) if len(arguments) == len(self.formals) else None
        named = self.formals[:-1] if self.formals[-1].keyword == REST else self.formals
        positional = next((i for i, formal in enumerate(named) if formal.keyword), len(named))
        values: dict[int, str] = {}
        rest: list[str] = []
        by_keyword = {formal.keyword: i for i, formal in reversed(list(enumerate(named))) if formal.keyword}
        taken = 0
        any_keyword = False
        for argument in arguments:
            pair = configstring.split_keyword(argument) if taken >= positional else None
            if pair and pair[0] in by_keyword:
                values[by_keyword[pair[0]]] = pair[1]
                any_keyword = True
            elif taken < positional and not any_keyword:
                values[taken] = argument
                taken += 1
            elif named is not self.formals:
                rest.append(argument)
            else:
                return None
        if len(values) < len(named):
            return None
        return [values[i] for i in range(len(named))] + (
            [configstring.join_arguments(rest)] if named is not self.formals else []
        )

    def signature(self) -> str:
        """`Foo(<arg>, KEY, ...)[1 input, 1 output]`, as candidates are listed."""
        shown = [{"": "<arg>", REST: "..."}.get(formal.keyword, formal.keyword) for formal in self.formals]
        return self.printable_name + (f"({', '.join(shown)})" if shown else "") + f"[{self._port_counts()}]"

    def _port_counts(self) -> str:
        return f"{plural(self.inputs, 'input')}, {plural(self.outputs, 'output')}"


ElementType: TypeAlias = Primitive | Compound | Special


@dataclass(slots=True)
class ClassScope:
    """Element classes by name; a class of an inner scope hides the one outside it."""

    parent: ClassScope | None
    names: dict[str, ElementType] = field(default_factory=dict)

    def lookup(self, name: str) -> ElementType | None:
        scope: ClassScope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def all_names(self) -> list[str]:
        """The classes that files define here and around."""
        names: list[str] = []
        scope: ClassScope | None = self
        while scope is not None:
            names += [name for name, type_ in scope.names.items() if type_ is not Special.UNKNOWN]
            scope = scope.parent
        return names


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def has_all_digit_component(name: str) -> bool:
    """Whether a part of `name` between slashes has nothing but digits, which no element may have."""
    return _ALL_DIGITS.search(name) is not None
