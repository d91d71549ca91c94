"""Names of other things: elements, handlers, ports, annotations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nmclick.lang.configstring import parse_string, shift_word, unquote
from nmclick.lang.names import ANNOTATION_AREA, ANNOTATIONS, PORTS
from nmclick.lang.values.base import Argument, ArgumentError
from nmclick.lang.values.numbers import parse_integer

if TYPE_CHECKING:
    from nmclick.lang.values.environment import Environment


class ElementRef(Argument):
    """Another element by name, searched in the enclosing compounds outwards. The value is the element itself.
    With `of`, it must be of that class: its own name, a base class's or an alias."""

    __slots__ = ("of",)

    def __init__(self, of: str | None = None) -> None:
        self.of = of

    @property
    def expects(self) -> str:
        return f"the name of {'an element' if self.of is None else f'a {self.of} element'}"

    def parse(self, text: str, environment: Environment | None = None) -> object:
        element = None if environment is None else environment.element(text)
        if environment is None or element is None:
            raise ArgumentError("does not name an element")
        if self.of is not None and self.of not in environment.element_class(element):
            raise ArgumentError(f"element type mismatch, expected {self.of}")
        return element

    def unparse(self, value: object) -> str:
        return str(getattr(value, "name", value))


@dataclass(frozen=True, slots=True)
class Call:
    """A handler and what to give it. `element` is the flat name of an element, "" for the router's own
    handlers."""

    element: str
    handler: str
    value: str = ""

    @property
    def name(self) -> str:
        """ "element.handler", as Router.read and Router.write take it."""
        return f"{self.element}.{self.handler}" if self.element else self.handler

    def __str__(self) -> str:
        return f"{self.name} {self.value}" if self.value else self.name


class HandlerCall(Argument):
    """A handler with the text that is written to it or its parameters: ``counter.reset``, ``switch.switch
    1``, ``stop``. The value is a Call. The element must exist; whether it has the handler shows when it is
    called.

    A name without a dot is a handler of the element itself if it has one, else of the router. `unquoted`
    removes the quotes around the text.
    """

    __slots__ = ("unquoted",)

    def __init__(self, *, unquoted: bool = False) -> None:
        self.unquoted = unquoted

    @property
    def expects(self) -> str:
        return "a handler such as counter.reset, and its value"

    def parse(self, text: str, environment: Environment | None = None) -> Call:
        word, value = shift_word(text)
        name = parse_string(word)
        if not name or name.find(".") == len(name) - 1:
            raise ArgumentError("syntax error")
        if self.unquoted:
            value = unquote(value)
        head, dot, handler = name.partition(".")
        if dot and not head:
            return Call("", handler, value)
        if environment is None:
            return Call(head, handler, value) if dot else Call("", name, value)
        if dot:
            element = environment.full_name(head)
            if element is not None:
                return Call(element, handler, value)
        # Handler names may contain dots, so that "a.b" can also be a handler of this element or of the
        # router.
        if environment.element_name and environment.has_handler(environment.element_name, name):
            return Call(environment.element_name, name, value)
        if not dot or environment.has_handler("", name):
            return Call("", name, value)
        raise ArgumentError(f"no element named '{head}'")


class PortNumber(Argument):
    """A TCP or UDP port: a number, a name that PortInfo defined, or a service's name. In C it is in host
    order."""

    __slots__ = ("protocol",)

    def __init__(self, protocol: str = "tcp") -> None:
        self.protocol = protocol

    @property
    def expects(self) -> str:
        return f"a {self.protocol.upper()} port, a number or a name such as domain"

    @property
    def c_type(self) -> str:
        return "uint16_t"

    def parse(self, text: str, environment: Environment | None = None) -> int:
        value: int | None = None
        if environment is not None:
            kind = f"{self.protocol} port"
            value = environment.addresses.names.lookup(kind, environment.element_name, text)
        if value is None:
            value = PORTS.get(text)
        if value is None:
            value = parse_integer(text)
        if value is None:
            value = self._service(text)
        if value is None or text.startswith("-") or value >> 32:
            raise ArgumentError
        if value > 0xFFFF:
            raise ArgumentError("overflow, range 0-65535")
        return value

    def _service(self, name: str) -> int | None:
        import socket

        try:
            return socket.getservbyname(name, self.protocol)
        except (OSError, ValueError):
            return None


class AnnotationRef(Argument):
    """A place in the packet's annotation area: a name (PAINT, DST_IP, one that AnnotationInfo defined), an
    offset (16), or an offset and a size (16/1). `size` is the number of bytes that the element uses there, 0
    for any number. The value is the offset."""

    __slots__ = ("size",)

    def __init__(self, size: int = 0) -> None:
        if not 0 <= size <= ANNOTATION_AREA:
            raise ValueError(f"the annotation area has no room for {size} bytes")
        self.size = size

    @property
    def expects(self) -> str:
        if self.size == 0:
            return f"an annotation, a name such as PAINT or an offset below {ANNOTATION_AREA}"
        size = "1 byte" if self.size == 1 else f"{self.size} bytes"
        example = next((name for name, (_, size) in ANNOTATIONS.items() if size == self.size), "PAINT")
        last = ANNOTATION_AREA - self.size
        return f"an annotation of {size}, a name such as {example} or an offset up to {last}"

    @property
    def c_type(self) -> str:
        return "uint8_t"

    def parse(self, text: str, environment: Environment | None = None) -> int:
        offset, size = self._place(text, environment)
        if self.size and size not in (0, self.size):
            hint = f"{text} is {'1 byte' if size == 1 else f'{size} bytes'} long; expected {self.expects}"
            raise ArgumentError(hint=hint)
        if not 0 <= offset <= ANNOTATION_AREA - max(size, self.size, 1):
            raise ArgumentError
        return offset

    def _place(self, text: str, environment: Environment | None) -> tuple[int, int]:
        place: tuple[int, int] | None = None
        if environment is not None:
            place = environment.addresses.names.lookup("annotation", environment.element_name, text)
        if place is None:
            place = ANNOTATIONS.get(text)
        if place is not None:
            return place
        offset, slash, size = text.partition("/")
        numbers = parse_integer(offset), parse_integer(size) if slash else 0
        if numbers[0] is None or numbers[1] is None or (slash and numbers[1] < 1):
            raise ArgumentError
        return numbers[0], numbers[1]
