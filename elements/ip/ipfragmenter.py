from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    NETWORK_HEADER,
    TRANSPORT_HEADER,
    Arguments,
    Bool,
    Element,
    Field,
    Keyword,
    Optional,
    Positional,
    Sharing,
    Unsigned,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class IPFragmenter(Element):
    """Cut IPv4 packets longer than MTU bytes into fragments (RFC 791, section 3.2).

    Packets that must not be cut (DF set, unless HONOR_DF is false) leave by output 1 or are dropped. Arguments: MTU in
    bytes, from the IP header on; HONOR_DF; VERBOSE (log every packet that could not be cut, not only the first five);
    HEADROOM bytes in front of the fragments after the first.

    Handlers: ``fragments`` (read) fragments made; ``drops`` (read) packets that could not be cut.
    """

    sharing = Sharing.PER_WORKER
    ports = "1/1-2"
    example = "1500"
    processing = "h/h"
    arguments = Arguments(
        Positional("MTU", Unsigned(32)),
        Optional("HONOR_DF", Bool(), default=True),
        Optional("VERBOSE", Bool(), default=False),
        Keyword("HEADROOM", Unsigned(32, max=1024), default=64),
    )
    reject_output = 1
    drops: ClassVar = {
        "df": "longer than the MTU and not to be fragmented",
        "no_header": "no IP header is known, or its lengths contradict the packet's",
        "no_buffer": "no buffer for the fragments",
    }
    reads = frozenset({NETWORK_HEADER})
    writes = frozenset({NETWORK_HEADER, TRANSPORT_HEADER})
    handlers: ClassVar = {"fragments": Field("fragments"), "drops": Field("uncut")}

    def configure(self, environment: Environment) -> Iterable[str]:
        if self.args.MTU < 8:
            yield "MTU must be at least 8"
