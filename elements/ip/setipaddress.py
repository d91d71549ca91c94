from __future__ import annotations

from typing import ClassVar

from nmclick.element import (
    Annotation,
    AnnotationRef,
    Arguments,
    Element,
    Field,
    IPAddress,
    Keyword,
    Positional,
    Sharing,
)


class SetIPAddress(Element):
    """Set an address annotation to IPADDR. ANNO names the annotation (default DST_IP).

    Handlers: ``addr`` (read, write).
    """

    sharing = Sharing.PER_WORKER
    ports = "1/1"
    example = "10.0.0.1"
    processing = "a/a"
    arguments = Arguments(Positional("IPADDR", IPAddress()), Keyword("ANNO", AnnotationRef(4), default=0))
    handlers: ClassVar = {"addr": Field("address", IPAddress(), write=True)}

    def annotations_written(self) -> frozenset[Annotation]:
        return frozenset({Annotation("ANNO", self.args.ANNO, 4)})
