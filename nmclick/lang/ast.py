"""The syntax tree of a configuration, as the grammar builds it.

It is what was written: nothing is resolved, and things that no router can have (ports without an element, a class
that is missing) are in it, because the elaborator reports them in Click's words. Offsets count characters of the
source; `end` is past the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier; empty where one is missing."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Config:
    """The raw text of a configuration string without its parentheses, which `start` and `end` include.

    Line directives inside are left out of the text.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Ports:
    """`[0, 2-4]`: identifiers, `,` and `-` in order. `closed` is false if the bracket had to be supplied."""

    tokens: tuple[Name, ...]
    closed: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Element:
    """One member of an element list. `subject` is None for ports without an element."""

    in_ports: Ports | None
    subject: Name | Compound | Group | None
    declared: Name | Compound | None
    config: Config | None
    out_ports: Ports | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ElementList:
    elements: tuple[Element, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Link:
    """A connector and the elements after it; None if there are none."""

    fat: bool
    elements: ElementList | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Connection:
    """Elements joined by connectors; `first` is None if a connector comes first."""

    first: ElementList | None
    links: tuple[Link, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Formal:
    """A parameter `$name` of a compound, with its keyword, `__REST__`, or nothing."""

    keyword: str
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Branch:
    """One overload of a compound. `extends` marks a `...` before it; `start` is after the `{` or `||`."""

    extends: Name | None
    formals: tuple[Formal, ...]
    statements: tuple[Statement, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Compound:
    branches: tuple[Branch, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Group:
    """`( statements )` in the place of an element."""

    statements: tuple[Statement, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ClassDefinition:
    """`elementclass name { ... }` or `elementclass name other`; `body` is None if it is missing."""

    name: Name
    body: Name | Compound | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Require:
    config: Config
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Define:
    config: Config
    start: int
    end: int


Statement: TypeAlias = Connection | ClassDefinition | Require | Define
