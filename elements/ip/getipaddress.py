from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    NETWORK_HEADER,
    Annotation,
    AnnotationRef,
    Arguments,
    CValue,
    Element,
    Keyword,
    Optional,
    Signed,
    Word,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


FIELDS = {"src": 12, "dst": 16}  # places in the IP header


class GetIPAddress(Element):
    """Copy an IPv4 address of the packet into an annotation.

    Arguments: OFFSET, bytes from the start of the packet (16 for the destination of a packet that starts with its IP
    header), or IP ``src`` or ``dst`` for a field of the known IP header; ANNO, the annotation (default DST_IP).
    """

    ports = "1/1"
    example = "16"
    processing = "a/a"
    arguments = Arguments(
        Optional("OFFSET", Signed(32), default=-1),
        Optional("ANNO", AnnotationRef(4), default=0),
        Keyword("IP", Word()),
    )
    drops: ClassVar = {"short": "the packet ends before the address, or has no IP header"}

    def configure(self, environment: Environment) -> Iterable[str]:
        if (self.args.OFFSET >= 0) == bool(self.args.IP):
            yield "set one of OFFSET, IP"
        elif self.args.IP and self.args.IP not in FIELDS:
            yield "bad IP"

    def annotations_read(self) -> frozenset[Annotation]:
        return frozenset({NETWORK_HEADER} if self.args.IP else ())

    def annotations_written(self) -> frozenset[Annotation]:
        return frozenset({Annotation("ANNO", self.args.ANNO, 4)})

    def c_arguments(self) -> dict[str, CValue]:
        return super().c_arguments() | {"field": FIELDS.get(self.args.IP, 0)}
