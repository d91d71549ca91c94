"""What the elements that send packets by patterns share: Classifier, IPClassifier, IPFilter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    MAC_HEADER,
    NETWORK_HEADER,
    TRANSPORT_HEADER,
    Annotation,
    Arguments,
    Element,
    Notice,
    Problem,
    Rest,
    Text,
    read_handler,
)

if TYPE_CHECKING:
    from nmclick.classify import PatternError, Program
    from nmclick.classify.kept import KeptProgram
    from nmclick.lang.arguments import Environment

_ENTRY_POINT = """
static always_inline int SYMBOL_packet(struct CLASS *self, const struct CLASS_args *args, struct packet *p,
                                       struct context *c)
{
    (void)self, (void)args, (void)c;
    int output = SYMBOL_classify(OPERANDS);
    return output < 0 ? NM_DROP(CLASS, REASON) : output;
}
"""

_HEADERS = {"mac": MAC_HEADER, "network": NETWORK_HEADER, "transport": TRANSPORT_HEADER}

Compiled = tuple["Program | KeptProgram", Sequence["PatternError"], Sequence["PatternError"]]


class Names:
    """nmclick.classify.NameResolver: the addresses that names have where an element stands."""

    def __init__(self, environment: Environment) -> None:
        self._addresses = environment.addresses
        self._element = environment.element_name

    def ip_address(self, name: str) -> bytes | None:
        return self._addresses.ip(name, self._element)

    def ip_prefix(self, name: str) -> tuple[bytes, int] | None:
        prefix = self._addresses.prefix(name, self._element)
        return None if prefix is None or prefix.length < 0 else (prefix.address, prefix.length)

    def ethernet(self, name: str) -> bytes | None:
        return self._addresses.ether(name, self._element)


class PatternElement(Element):
    """An element whose arguments are patterns, compiled to one decision graph."""

    ports = "1/-"
    processing = "h/h"
    arguments = Arguments(Rest("PATTERNS", Text()))
    drops: ClassVar = {"no_match": "the packet matched no pattern"}
    #: The reason for packets that the decision graph sends nowhere.
    refusal: ClassVar[str] = "no_match"
    reads = frozenset(_HEADERS.values())
    #: What the decision graph is called with: the packet, or its bytes and their number.
    operands: ClassVar[str] = "p"
    _program: Program | KeptProgram

    def take(self, compiled: Compiled) -> Iterable[Problem | Notice]:
        """Keep what was compiled, and report its errors and warnings."""
        self._program, errors, warnings = compiled
        for error in errors:
            piece = None if error.start is None or error.end is None else (error.start, error.end)
            yield Problem(error.message, error.argument, None, piece)
        for warning in warnings:
            yield Notice(warning.message, is_warning=True)

    def annotations_read(self) -> frozenset[Annotation]:
        return frozenset(_HEADERS[name] for name in self._program.headers if name in _HEADERS)

    def c_code(self, symbol: str) -> str:
        """The decision graph, and around it the instance's entry point."""
        entry = (
            _ENTRY_POINT.replace("SYMBOL", symbol).replace("CLASS", type(self).__name__).replace("REASON", self.refusal)
        )
        return self._program.emit_c(f"{symbol}_classify") + entry.replace("OPERANDS", self.operands)

    @read_handler("program")
    def program(self) -> str:
        return self._program.text()
