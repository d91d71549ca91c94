from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    ANNO_DST_IP,
    ANNO_EXTRA_LENGTH,
    MAC_HEADER,
    TIMESTAMP,
    Annotation,
    Arguments,
    Bool,
    CValue,
    DeviceUse,
    Element,
    ElementRef,
    Field,
    Filename,
    IPAddress,
    Keyword,
    Optional,
    PortNumber,
    Positional,
    Rest,
    Signed,
    String,
    Text,
    Unsigned,
)

from ._receive import RECEIVE_DROPS

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

# <sys/socket.h>, <netinet/in.h> of Linux
AF_UNIX, AF_INET = 1, 2
STREAM, DATAGRAM = 1, 2
IP_PROTOCOLS = {"TCP": 6, "UDP": 17}

ADDRESS_ROOM = 110  # struct sockaddr_un
PATH_ROOM = 108
MAX_LENGTH = 65535

TYPES = {
    "TCP": (AF_INET, STREAM),
    "UDP": (AF_INET, DATAGRAM),
    "UNIX": (AF_UNIX, STREAM),
    "UNIX_DGRAM": (AF_UNIX, DATAGRAM),
}


def _internet(protocol: str) -> Arguments:
    return Arguments(
        Positional("ADDR", IPAddress()),
        Positional("PORT", PortNumber(protocol)),
        Optional("LOCAL_ADDR", IPAddress(), bytes(4)),
        Optional("LOCAL_PORT", PortNumber(protocol), 0),
    )


#: What follows the type.
ADDRESSES = {
    "TCP": _internet("tcp"),
    "UDP": _internet("udp"),
    "UNIX": Arguments(Positional("FILENAME", Filename()), Optional("LOCAL_FILENAME", Filename(), "")),
}
ADDRESSES["UNIX_DGRAM"] = ADDRESSES["UNIX"]


def internet_address(address: bytes, port: int) -> bytes:
    """A struct sockaddr_in."""
    return struct.pack("=H", AF_INET) + struct.pack(">H4s8x", port, address)


def unix_address(path: str) -> bytes:
    """A struct sockaddr_un."""
    return struct.pack("=H", AF_UNIX) + path.encode("utf-8", "surrogateescape") + b"\0"


