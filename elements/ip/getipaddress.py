from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    Annotation,
    NETWORK_HEADER,
    AnnotationRef,
    Arguments,
    Choice,
    Element,
    Keyword,
    Optional,
    Unsigned,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class GetIPAddress(Element):
    """Copy an IPv4 address of the packet into an annotation.

    Arguments: OFFSET, bytes from the start of the packet (16 for the destination of a packet that starts with its IP
    header), or IP ``src`` or ``dst`` for a field of the known IP header; ANNO, the annotation (default DST_IP).
    """

    ports = "1/1"
    example = "16"
    processing = "a/a"
    arguments = Arguments(
        Optional("OFFSET", Unsigned(32, max=65535)),
        Optional("ANNO", AnnotationRef(4), default=0),
        Keyword("IP", Choice({"src": 12, "dst": 16}, c_type="uint32_t")),
    )
    drops: ClassVar = {"short": "the packet ends before the address, or has no IP header"}
    reads = frozenset({NETWORK_HEADER})

    def configure(self, environment: Environment) -> Iterable[str]:
        if (self.args.OFFSET is None) == (self.args.IP is None):
            yield "set one of OFFSET, IP"

    def annotations_written(self) -> frozenset[Annotation]:
        return frozenset({Annotation("ANNO", self.args.ANNO, 4)})
