"""A configuration after elaboration: elements and connections, compounds and variables gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from nmclick.lang.source import Span


@dataclass(slots=True)
class FlatElement:
    """An element with its final name. `config` is the raw configuration string, comments and all.

    `span` is where the element is named, `config_span` the inside of its parentheses if it has any.
    """

    name: str
    class_name: str
    config: str
    span: Span
    config_span: Span | None


@dataclass(frozen=True, slots=True)
class FlatConnection:
    """From an output port to an input port; elements by their index in the configuration."""

    from_element: int
    from_port: int
    to_element: int
    to_port: int
    span: Span


class Requirement(NamedTuple):
    """A `require(KIND value)`: a package with its name, or `compact_config` with nothing."""

    kind: str
    value: str


@dataclass(slots=True)
class FlatConfiguration:
    """Elements in Click's order of creation; connections in order of their input, then their output port.

    `text` is what the `config` handler shows: the original file, or the flat text if it asks for `compact_config`.
    `libraries` are the files that it required. `missing` are the names of elements whose class is not known: a
    configuration that has any is incomplete, only arguments can be checked.
    """

    elements: list[FlatElement] = field(default_factory=list)
    connections: list[FlatConnection] = field(default_factory=list)
    requirements: list[Requirement] = field(default_factory=list)
    text: str = ""
    libraries: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