class Socket(Element):
    """Carry packets over a TCP, UDP or Unix socket.

    Packets at the input are sent to the peer, what the peer sends leaves by output 0; nothing goes straight from the
    input to the output. Over a stream (TCP, UNIX) packets have no borders: each is written whole, and each piece that
    is read becomes a packet.

    Arguments:
      TYPE     ``TCP``, ``UDP``, ``UNIX`` or ``UNIX_DGRAM``
      ADDR, PORT, LOCAL_ADDR, LOCAL_PORT (TCP, UDP)
               a server listens at ADDR and PORT; a client sends there, from LOCAL_ADDR and LOCAL_PORT if they are
               given
      FILENAME, LOCAL_FILENAME (UNIX, UNIX_DGRAM)
               the same with files
      CLIENT   true: connect; false: listen (default: true if there is no output or a local address is given)
      SNAPLEN  longest packet to receive in bytes (default 2048)
      NODELAY  TCP: send small packets at once (default true)
      SNDBUF, RCVBUF
               sizes of the kernel's buffers in bytes (default: the system's)
      TIMESTAMP
               set the timestamp annotation of what is received (default true)
      ALLOW, DENY
               route tables: a server takes connections and datagrams from addresses that ALLOW has a route for, and
               of the others from those that DENY has no route for
      VERBOSE  tell when connections come and go (default false)
      HEADROOM, PROPER
               checked and of no effect: ports have their own headroom

    A server of streams has one peer at a time; the next one waits until it is gone. A server of datagrams sends to
    whoever sent last. A UDP client for ADDR 0.0.0.0 sends each packet to its destination annotation. A stream client
    connects once, when the router starts.

    Where the input is pull, packets are drawn while somebody is connected and takes them. Where it is push, packets
    that nobody can take now are dropped.

    Handlers: ``count`` (read) packets received; ``sent`` (read) packets sent.
    """

    ports = "0-1/0-1"
    processing = "a/h"
    flow = "x/y"
    example = "UDP, 127.0.0.1, 5555, CLIENT true"
    is_source = True
    arguments = Arguments(
        Positional("TYPE", String()),
        Keyword("VERBOSE", Bool(), False),
        Keyword("SNAPLEN", Unsigned(32), 2048),
        Keyword("HEADROOM", Unsigned(32), 28),
        Keyword("TIMESTAMP", Bool(), True),
        Keyword("RCVBUF", Signed(32), -1),
        Keyword("SNDBUF", Signed(32), -1),
        Keyword("NODELAY", Bool(), True),
        Keyword("CLIENT", Bool()),
        Keyword("PROPER", Bool(), False),
        Keyword("ALLOW", ElementRef()),
        Keyword("DENY", ElementRef()),
        Rest("ADDRESS", Text()),
    )
    drops: ClassVar = {
        "unconnected": "nobody is connected",
        "full": "the peer takes no more now",
        "write": "the peer did not take it",
        **RECEIVE_DROPS,
    }
    writes = frozenset({MAC_HEADER, TIMESTAMP, ANNO_EXTRA_LENGTH})
    handlers: ClassVar = {"count": Field("in.count"), "sent": Field("out.count")}

    #: struct sockaddr_in or sockaddr_un.
    local = b""
    remote = b""
    client = False
    type = "UDP"
    #: Every packet goes to its own destination annotation.
    each_its_own = False

    def configure(self, environment: Environment) -> Iterable[str]:
        self.type = self.args.TYPE.upper()
        if self.type not in TYPES:
            yield f"unknown socket type `{self.type}'"
            return
        for table in (self.args.ALLOW, self.args.DENY):
            if table is not None and "RouteTable" not in environment.element_class(table):
                yield f"{table.name} is not an IPRouteTable"
        addresses, problems = ADDRESSES[self.type].parse(", ".join(self.args.ADDRESS), environment)
        if problems:
            yield from (problem.message for problem in problems)
            return
        local_given = bool(addresses.given & {"LOCAL_ADDR", "LOCAL_PORT", "LOCAL_FILENAME"})
        self.client = self.n_outputs == 0 or local_given if self.args.CLIENT is None else self.args.CLIENT
        if TYPES[self.type][0] == AF_INET:
            self.remote = internet_address(addresses.ADDR, addresses.PORT)
            self.local = internet_address(addresses.LOCAL_ADDR, addresses.LOCAL_PORT) if addresses.LOCAL_PORT else b""
            self.each_its_own = self.type == "UDP" and self.client and not any(addresses.ADDR)
        else:
            yield from self._files(addresses.FILENAME, addresses.LOCAL_FILENAME)
        if not self.client:
            self.local, self.remote = self.remote, b""

    def _files(self, remote: str, local: str) -> Iterable[str]:
        for which, path in (("remote", remote), ("local", local)):
            if len(path.encode("utf-8", "surrogateescape")) >= PATH_ROOM:
                yield f"{which} filename '{path}' too long"
        self.remote = unix_address(remote)
        self.local = unix_address(local) if local else b""

    def annotations_read(self) -> frozenset[Annotation]:
        return frozenset({ANNO_DST_IP}) if self.each_its_own else frozenset()

    def c_arguments(self) -> dict[str, CValue]:
        family, kind = TYPES[self.type]
        return super().c_arguments() | {
            "snaplen": min(self.args.SNAPLEN, MAX_LENGTH),
            "client": self.client,
            "family": family,
            "socket_type": kind,
            "protocol": IP_PROTOCOLS.get(self.type, 0),
            "local": self.local[:ADDRESS_ROOM].ljust(ADDRESS_ROOM, b"\0"),
            "local_length": len(self.local),
            "remote": self.remote[:ADDRESS_ROOM].ljust(ADDRESS_ROOM, b"\0"),
            "remote_length": len(self.remote),
            "each_its_own": self.each_its_own,
            "asks": self.args.ALLOW is not None or self.args.DENY is not None,
        }

    def devices(self) -> Sequence[DeviceUse]:
        length = min(self.args.SNAPLEN, MAX_LENGTH)
        reads = self.n_outputs > 0 or not self.client
        return (DeviceUse(f"socket:{self.name}", reads, True, options=(("snap_length", length),)),)

    def upcall(self, kind: int, argument: int) -> int:
        """Whether an address may connect or send; nothing is to be done about anything else."""
        address = ".".join(map(str, struct.pack("=I", argument)))
        if self._has_route(self.args.ALLOW, address):
            return 1
        return 0 if self._has_route(self.args.DENY, address) else 1

    def _has_route(self, table: Element | None, address: str) -> bool:
        return table is not None and self.router.read(f"{table.name}.lookup", address) != "-1"
