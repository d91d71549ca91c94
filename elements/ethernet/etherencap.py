from __future__ import annotations

from nmclick.element import (
    MAC_HEADER,
    NETWORK_HEADER,
    Arguments,
    Element,
    EtherAddress,
    Field,
    Positional,
    Sharing,
    Unsigned,
    parse_written,
    read_handler,
    write_handler,
)


class EtherEncap(Element):
    """Put an Ethernet header in front of every packet (IEEE 802.3, 3.1.1).

    The MAC header annotation points at it, the network header annotation behind it.

    Arguments:
      ETHERTYPE  the type field, such as 0x0800 for IPv4
      SRC        source address
      DST        destination address

    Handlers: ``ethertype``, ``src``, ``dst`` (read, write) the arguments; ``etht`` is the old name of
    ``ethertype``.
    """

    sharing = Sharing.UNLOCKED
    ports = "1/1"
    example = "0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2"
    example = "0x0800, 02:00:00:00:00:01, 02:00:00:00:00:02"
    processing = "a/a"
    arguments = Arguments(
        Positional("ETHERTYPE", Unsigned(16)),
        Positional("SRC", EtherAddress()),
        Positional("DST", EtherAddress()),
    )
    drops = {"too_long": "the packet would be longer than a buffer"}
    writes = frozenset({MAC_HEADER, NETWORK_HEADER})
    handlers = {
        "src": Field("src", EtherAddress(), write=True),
        "dst": Field("dst", EtherAddress(), write=True),
    }
    fields = ("ethertype",)

    @read_handler("ethertype")
    def read_ethertype(self) -> str:
        return str(int.from_bytes(self.live.read_bytes("ethertype"), "big"))

    @read_handler("etht")
    def read_etht(self) -> str:
        return self.read_ethertype()

    @write_handler("ethertype", "etht")
    def write_ethertype(self, text: str) -> None:
        value = parse_written(Unsigned(16), text, "ETHERTYPE: invalid number")
        self.live.write_bytes("ethertype", value.to_bytes(2, "big"))
