"""What KernelTap and KernelTun share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    ANNO_DST_IP,
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
    EtherAddress,
    Field,
    IPAddress,
    IPPrefix,
    Keyword,
    Optional,
    Positional,
    Signed,
    String,
    Unsigned,
    read_handler,
)

from ._receive import RECEIVE_DROPS

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

MAX_HEADROOM = 8192
IP_HEADER = 20
NAME_ROOM = 64


def matches(address: bytes, near: bytes, mask: bytes) -> bool:
    """Whether two addresses are in one network."""
    return all((a ^ b) & m == 0 for a, b, m in zip(address, near, mask, strict=True))


def kernel_arguments(*, tap: bool) -> Arguments:
    """In Click's order. `tap`: Ethernet frames unless the configuration says otherwise."""
    return Arguments(
        Positional("ADDR", IPPrefix()),
        Optional("GATEWAY", IPAddress()),
        Keyword("TAP", Bool(), tap),
        Keyword("HEADROOM", Unsigned(32), 28),
        Keyword("BURST", Unsigned(32)),
        Keyword("ETHER", EtherAddress()),
        Keyword("IGNORE_QUEUE_OVERFLOWS", Bool(), False),
        Keyword("MTU", Signed(32), 1500),
        Keyword("DEV_NAME", String(), ""),
        Keyword("DEVNAME", String(), ""),
    )


class KernelInterface(Element):
    """A network interface whose other end is this element. Its C half has a ``struct kernel_device device``."""

    ports = "0-1/1-2"
    processing = "a/h"
    flow = "x/y"
    is_source = True
    #: The first four are in the order of enum kernel_refusal in kernel.h.
    drops: ClassVar = {
        "short": "the packet has no whole Ethernet header",
        "no_header": "the packet has no network header annotation",
        "version": "the IP version is neither 4 nor 6",
        "long": "the packet is longer than the MTU",
        "full": "the transmit ring is full",
        "write": "the kernel did not take it",
        "not_ip": "what the kernel sent is not IP",
        **RECEIVE_DROPS,
    }
    writes = frozenset({MAC_HEADER, NETWORK_HEADER, TRANSPORT_HEADER, TIMESTAMP, PACKET_TYPE, ANNO_DST_IP})
    handlers: ClassVar = {"packets": Field("device.in.count"), "selected_calls": Field("device.turns")}

    def configure(self, environment: Environment) -> Iterable[str]:
        args = self.args
        if args.GATEWAY and any(args.GATEWAY) and not matches(args.GATEWAY, args.ADDR.address, args.ADDR.mask):
            yield "bad GATEWAY"
        if args.BURST == 0:
            yield "BURST must be >= 1"
        if args.MTU < IP_HEADER:
            yield f"MTU must be greater than {IP_HEADER}"
        if args.HEADROOM > MAX_HEADROOM:
            yield "HEADROOM too big"

    def annotations_read(self) -> frozenset[Annotation]:
        return frozenset() if self.args.TAP else frozenset({NETWORK_HEADER})

    def c_arguments(self) -> dict[str, CValue]:
        return super().c_arguments() | {"has_ether": self.args.ETHER is not None}

    def devices(self) -> Sequence[DeviceUse]:
        name = self.args.DEVNAME or self.args.DEV_NAME
        kind = "tap" if self.args.TAP else "tun"
        return (DeviceUse(f"{kind}:{name}", True, self.n_inputs > 0, options=(("mtu", self.args.MTU),)),)

    @read_handler("dev_name")
    def dev_name(self) -> str:
        _, name = self.call("dev_name", room=NAME_ROOM)
        return name.partition(b"\0")[0].decode("utf-8", "surrogateescape")

    def upcall(self, kind: int, argument: int) -> int:
        return 0  # the interface is gone: there is nothing to do about it
