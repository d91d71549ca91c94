from __future__ import annotations

from nmclick.element import (
    PACKET_TYPE,
    Arguments,
    Bool,
    Element,
    EtherAddress,
    Field,
    Keyword,
    Optional,
    Positional,
    Sharing,
    Unsigned,
)


class HostEtherFilter(Element):
    """Act as the Ethernet hardware of a host: drop what is not for it.

    The packet type annotation is set by the destination address: host, broadcast, multicast or other host.

    Arguments:
      ETHER       the host's address
      DROP_OWN    drop packets that come from ETHER (default false)
      DROP_OTHER  drop packets to other hosts (default true)
      OFFSET      where the Ethernet header starts, in bytes (default 0)

    Outputs: 0, packets that pass; 1, where it is connected, those that would be dropped.

    Handlers: ``ether`` (read, write) ETHER.
    """

    sharing = Sharing.UNLOCKED
    ports = "1/1-2"
    example = "2:0:0:0:0:1"
    example = "02:00:00:00:00:01"
    processing = "a/ah"
    arguments = Arguments(
        Positional("ETHER", EtherAddress()),
        Optional("DROP_OWN", Bool(), False),
        Optional("DROP_OTHER", Bool(), True),
        Keyword("OFFSET", Unsigned(32), 0),
    )
    drops = {
        "runt": "the packet has no room for two Ethernet addresses",
        "own": "the packet comes from ETHER (DROP_OWN)",
        "other": "the packet is for another host (DROP_OTHER)",
    }
    reject_output = 1
    writes = frozenset({PACKET_TYPE})
    handlers = {"ether": Field("ether", EtherAddress(), write=True)}
