from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    ANNO_DST_IP,
    NETWORK_HEADER,
    Annotation,
    ArgumentError,
    Arguments,
    CValue,
    Element,
    IPAddress,
    Optional,
    Signed,
    Text,
    Word,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

FIELDS = {"src": 12, "dst": 16}  # places in the IP header


class StoreIPAddress(Element):
    """Write an IPv4 address into the packet.

    Forms: ``StoreIPAddress(OFFSET)`` writes the destination annotation, unless that is 0.0.0.0; ``StoreIPAddress(ADDR,
    OFFSET)`` writes ADDR. OFFSET counts bytes from the start of the packet, and no checksum is touched; or it is
    ``src`` or ``dst``: the field of the known IP header, the header's checksum and TCP's or UDP's being updated (RFC
    1624).

    Packets that have no such place leave by output 1 or are dropped.
    """

    ports = "1/1-2"
    example = "16"
    processing = "a/ah"
    arguments = Arguments(Optional("ADDR", Text()), Optional("OFFSET", Word()))
    reject_output = 1
    drops: ClassVar = {
        "short": "the packet ends before the place of the address, or has no IP header",
        "no_address": "the destination annotation is 0.0.0.0",
    }

    address: bytes | None
    #: From the packet's start; -1: `field` says where.
    offset: int
    field: int

    def configure(self, environment: Environment) -> Iterable[str]:
        self.address, self.offset, self.field = None, -1, 0
        address, offset = self.args.ADDR, self.args.OFFSET
        if offset is None:
            if address is None:
                yield "OFFSET: required argument missing"
                return
            address, offset = None, address
        if address is not None:
            try:
                self.address = IPAddress().parse(address, environment)
            except ArgumentError as error:
                yield f"ADDR: {error.message}"
        self.field = FIELDS.get(offset.lower(), 0)
        if not self.field:
            try:
                self.offset = Signed(32, min=0).parse(offset)
            except ArgumentError:
                yield "type mismatch: OFFSET requires integer"

    def annotations_read(self) -> frozenset[Annotation]:
        wanted = {ANNO_DST_IP: self.address is None, NETWORK_HEADER: self.field > 0}
        return frozenset(annotation for annotation, needed in wanted.items() if needed)

    def c_arguments(self) -> dict[str, CValue]:
        return {
            "given": self.address is not None,
            "address": int.from_bytes(self.address or bytes(4), sys.byteorder),
            "field": self.field,
            "offset": max(self.offset, 0),
        }
