from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    ANNO_DST_IP,
    NETWORK_HEADER,
    TRANSPORT_HEADER,
    ArgumentError,
    Arguments,
    Array,
    Bool,
    CValue,
    Element,
    Field,
    IPAddress,
    IPPrefix,
    Keyword,
    Rest,
    Text,
    Unsigned,
    Words,
    read_handler,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

#: The texts of Click's drop_details, in its order.
DETAILS = {
    "tiny": "tiny packet",
    "version": "bad IP version",
    "header_length": "bad IP header length",
    "length": "bad IP length",
    "checksum": "bad IP checksum",
    "source": "bad source address",
}


class CheckIPHeader(Element):
    """Check the IPv4 header and drop, or send to output 1, what fails (RFC 1812, section 5.2.2).

    Good packets leave by output 0 with the network and transport header and the destination annotation set, cut to the
    header's total length. Arguments:

    - OFFSET: where the IP header starts in the packet, in bytes.
    - INTERFACES: this router's addresses as ADDR/MASK words: their subnet broadcast addresses, 0.0.0.0 and
      255.255.255.255 become bad sources, except for packets to one of the addresses themselves.
    - BADSRC, GOODDST: lists of addresses: a packet from a bad source is refused unless it goes to a good destination.
    - CHECKSUM: whether to check the header checksum. VERBOSE: log every bad packet, not only the first.
    - DETAILS: count each reason (handler ``drop_details``).
    - Older form: ``CheckIPHeader(BADSRC, OFFSET)`` or ``CheckIPHeader(OFFSET)``.

    Handlers: ``drops`` (read) bad packets so far; ``drop_details`` (read, with DETAILS) the same by reason.
    """

    ports = "1/1-2"
    processing = "a/ah"
    arguments = Arguments(
        Rest("OLD", Text()),
        Keyword("INTERFACES", Words()),
        Keyword("BADSRC", Words()),
        Keyword("GOODDST", Words()),
        Keyword("OFFSET", Unsigned(32, max=65535), default=0),
        Keyword("VERBOSE", Bool(), default=False),
        Keyword("DETAILS", Bool(), default=False),
        Keyword("CHECKSUM", Bool(), default=True),
    )
    reject_output = 1
    drops: ClassVar = {
        "tiny": "shorter than an IP header",
        "version": "the version is not 4",
        "header_length": "the header length is below 20 bytes",
        "length": "the total length is beyond the packet's end or below the header's length",
        "checksum": "the header checksum is wrong",
        "source": "the source address is one that no host may have",
    }
    writes = frozenset({NETWORK_HEADER, TRANSPORT_HEADER, ANNO_DST_IP})
    handlers: ClassVar = {"drops": Field("refused")}

    bad_sources: list[bytes]
    good_destinations: list[bytes]
    offset: int

    def configure(self, environment: Environment) -> Iterable[str]:
        self.offset = self.args.OFFSET
        self.bad_sources, self.good_destinations = [], []
        special = [bytes(4), b"\xff" * 4]
        old = list(self.args.OLD)
        if len(old) == 1 and old[0].isdigit():
            self.offset = int(old.pop())
        for text in self.args.INTERFACES or ():
            try:
                prefix = IPPrefix().parse(text, environment)
            except ArgumentError:
                yield "INTERFACES: parse error"
                return
            self.bad_sources.append(prefix.broadcast)
            self.good_destinations.append(prefix.address)
        if self.args.INTERFACES is not None:
            self.bad_sources += special
        if old:
            yield from self._addresses("BADSRC", old.pop(0).split(), self.bad_sources, environment)
            self.bad_sources += special
        if old:
            if old[0].isdigit():
                self.offset = int(old.pop(0))
            else:
                yield "OFFSET: invalid number"
                return
        if old:
            yield "too many arguments"
        yield from self._addresses("BADSRC", self.args.BADSRC or (), self.bad_sources, environment)
        yield from self._addresses("GOODDST", self.args.GOODDST or (), self.good_destinations, environment)

    @staticmethod
    def _addresses(name: str, words: Iterable[str], into: list[bytes], environment: Environment) -> Iterable[str]:
        for word in words:
            try:
                into.append(IPAddress().parse(word, environment))
            except ArgumentError as error:
                yield f"{name}: {error.message}"
                return

    def c_arguments(self) -> dict[str, CValue]:
        def array(addresses: list[bytes]) -> Array:
            return Array("be32", tuple(int.from_bytes(a, sys.byteorder) for a in dict.fromkeys(addresses)))

        return super().c_arguments() | {
            "offset": self.offset,
            "bad_sources": array(self.bad_sources),
            "good_destinations": array(self.good_destinations),
        }

    @read_handler("drop_details")
    def drop_details(self) -> str:
        counts = self.live.drops()
        return "".join(f"{counts[reason]}\t{text}\n" for reason, text in DETAILS.items())
