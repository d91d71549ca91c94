from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    ANNO_DST_IP,
    ANNO_FIX_IP_SRC,
    ANNO_ICMP_PARAMPROB,
    NETWORK_HEADER,
    PACKET_TYPE,
    TIMESTAMP,
    TRANSPORT_HEADER,
    Annotation,
    ArgumentError,
    Arguments,
    Array,
    Bool,
    Choice,
    CValue,
    Element,
    Field,
    IPAddress,
    Keyword,
    Optional,
    Positional,
    Sharing,
    Signed,
    Unsigned,
    Word,
    Words,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

REDIRECT, PARAMETER_PROBLEM = 5, 12

TYPES = {
    "unreachable": 3,
    "sourcequench": 4,
    "redirect": 5,
    "timeexceeded": 11,
    "parameterproblem": 12,
    "echo-reply": 0,
    "echo": 8,
    "routeradvert": 9,
    "routersolicit": 10,
    "timestamp": 13,
    "timestamp-reply": 14,
    "inforeq": 15,
    "inforeq-reply": 16,
    "maskreq": 17,
    "maskreq-reply": 18,
}

#: RFC 792, 1122 and 1812; by type.
CODES: dict[int, dict[str, int]] = {
    3: {
        "net": 0,
        "host": 1,
        "protocol": 2,
        "port": 3,
        "needfrag": 4,
        "srcroutefail": 5,
        "netunknown": 6,
        "hostunknown": 7,
        "isolated": 8,
        "netprohibited": 9,
        "hostprohibited": 10,
        "tosnet": 11,
        "toshost": 12,
        "filterprohibited": 13,
        "hostprecedence": 14,
        "precedencecutoff": 15,
    },
    4: {},
    5: {"net": 0, "host": 1, "tosnet": 2, "toshost": 3},
    11: {"transit": 0, "reassembly": 1},
    12: {"erroratptr": 0, "missingopt": 1, "length": 2},
}


class ICMPError(Element):
    """Answer IPv4 packets with an ICMP error that quotes their start (RFC 792; RFC 1812, section 4.3.2).

    No error is made for ICMP errors, for fragments after the first, for link or IP broadcasts and multicasts, or for
    sources that are no host's. Arguments: SRC, the error's source address; TYPE and CODE by name or number; BADADDRS,
    further addresses to be treated as broadcasts; MTU, the greatest size of an error in bytes (576); PMTU, the next
    hop's MTU in "fragmentation needed"; SET_FIX_ANNO (true), ask FixIPSrc to put the outgoing interface's address in.

    The destination annotation is set to the error's destination. Handlers: ``src``, ``mtu``, ``pmtu`` (read, write).
    """

    sharing = Sharing.PER_WORKER
    ports = "1/1"
    example = "10.0.0.1, timeexceeded"
    processing = "a/a"
    arguments = Arguments(
        Positional("SRC", IPAddress()),
        Positional("TYPE", Choice(TYPES, number=Signed(32))),
        Optional("CODE", Word(), default="0"),
        Optional("BADADDRS", Words(IPAddress())),
        Keyword("MTU", Unsigned(32, min=36, max=65535), default=576),
        Keyword("PMTU", Unsigned(16), default=0),
        Keyword("SET_FIX_ANNO", Bool(), default=True),
    )
    drops: ClassVar = {
        "not_answered": "no error is sent about such packets (RFC 1812, section 4.3.2.7)",
        "no_header": "no IP header is known, or it is longer than the packet",
        "no_buffer": "no buffer for the error",
    }
    reads = frozenset({NETWORK_HEADER, PACKET_TYPE})
    writes = frozenset({NETWORK_HEADER, TRANSPORT_HEADER, ANNO_DST_IP, ANNO_FIX_IP_SRC, TIMESTAMP})
    handlers: ClassVar = {
        "src": Field("src", IPAddress(), write=True),
        "mtu": Field("mtu", Unsigned(32, min=36, max=65535), write=True),
        "pmtu": Field("pmtu", Unsigned(16), write=True),
    }

    code: int

    def configure(self, environment: Environment) -> Iterable[str]:
        kind = self.args.TYPE
        if not 0 <= kind <= 255:
            yield "ICMP type must be between 0 and 255"
        elif kind not in CODES:
            yield f"ICMP type {kind} is not an error type"
        else:
            try:
                self.code = Choice(CODES[kind] or {"0": 0}, number=Unsigned(8)).parse(self.args.CODE)
            except ArgumentError:
                yield "argument 2 takes ICMP code (integer between 0 and 255)"

    def annotations_read(self) -> frozenset[Annotation]:
        kind = self.args.TYPE
        wanted = {ANNO_DST_IP: kind == REDIRECT, ANNO_ICMP_PARAMPROB: kind == PARAMETER_PROBLEM and self.code == 0}
        return self.reads | {annotation for annotation, needed in wanted.items() if needed}

    def c_arguments(self) -> dict[str, CValue]:
        bad = Array("be32", tuple(int.from_bytes(a, sys.byteorder) for a in self.args.BADADDRS or ()))
        return super().c_arguments() | {"code": self.code, "bad": bad}
