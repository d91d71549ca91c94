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
    Arguments,
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
    String,
    Unsigned,
    read_handler,
)

from ._kernel import MAX_HEADROOM, NAME_ROOM, matches
from ._receive import RECEIVE_DROPS

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class FromHost(Element):
    """Receive the Ethernet frames that this machine's kernel sends.

    Where the configuration uses the device DEVNAME through netmap, these are the frames that the kernel sends to that
    device: they come from its host rings (``netmap:DEVNAME^``). Otherwise an Ethernet interface (TAP) of that name is
    made when the router starts; it goes away with the router. That needs the capability CAP_NET_ADMIN.

    Arguments:
      DEVNAME  name of the interface
      DST      the kernel's address on the interface and its prefix, such as ``10.0.0.1/24``
      GATEWAY  an address of that network: a default route by way of it is added
      ETHER    Ethernet address of the interface (default: the kernel chooses)
      MTU      longest packet behind the Ethernet header, in bytes (default: the kernel's, 1500)
      HEADROOM checked and of no effect: ports have their own

    Output 0: the frames, with MAC header, timestamp and packet type, and for IP network and transport header and
    destination annotation.

    The kernel asks for Ethernet addresses with ARP before it sends to other addresses of the network::

      FromHost(fake, 192.0.0.1/8) -> c :: Classifier(12/0806 20/0001, 12/0800, -);
      c[0] -> ARPResponder(0.0.0.0/0 1:1:1:1:1:1) -> ToHost(fake);

    Handlers: ``dev_name`` (read) name of the interface; ``count`` (read) frames received; ``signal`` (read) whether
    there is room downstream, which is always so.
    """

    ports = "0/1"
    processing = "h/h"
    example = "fake0, 10.0.0.1/24"
    is_source = True
    arguments = Arguments(
        Positional("DEVNAME", String()),
        Optional("DST", IPPrefix()),
        Keyword("GATEWAY", IPAddress()),
        Keyword("ETHER", EtherAddress()),
        Keyword("HEADROOM", Unsigned(32), 28),
        Keyword("MTU", Unsigned(32), 0),
    )
    writes = frozenset({MAC_HEADER, NETWORK_HEADER, TRANSPORT_HEADER, TIMESTAMP, PACKET_TYPE, ANNO_DST_IP})
    drops: ClassVar = RECEIVE_DROPS
    handlers: ClassVar = {"count": Field("in.count")}

    def configure(self, environment: Environment) -> Iterable[str]:
        args = self.args
        near, gateway = args.DST, args.GATEWAY
        if near and gateway and any(gateway) and not matches(gateway, near.address, near.mask):
            yield "bad GATEWAY"
        if not args.DEVNAME:
            yield "must specify device name"
        if args.HEADROOM > MAX_HEADROOM:
            yield "HEADROOM too large"

    def c_arguments(self) -> dict[str, CValue]:
        return super().c_arguments() | {"has_ether": self.args.ETHER is not None}

    def devices(self) -> Sequence[DeviceUse]:
        name = self.args.DEVNAME
        spec = name if ":" in name else f"host:{name}"
        return (DeviceUse(spec, read=True, options=(("mtu", self.args.MTU),)),)

    @read_handler("dev_name")
    def dev_name(self) -> str:
        _, name = self.call("dev_name", room=NAME_ROOM)
        return name.partition(b"\0")[0].decode("utf-8", "surrogateescape")

    @read_handler("signal")
    def signal(self) -> str:
        return "true"

    def upcall(self, kind: int, argument: int) -> int:
        return 0  # the interface is gone: there is nothing to do about it
