"""The arguments of an element as a declared schema: reading, checking, printing, and their C form.

Reading follows Click's Args: a declared argument is found by its keyword, or else, where it is positional,
takes the next argument that no keyword claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from nmclick.lang.configstring import split_arguments
from nmclick.lang.diagnostics import suggest
from nmclick.lang.values.addresses import EtherAddress, Host, IPAddress, IPPrefix, Prefix
from nmclick.lang.values.base import Argument, ArgumentError
from nmclick.lang.values.environment import Environment
from nmclick.lang.values.ip6 import IP6Address, IP6Prefix, Prefix6
from nmclick.lang.values.numbers import Bool, Double, FixedPoint, Signed, Unsigned
from nmclick.lang.values.references import AnnotationRef, Call, ElementRef, HandlerCall, PortNumber
from nmclick.lang.values.text import Choice, Data, Filename, String, Text, Word, Words
from nmclick.lang.values.units import Bandwidth, ByteSize, TimeSpan, TimeStamp

if TYPE_CHECKING:
    from nmclick.element import CValue

__all__ = [
    "AnnotationRef",
    "Argument",
    "ArgumentError",
    "Arguments",
    "Bandwidth",
    "Bool",
    "ByteSize",
    "Call",
    "Choice",
    "Data",
    "Double",
    "ElementRef",
    "Environment",
    "EtherAddress",
    "Filename",
    "FixedPoint",
    "HandlerCall",
    "Host",
    "IP6Address",
    "IP6Prefix",
    "IPAddress",
    "IPPrefix",
    "Keyword",
    "Namespace",
    "Optional",
    "Parameter",
    "PortNumber",
    "Positional",
    "Prefix",
    "Prefix6",
    "Problem",
    "Rest",
    "Signed",
    "String",
    "Text",
    "TimeSpan",
    "TimeStamp",
    "Unsigned",
    "Word",
    "Words",
]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_:.?!]*")
_KEYWORD = re.compile(r"([A-Za-z_][A-Za-z0-9_:.?!]*)[ \t\n\r\f\v]+(?=[^ \t\n\r\f\v])")


class Namespace(SimpleNamespace):
    """The values of an element's arguments, by their names. `given` has the names that the configuration
    sets."""

    given: frozenset[str]

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an element's configuration: Click's `message`, the index of the argument in
    ``split_arguments(config)`` that it is about, if any, and what would help. `piece`: where in that argument, as
    offsets of first and one past the last character."""

    message: str
    index: int | None = None
    hint: str | None = None
    piece: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared argument. Made by Positional, Optional, Keyword and Rest."""

    name: str
    type: Argument
    default: Any = None
    required: bool = False
    positional: bool = False
    rest: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"'{self.name}' is not a keyword")

    @property
    def usage(self) -> str:
        """As in a manual page: "LENGTH", "[COUNT]", "[ACTIVE active]", "[PATTERNS...]"."""
        shown = self.name if self.positional else f"{self.name} {self.name.lower()}"
        if self.rest:
            shown = f"{self.name}..."
        return shown if self.required else f"[{shown}]"


def Positional(name: str, type: Argument) -> Parameter:
    """A mandatory argument, by position or by keyword."""
    return Parameter(name, type, required=True, positional=True)


def Optional(name: str, type: Argument, default: Any = None) -> Parameter:
    """An argument by position or by keyword that may be missing. `default` is a value, not text."""
    return Parameter(name, type, default, positional=True)


def Keyword(name: str, type: Argument, default: Any = None, *, required: bool = False) -> Parameter:
    """An argument by keyword only. `default` is a value, not text."""
    return Parameter(name, type, default, required=required)


def Rest(name: str, type: Argument) -> Parameter:
    """All the arguments that no other parameter takes, those that look like keywords included; the value is a
    list."""
    return Parameter(name, type, rest=True)


class Arguments:
    """The parameters that an element declares, in the order in which they are read."""

    def __init__(self, *parameters: Parameter) -> None:
        self.parameters = parameters
        self._by_name = {parameter.name: parameter for parameter in parameters}
        if len(self._by_name) != len(parameters):
            raise ValueError("an argument is declared twice")
        rests = [parameter for parameter in parameters if parameter.rest]
        if len(rests) > 1:
            raise ValueError("there is only one Rest")
        self._rest = rests[0] if rests else None

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.parameters)

    def __len__(self) -> int:
        return len(self.parameters)

    def __getitem__(self, name: str) -> Parameter:
        return self._by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    @property
    def usage(self) -> str:
        """The parameters as a manual page shows them: "LENGTH, [COUNT], [ACTIVE active]"."""
        return ", ".join(parameter.usage for parameter in self.parameters)

    def parse(self, config: str, environment: Environment | None = None) -> tuple[Namespace, list[Problem]]:
        """Read a configuration string. All problems are reported; what has one, or is missing, has its
        default."""
        reader = _Reader(split_arguments(config))
        values: dict[str, Any] = {}
        given: set[str] = set()
        problems: list[Problem] = []
        for parameter in self.parameters:
            if parameter.rest:
                continue
            values[parameter.name] = parameter.default
            index, text = reader.find(parameter)
            if index is not None:
                given.add(parameter.name)
                self._read(parameter, index, text, environment, values, problems)
            elif parameter.required:
                problems.append(Problem(f"{parameter.name}: required argument missing"))
        if self._rest is not None:
            items: list[Any] = []
            for index, text in reader.remaining():
                given.add(self._rest.name)
                item: dict[str, Any] = {}
                self._read(self._rest, index, text, environment, item, problems)
                items += item.values()
            values[self._rest.name] = items
        else:
            problems += self._unread(reader)
        return Namespace(**values, given=frozenset(given)), problems

    @staticmethod
    def _read(
        parameter: Parameter,
        index: int,
        text: str,
        environment: Environment | None,
        values: dict[str, Any],
        problems: list[Problem],
    ) -> None:
        try:
            values[parameter.name] = parameter.type.parse(text, environment)
        except ArgumentError as error:
            hint = error.hint or f"expected {parameter.type.expects}"
            problems.append(Problem(f"{parameter.name}: {error.message}", index, hint))

    def _unread(self, reader: _Reader) -> Iterator[Problem]:
        too_many: int | None = None
        for index, _ in reader.remaining():
            keyword = reader.keyword(index)
            if keyword:
                yield Problem(f"{keyword}: unknown argument", index, suggest(keyword, self._by_name))
            elif too_many is None:
                too_many = index
        if too_many is not None:
            yield Problem("too many arguments", too_many, f"expected {self.usage or 'none'}")

    def c_fields(self) -> dict[str, str]:
        """The fields of ``struct NAME_args`` with their C types, the same for all instances."""
        fields: dict[str, str] = {}
        for parameter in self.parameters:
            if not parameter.rest:
                fields |= parameter.type.c_fields(parameter.name.lower())
        return fields

    def c_values(self, namespace: Namespace) -> dict[str, CValue]:
        """The values of `c_fields`. A missing value is zero."""
        values: dict[str, CValue] = {}
        for parameter in self.parameters:
            if not parameter.rest:
                value = getattr(namespace, parameter.name)
                values |= parameter.type.c_values(parameter.name.lower(), value)
        return values


class _Reader:
    """The arguments of a configuration string, and which of them have been read."""

    FREE, BY_POSITION, BY_KEYWORD = range(3)

    def __init__(self, arguments: list[str]) -> None:
        self._arguments = arguments
        self._keywords = [_KEYWORD.match(argument) for argument in arguments]
        self._state = [self.FREE] * len(arguments)

    def keyword(self, index: int) -> str:
        """The keyword that an argument seems to start with; "" if none."""
        match = self._keywords[index]
        return match[1] if match else ""

    def remaining(self) -> Iterator[tuple[int, str]]:
        """The arguments that were not read, with their indexes."""
        return ((i, text) for i, text in enumerate(self._arguments) if self._state[i] == self.FREE)

    def find(self, parameter: Parameter) -> tuple[int | None, str]:
        """The argument that `parameter` gets, without its keyword. Of several with the keyword the last one
        counts."""
        # Positions are taken in order, and only until an argument has been claimed by its keyword.
        position = next((i for i, state in enumerate(self._state) if state != self.BY_POSITION), None)
        found: int | None = None
        for i in range(len(self._arguments)):
            if self._state[i] == self.FREE and self.keyword(i) == parameter.name:
                found = i
                self._state[i] = self.BY_KEYWORD
        if parameter.positional and position is not None and self._state[position] == self.FREE:
            plain = not self.keyword(position)
            # A mandatory argument takes even what looks like an unknown keyword.
            if plain or (found is None and parameter.required):
                self._state[position] = self.BY_POSITION
                if found is None or found < position:
                    return position, self._arguments[position]
        if found is None:
            return None, ""
        match = self._keywords[found]
        assert match is not None
        return found, self._arguments[found][match.end() :]
