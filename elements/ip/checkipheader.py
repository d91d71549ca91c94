from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
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
    OwnHandler,
    Rest,
    Sharing,
    Text,
    Unsigned,
    Words,
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


OFFSET = Unsigned(32)
SPECIAL = [bytes(4), b"\xff" * 4]  # addresses that are no host's


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

    sharing = Sharing.PER_WORKER
    ports = "1/1-2"
    processing = "a/ah"
    arguments = Arguments(
        Rest("OLD", Text()),
        Keyword("INTERFACES", Words(IPPrefix(bare=True))),
        Keyword("BADSRC", Words(IPAddress())),
        Keyword("GOODDST", Words(IPAddress())),
        Keyword("OFFSET", OFFSET, default=0),
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
        if self.args.INTERFACES is not None:
            self.bad_sources += [prefix.broadcast for prefix in self.args.INTERFACES] + SPECIAL
            self.good_destinations += [prefix.address for prefix in self.args.INTERFACES]
        yield from self._old_form(list(self.args.OLD), environment)
        self.bad_sources += self.args.BADSRC or ()
        self.good_destinations += self.args.GOODDST or ()

    def _old_form(self, texts: list[str], environment: Environment) -> Iterable[str]:
        for text in texts:
            keyword = re.match(r"[A-Za-z_]\w*(?=\s+\S)", text)
            if keyword:
                yield f"{keyword[0]}: unknown argument"
                return
        if len(texts) == 1:
            try:
                self.offset = OFFSET.parse(texts[0])
                return
            except ArgumentError:
                pass
        try:
            for name, type, text in zip(("BADSRC", "OFFSET"), (Words(IPAddress()), OFFSET), texts, strict=False):
                value = type.parse(text, environment)
                if name == "BADSRC":
                    self.bad_sources += value + SPECIAL
                else:
                    self.offset = value
        except ArgumentError as error:
            yield f"{name}: {error.message}"
        if len(texts) > 2:
            yield "too many arguments"

    def own_handlers(self) -> Sequence[OwnHandler]:
        return [OwnHandler("drop_details", read=self.drop_details)] if self.args.DETAILS else []

    def drop_details(self, _parameters: str) -> str:
        counts = self.live.drops()
        return "".join(f"{counts[reason]}\t{text}\n" for reason, text in DETAILS.items())

    def c_arguments(self) -> dict[str, CValue]:
        def array(addresses: list[bytes]) -> Array:
            return Array("be32", tuple(int.from_bytes(a, sys.byteorder) for a in dict.fromkeys(addresses)))

        return super().c_arguments() | {
            "offset": self.offset,
            "bad_sources": array(self.bad_sources),
            "good_destinations": array(self.good_destinations),
        }
