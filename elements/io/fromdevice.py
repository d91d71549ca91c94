from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    ANNO_DST_IP,
    ANNO_EXTRA_LENGTH,
    ETHERNET,
    MAC_HEADER,
    NETWORK_HEADER,
    PACKET_TYPE,
    TIMESTAMP,
    TRANSPORT_HEADER,
    Annotation,
    Arguments,
    Bool,
    CValue,
    DeviceUse,
    Element,
    Field,
    Keyword,
    Notice,
    Optional,
    Positional,
    Sharing,
    Signed,
    String,
    Unsigned,
    Word,
    link_type_name,
    parse_link_type,
    read_handler,
    write_handler,
)

from ._device import FROM_METHODS, SNIFFING, TAKING
from ._receive import RECEIVE_DROPS

if TYPE_CHECKING:
    from nmclick.classify.bpf import Instruction
    from nmclick.lang.arguments import Environment


class FromDevice(Element):
    """Receive packets from a network device, or from whatever port stands in for it.

    Arguments:
      DEVNAME     the device, such as ``eth0``, or a port, such as ``xdp:eth0``; ``nmclick run --port NAME=SPEC`` puts
                  another port in its place
      PROMISC     receive what is for other stations, too (default false)
      SNAPLEN     longest packet in bytes, from 14 to 65535; longer ones are cut, with an extra length annotation
                  (default 2046)
      FORCE_IP    send only IP packets, with network and transport header and destination annotation set (default
                  false)
      PROTOCOL    receive only this Ethernet type, if it is not 0 (default 0)
      TIMESTAMP   set the timestamp annotation (default true)
      METHOD      how to read the device: ``NETMAP``, ``XDP``, ``LINUX`` or ``PCAP`` (both: a packet socket)
      SNIFFER     true: the system receives the packets, too; false: they are this router's alone (default: see below)
      OUTBOUND    receive what the system itself sends to the device, too (default false); needs a packet socket
      BPF_FILTER  receive only what this filter expression, as for tcpdump, lets pass; needs libpcap on this machine
      ENCAP       the link type that BPF_FILTER is about (default ETHER)
      BURST       packets to take at a time at most (default: a whole batch)
      HEADROOM, CAPTURE
                  checked and of no effect: ports have their own headroom; CAPTURE is METHOD's old name

    Of a device that the configuration reads and writes nobody else is to have the packets, if SNIFFER and METHOD do
    not say otherwise: it is used through the kernel's netmap if that takes it, else AF_XDP, else a packet socket. One
    that is only read is watched, through a packet socket. Which it is is told at the start.

    Output 0: the packets, with MAC header, timestamp, packet type and, where only a part was captured, extra length
    annotation. Output 1: with FORCE_IP, packets that are not IP; they are dropped where it is not connected.

    When the ports of all FromDevices have come to their end (capture files), the driver is sent a stop event.

    Handlers: ``count`` (read) packets received; ``encap`` (read) the link type, such as ``ETHER``; ``kernel_drops``
    (read) packets lost for lack of room or buffers; ``reset_counts`` (write).
    """

    sharing = Sharing.PER_WORKER
    spread = True
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
        Keyword("BURST", Signed(32)),
        Keyword("TIMESTAMP", Bool(), True),
    )
    drops: ClassVar = {
        "not_ip": "FORCE_IP, and the packet is not IP",
        "filtered": "BPF_FILTER or PROTOCOL does not want it",
        **RECEIVE_DROPS,
    }
    #: BPF_FILTER, once it is compiled.
    program: Sequence[Instruction] = ()
    reject_output = 1
    writes = frozenset(
        {MAC_HEADER, NETWORK_HEADER, TRANSPORT_HEADER, TIMESTAMP, PACKET_TYPE, ANNO_EXTRA_LENGTH, ANNO_DST_IP}
    )
    handlers: ClassVar = {"count": Field("in.count")}
    fields = ("in.ended", "in.losses.no_buffer", "link_type")

    def configure(self, environment: Environment) -> Iterable[str | Notice]:
        args = self.args
        if not 14 <= args.SNAPLEN <= 65535:
            yield "SNAPLEN out of range"
        if args.HEADROOM > 8190:
            yield "HEADROOM out of range"
        if args.BURST is not None and args.BURST <= 0:
            yield "BURST out of range"
        if args.ENCAP is not None and parse_link_type(args.ENCAP) is None:
            yield "bad encapsulation type"
        if any(method is not None and method not in FROM_METHODS for method in (args.METHOD, args.CAPTURE)):
            yield "bad METHOD"
        if args.BPF_FILTER:
            yield from self._compile_filter()

    def _compile_filter(self) -> Iterable[str | Notice]:
        from nmclick.classify.bpf import FilterError, NoLibpcap, compile_filter  # seldom wanted

        try:
            self.program = compile_filter(self.args.BPF_FILTER, self.filter_link_type)
        except FilterError as error:
            yield f"{self.args.DEVNAME}: {error}"
        except NoLibpcap:
            text = "BPF filter ignored: there is no libpcap (Debian, Ubuntu: apt install libpcap0.8); an IPClassifier"
            yield Notice(f"{text} behind the element does the same", is_warning=True)

    @property
    def filter_link_type(self) -> int:
        link_type = parse_link_type(self.args.ENCAP) if self.args.ENCAP is not None else None
        return ETHERNET if link_type is None else link_type

    def initialize(self, environment: Environment) -> Iterable[str]:
        if not self.args.DEVNAME:
            yield "interface not set"

    def devices(self) -> Sequence[DeviceUse]:
        args = self.args
        wanted = {"promiscuous": args.PROMISC, "outbound": args.OUTBOUND, "alone": not args.SNIFFER}
        options = tuple((name, 1) for name, given in wanted.items() if given)
        return (DeviceUse(args.DEVNAME, read=True, options=options, kinds=self._kinds()),)

    def _kinds(self) -> tuple[str, ...]:
        method = self.args.METHOD or self.args.CAPTURE
        if method is not None:
            return FROM_METHODS.get(method, ())
        if self.args.OUTBOUND or (self.args.SNIFFER and "SNIFFER" in self.args.given):
            return SNIFFING
        return () if self.args.SNIFFER else TAKING

    def annotations_read(self) -> frozenset[Annotation]:
        return frozenset({ANNO_EXTRA_LENGTH}) if self.program else frozenset()

    def c_arguments(self) -> dict[str, CValue]:
        return super().c_arguments() | {"filter_link_type": self.filter_link_type if self.program else -1}

    def c_code(self, symbol: str) -> str | None:
        """The packet function with the filter in front."""
        if not self.program:
            return None
        from nmclick.classify.bpf import filter_function

        head = "struct FromDevice *self, const struct FromDevice_args *args, struct packet *p, struct context *c"
        return (
            filter_function(f"{symbol}_filter", self.program)
            + f"\nstatic always_inline int {symbol}_packet({head})\n{{\n"
            + f"    if (!{symbol}_filter(p->data, p->length, p->length + anno_u32(p, ANNO_EXTRA_LENGTH)))\n"
            + "        return FromDevice_refuse(self, p, c);\n"
            + "    return FromDevice_packet(self, args, p, c);\n}"
        )

    def upcall(self, kind: int, argument: int) -> int:
        others = [element for element in self.router.elements if isinstance(element, FromDevice)]
        if all(element.live.read("in.ended") for element in others):
            self.router.stop(self)
        return 0

    @read_handler("kernel_drops")
    def kernel_drops(self) -> str:
        in_rings, _ = self.call("kernel_drops")
        return str(self.live.read("in.losses.no_buffer") + in_rings)

    @read_handler("encap")
    def encap(self) -> str:
        return link_type_name(self.live.read("link_type"))

    @write_handler("reset_counts")
    def reset_counts(self, text: str) -> None:
        self.call("reset_counts")
