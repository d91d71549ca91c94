"""Handlers: what can be read from and written to elements and the router while they run.

An element's handlers are the five that every element has, those that its class and the element itself declare, and
its task's. Names, text and the order in which they are listed are Click's (lib/element.cc, lib/router.cc).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nmclick.element import Argument, ArgumentError, Element, Field, HandlerError
from nmclick.lang.configstring import uncomment

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

Read = Callable[[str], str]
Write = Callable[[str], int | None]
#: Holds the workers while it is entered.
Hold = Callable[[], AbstractContextManager[None]]

#: Of every element, in the order of their definition.
COMMON = ("name", "class", "config", "ports", "handlers")


@dataclass(frozen=True, slots=True)
class RouterHandler:
    """nmclick.element.Handler: a pair of functions of an element or, without one, of the router.

    `reader` is given the text of the parameters, "" unless the handler takes some; `writer` returns None or a status.
    """

    element: Element | None
    short: str
    hold: Hold
    reader: Read | None = None
    writer: Write | None = None
    parameters: bool = False
    raw: bool = False
    calm: bool = False
    private: bool = False

    @property
    def name(self) -> str:
        return self.short if self.element is None else f"{self.element.name}.{self.short}"

    @property
    def readable(self) -> bool:
        return self.reader is not None

    @property
    def writable(self) -> bool:
        return self.writer is not None

    @property
    def flags(self) -> str:
        """As ``handlers`` lists them: r read, w write, + takes parameters, % raw, . does not change by itself."""
        marks = ("r", self.readable), ("w", self.writable), ("+", self.parameters), ("%", self.raw), (".", self.calm)
        return "".join(mark for mark, given in marks if given)

    def read(self, parameters: str = "") -> str:
        """The value, between two batches. Raises HandlerError."""
        if self.reader is None:
            raise HandlerError(f"'{self.name}' not a read handler", -errno.EACCES)
        if parameters and not self.parameters:
            raise HandlerError(f"read handler '{self.name}' does not take parameters")
        with self.hold():
            return self.reader(parameters)

    def write(self, value: str = "") -> int:
        """Its status, 0 unless it says otherwise. Raises HandlerError."""
        if self.writer is None:
            raise HandlerError(f"'{self.name}' not a write handler", -errno.EACCES)
        with self.hold():
            return self.writer(value) or 0


class HandlerTable:
    """The handlers of an element or of the router, in the order of their definition."""

    def __init__(self, element: Element | None, hold: Hold) -> None:
        self._element = element
        self._hold = hold
        self._handlers: dict[str, RouterHandler] = {}

    def add(
        self,
        name: str,
        *,
        read: Callable[[], str] | None = None,
        read_with: Read | None = None,
        write: Write | None = None,
        parameters: bool = False,
        raw: bool = False,
        calm: bool = False,
        private: bool = False,
    ) -> None:
        """Define a handler, or give one the half it lacks; what is defined again is replaced."""
        old = self._handlers.get(name) or RouterHandler(self._element, name, self._hold)
        reader = read_with if read is None else _ignore_parameters(read)
        self._handlers[name] = RouterHandler(
            self._element,
            name,
            self._hold,
            reader or old.reader,
            write or old.writer,
            parameters if reader else old.parameters,
            raw or old.raw,
            calm if reader else old.calm,
            private or old.private,
        )

    def get(self, name: str) -> RouterHandler | None:
        return self._handlers.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self._handlers

    def __iter__(self) -> Iterator[RouterHandler]:
        return iter(self._handlers.values())

    def text(self) -> str:
        """The value of a ``handlers`` handler: an element's come in reverse order of definition."""
        handlers = [handler for handler in self._handlers.values() if not handler.private]
        if self._element is not None:
            handlers.reverse()
        return "".join(f"{handler.short}\t{handler.flags}\n" for handler in handlers)


def _ignore_parameters(read: Callable[[], str]) -> Read:
    return lambda parameters: read()


@dataclass(frozen=True, slots=True)
class _Method:
    """A method of an element class that a decorator marked."""

    function: Callable[..., str | None]
    read: tuple[str, bool, bool] | None
    write: tuple[str, ...]


def _marked_methods(cls: type[Element]) -> tuple[_Method, ...]:
    """Marked methods, base classes first; one that a subclass defines again is as the subclass has it."""
    found: dict[str, _Method] = {}
    for owner in reversed(cls.__mro__):
        for name, value in vars(owner).items():
            marks = getattr(value, "__dict__", {})
            if "read_handler" in marks or "write_handlers" in marks:
                found[name] = _Method(value, marks.get("read_handler"), marks.get("write_handlers", ()))
            elif name in found and callable(value):
                found[name] = _Method(value, found[name].read, found[name].write)
    return tuple(found.values())


def declared_names(cls: type[Element]) -> dict[str, str]:
    """Handlers that a class declares, with "r", "w" or "rw"; the common ones left out."""
    flags: dict[str, str] = {}
    for name, field in cls.handlers.items():
        flags[name] = "rw" if field.write else "r"
    for method in _marked_methods(cls):
        if method.read is not None:
            flags[method.read[0]] = "r" + flags.get(method.read[0], "").strip("r")
        for name in method.write:
            flags[name] = flags.get(name, "").strip("w") + "w"
    return flags


def has_handler(element: Element | None, name: str) -> bool:
    """Whether an element that need not be running, or the router (None), has a handler of this name."""
    if element is None:
        return name in GLOBAL
    return name in COMMON or name in declared_names(type(element)) or _has_own(element, name)


def _has_own(element: Element, name: str) -> bool:
    if element.args is None:
        return False
    return any(own.name == name for own in element.own_handlers()) or element.default_handler(name) is not None


#: The router's own handlers.
GLOBAL = (
    *("version", "driver", "config", "flatconfig", "requirements", "handlers", "list", "stop"),
    *("classes", "packages", "timewarp"),
)


def add_declared(table: HandlerTable, element: Element, environment: Environment) -> None:
    """The handlers that the class of `element` and the element itself declare."""
    for name, field in type(element).handlers.items():
        write = _field_writer(element, field, environment) if field.write else None
        table.add(name, read=_field_reader(element, field), write=write)
    for method in _marked_methods(type(element)):
        function = method.function.__get__(element)
        if method.read is not None:
            name, raw, parameters = method.read
            if parameters:
                table.add(name, read_with=function, raw=raw, parameters=True)
            else:
                table.add(name, read=function, raw=raw)
        for name in method.write:
            table.add(name, write=function)
    for own in element.own_handlers():
        table.add(
            own.name,
            read_with=own.read,
            write=own.write,
            parameters=own.parameters,
            raw=own.raw,
            private=own.private,
        )


def _field_reader(element: Element, field: Field) -> Callable[[], str]:
    def read() -> str:
        raw: int | bytes
        if _is_array(field.type):
            raw = element.live.read_bytes(field.field)
        else:
            raw = element.live.read(field.field)
        return field.type.unparse(field.type.from_c(raw))

    return read


def _field_writer(element: Element, field: Field, environment: Environment) -> Write:
    def write(text: str) -> None:
        try:
            value = field.type.c_value(field.type.parse(uncomment(text), environment.at(element.name)))
        except ArgumentError as error:
            raise HandlerError(error.message) from None
        if isinstance(value, bytes):
            element.live.write_bytes(field.field, value)
        else:
            element.live.write(field.field, int(value))

    return write


def _is_array(type_: Argument) -> bool:
    return type_.c_type is not None and type_.c_type.endswith("]")
