from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nmclick.element import Arguments, Element, Rest, Text, define_addresses

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class AddressInfo(Element):
    """Give names to addresses.

    Each argument is `NAME ADDRESS...`: Ethernet, IPv4 and IPv6 addresses and prefixes that other elements of the
    same compound, and of those inside it, may then call NAME. `NAME:eth`, `NAME:ip`, `NAME:ipnet`, `NAME:bcast`,
    `NAME:gw`, `NAME:ip6` and `NAME:ip6net` say which one is meant. A prefix with host bits, such as
    192.168.1.7/24, gives an address and a prefix. Names that nobody defines may be network devices'.

        AddressInfo(lan 192.168.1.1/24 00:11:22:33:44:55, dns 8.8.8.8)

    Arguments:
      ENTRIES  a name and its addresses each
    """

    arguments = Arguments(Rest("ENTRIES", Text()))
    configure_phase = 0

    def configure(self, environment: Environment) -> Iterable[str]:
        for entry in self.args.ENTRIES:
            yield from define_addresses(entry, environment)
