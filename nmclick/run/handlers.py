"""Handlers: what can be read from and written to elements and the router while they run.

An element's handlers are the five that every element has, those that its class declares, and its task's. Names, text
and the order in which they are listed are Click's (lib/element.cc, lib/router.cc).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from nmclick.element import Argument, ArgumentError, Element, Field, HandlerError
from nmclick.lang.configstring import uncomment

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

Read = Callable[[str], str]
Write = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Handler:
    """A named pair of functions, either of which may be missing. `read` is given the text of its parameters."""

    name: str
    read: Read | None = None
    write: Write | None = None
    raw: bool = False
    parameters: bool = False
    calm: bool = False

    @property
    def flags(self) -> str:
        """As ``handlers`` lists them: r read, w write, + takes parameters, % raw, . does not change by itself."""
        marks = ("r", self.read), ("w", self.write), ("+", self.parameters), ("%", self.raw), (".", self.calm)
        return "".join(mark for mark, given in marks if given)


class HandlerTable:
    """The handlers of an element or of the router, in the order of their definition."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def add(
        self,
        name: str,
        *,
        read: Callable[[], str] | None = None,
        read_with: Read | None = None,
        write: Write | None = None,
        raw: bool = False,
        calm: bool = False,
    ) -> None:
        """Define a handler, or give one the half it lacks; what is defined again is replaced."""
        old = self._handlers.get(name, Handler(name))
        reader = read_with or (None if read is None else _ignore_parameters(read))
        self._handlers[name] = Handler(
            name,
            reader or old.read,
            write or old.write,
            raw or old.raw,
            read_with is not None or (old.parameters and reader is None),
            calm or old.calm,
        )

    def get(self, name: str) -> Handler | None:
        return self._handlers.get(name)

    def __iter__(self) -> Iterator[Handler]:
        return iter(self._handlers.values())

    def text(self, *, newest_first: bool) -> str:
        """The value of a ``handlers`` handler."""
        handlers = list(self._handlers.values())
        listed = reversed(handlers) if newest_first else handlers
        return "".join(f"{handler.name}\t{handler.flags}\n" for handler in listed)


def _ignore_parameters(read: Callable[[], str]) -> Read:
    return lambda parameters: read()


@dataclass(frozen=True, slots=True)
class _Method:
    """A method of an element class that a decorator marked."""

    function: Callable[..., object]
    read: tuple[str, bool, bool] | None
    write: tuple[str, ...]


@cache
def _marked_methods(cls: type[Element]) -> tuple[_Method, ...]:
    """Marked methods, base classes first; a method that a subclass defines again counts once, as the subclass has it."""
    found: dict[str, _Method] = {}
    for owner in reversed(cls.__mro__):
        for name, value in vars(owner).items():
            marks = getattr(value, "__dict__", {})
            if "read_handler" in marks or "write_handlers" in marks:
                found[name] = _Method(value, marks.get("read_handler"), marks.get("write_handlers", ()))
            elif name in found and callable(value):
                old = found[name]
                found[name] = _Method(value, old.read, old.write)
    return tuple(found.values())


def add_declared(table: HandlerTable, element: Element, environment: Environment) -> None:
    """The handlers that the class of `element` declares."""
    for name, field in type(element).handlers.items():
        write = _field_writer(element, field, environment) if field.write else None
        table.add(name, read=_field_reader(element, field), write=write)
    for method in _marked_methods(type(element)):
        if method.read is not None:
            name, raw, parameters = method.read
            reader = method.function.__get__(element)
            if parameters:
                table.add(name, read_with=reader, raw=raw)
            else:
                table.add(name, read=reader, raw=raw)
        for name in method.write:
            table.add(name, write=method.function.__get__(element))


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
