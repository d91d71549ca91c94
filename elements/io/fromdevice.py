from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    ANNO_DST_IP,
    ANNO_EXTRA_LENGTH,
    MAC_HEADER,
    NETWORK_HEADER,
    PACKET_TYPE,
    TIMESTAMP,
    TRANSPORT_HEADER,
    Arguments,
    Bool,
    DeviceUse,
    Element,
    Field,
    Keyword,
    Notice,
    Optional,
    Positional,
    Signed,
    String,
    Unsigned,
    Word,
    link_type_name,
    parse_link_type,
    read_handler,
    write_handler,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

METHODS = ("LINUX", "PCAP", "NETMAP")


class FromDevice(Element):
    """Receive packets from a network device, or from whatever port stands in for it.

    Arguments:
      DEVNAME     the device: a port such as ``replay:in.pcap``, or any name for which ``nmclick run --port
                  NAME=SPEC`` gives one
      SNAPLEN     longest packet in bytes, from 14 to 65535; longer ones are cut, with an extra length annotation
                  (default 2046)
      FORCE_IP    send only IP packets, with network and transport header and destination annotation set (default
                  false)
      PROTOCOL    receive only this Ethernet type, if it is not 0 (default 0)
      TIMESTAMP   set the timestamp annotation (default true)
      PROMISC, SNIFFER, OUTBOUND, HEADROOM, BURST, ENCAP, METHOD, CAPTURE
                  checked and of no effect: the port decides
      BPF_FILTER  ignored with a warning; an IPClassifier behind the element does the same

    Output 0: the packets, with MAC header, timestamp, packet type and, where only a part was captured, extra length
    annotation. Output 1: with FORCE_IP, packets that are not IP; they are dropped where it is not connected.

    When the ports of all FromDevices have come to their end (capture files), the driver is sent a stop event.

    Handlers: ``count`` (read) packets received; ``encap`` (read) the link type, such as ``ETHER``; ``kernel_drops``
    (read) packets lost for lack of buffers; ``reset_counts`` (write).
    """

    ports = "0/1-2"
    processing = "h/h"
    example = "null:"
    is_source = True
    arguments = Arguments(
        Positional("DEVNAME", String()),
        Optional("PROMISC", Bool(), False),
        Optional("SNAPLEN", Unsigned(32), 2046),
        Keyword("SNIFFER", Bool(), True),
        Keyword("FORCE_IP", Bool(), False),
        Keyword("METHOD", Word()),
        Keyword("CAPTURE", Word()),
        Keyword("BPF_FILTER", String(), ""),
        Keyword("PROTOCOL", Unsigned(16), 0),
        Keyword("OUTBOUND", Bool(), False),
        Keyword("HEADROOM", Unsigned(32), 28),
        Keyword("ENCAP", Word()),
        Keyword("BURST", Signed(32), 1),
        Keyword("TIMESTAMP", Bool(), True),
    )
    drops: ClassVar = {"not_ip": "FORCE_IP, and the packet is not IP"}
    reject_output = 1
    writes = frozenset(
        {MAC_HEADER, NETWORK_HEADER, TRANSPORT_HEADER, TIMESTAMP, PACKET_TYPE, ANNO_EXTRA_LENGTH, ANNO_DST_IP}
    )
    handlers: ClassVar = {"kernel_drops": Field("in.losses.no_buffer"), "count": Field("in.count")}
    fields = ("in.ended", "link_type")

    def configure(self, environment: Environment) -> Iterable[str | Notice]:
        args = self.args
        if not 14 <= args.SNAPLEN <= 65535:
            yield "SNAPLEN out of range"
        if args.HEADROOM > 8190:
            yield "HEADROOM out of range"
        if args.BURST <= 0:
            yield "BURST out of range"
        if args.ENCAP is not None and parse_link_type(args.ENCAP) is None:
            yield "bad encapsulation type"
        if any(method is not None and method not in METHODS for method in (args.METHOD, args.CAPTURE)):
            yield "bad METHOD"
        if args.BPF_FILTER:
            yield Notice("BPF filter ignored; an IPClassifier can do its work", is_warning=True)

    def initialize(self, environment: Environment) -> Iterable[str]:
        if not self.args.DEVNAME:
            yield "interface not set"

    def devices(self) -> Sequence[DeviceUse]:
        return (DeviceUse(self.args.DEVNAME, read=True),)

    def upcall(self, kind: int, argument: int) -> int:
        others = [element for element in self.router.elements if isinstance(element, FromDevice)]
        if all(element.live.read("in.ended") for element in others):
            self.router.stop(self)
        return 0

    @read_handler("encap")
    def encap(self) -> str:
        return link_type_name(self.live.read("link_type"))

    @write_handler("reset_counts")
    def reset_counts(self, text: str) -> None:
        self.call("reset_counts")
