"""What a primitive of the IP pattern language can be about, and how Click's messages call it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from . import names
from .names import NameResolver


class Kind(Enum):
    """Types that are not plain header fields, and INTEGER for data that is just a number."""

    INTEGER = "integer"
    HOST = "ip host"
    NET = "ip net"
    PROTO = "proto"
    PORT = "port"
    TCP_OPT = "tcp opt"
    ETHER = "ether host"
    FRAG = "ip frag"
    UNFRAG = "ip unfrag"
    ECT = "ip ect"
    CE = "ip ce"


@dataclass(frozen=True, slots=True)
class Field:
    """`bits` bits at bit `offset` of the IP header, or of the transport header of protocol `transport`."""

    name: str
    offset: int
    bits: int
    transport: int | None = None


Type = Kind | Field

TOS = Field("ip tos", 8, 8)
ICMP_TYPE = Field("icmp type", 0, 8, names.PROTOCOLS["icmp"])

TYPES: dict[str, Type] = {
    "ce": Kind.CE,
    "dscp": Field("ip dscp", 8, 6),
    "ect": Kind.ECT,
    "frag": Kind.FRAG,
    "hl": Field("ip hl", 4, 4),
    "host": Kind.HOST,
    "id": Field("ip id", 32, 16),
    "len": Field("ip len", 16, 16),
    "net": Kind.NET,
    "opt": Kind.TCP_OPT,
    "port": Kind.PORT,
    "proto": Kind.PROTO,
    "tos": TOS,
    "ttl": Field("ip ttl", 64, 8),
    "type": ICMP_TYPE,
    "unfrag": Kind.UNFRAG,
    "vers": Field("ip vers", 0, 4),
    "win": Field("tcp win", 112, 16, names.PROTOCOLS["tcp"]),
}

SYNTAX = frozenset({"dest", "dst", "ether", "ip", "not", "src"})

_DIRECTIONS = {"": "", "src": "src ", "dst": "dst ", "or": "src or dst ", "and": "src and dst "}
_TRANSPORTS = {number: name for name, number in names.PROTOCOLS.items() if name not in ("dccp", "gre", "sctp")}


def type_name(kind: Type | None, direction: str = "") -> str:
    """`src or dst port`, `ip tos`, `tcp[...]`."""
    text = "<none>" if kind is None else kind.value if isinstance(kind, Kind) else kind.name
    return _DIRECTIONS[direction] + text


def transport_name(transport: int | None) -> str:
    """`tcp`, `ip proto 89`, or nothing."""
    return "" if transport is None else _TRANSPORTS.get(transport, f"ip proto {transport}")


def field_at(transport: int | None, offset: int, length: int) -> Field:
    """`tcp[offset:length]`, in bytes."""
    return Field(f"{transport_name(transport) or 'ip'}[...]", 8 * offset, 8 * length, transport)


@dataclass(frozen=True, slots=True)
class Word:
    """What a name may mean: one type and value, or why it has no clear meaning here."""

    kind: Type | None
    value: int = 0
    problem: str = ""


def look_up(word: str, kind: Type | None, transport: int | None) -> Word | None:
    """The meaning of a name where data of type `kind` and protocol `transport` is wanted (None: anything).

    None if the word is not a name at all; a Word without a kind if it is ambiguous or meaningless here.
    """
    tcp, udp = names.PROTOCOLS["tcp"], names.PROTOCOLS["udp"]
    tcp_like = (None, tcp, names.TCP_OR_UDP)
    table: list[tuple[Type, int | None, bool]] = [
        (Kind.PROTO, names.protocol(word), True),
        (Kind.PORT, names.port(word, "tcp"), transport in tcp_like),
        (Kind.PORT, names.port(word, "udp"), transport in (None, udp, names.TCP_OR_UDP)),
        (Kind.TCP_OPT, names.TCP_FLAGS.get(word), transport in tcp_like),
        (ICMP_TYPE, names.ICMP_TYPES.get(word), transport in (None, names.PROTOCOLS["icmp"])),
    ]
    known = [(own, value, fits and kind in (None, own)) for own, value, fits in table if value is not None]
    if not known:
        return None
    meanings = {(own, value) for own, value, fits in known if fits}
    if len(meanings) == 1:
        ((own, value),) = meanings
        return Word(own, value)
    tries = ", ".join(dict.fromkeys(f"'{_phrase(own, transport, word)}'" for own, _, _ in known))
    what = "ambiguous" if meanings else "meaningless"
    return Word(None, problem=f"'{_phrase(kind, transport, word)}' is {what}; try {tries}")


def _phrase(kind: Type | None, transport: int | None, word: str) -> str:
    return " ".join(filter(None, (type_name(kind) if kind else "", transport_name(transport), word)))


@dataclass(frozen=True, slots=True)
class Data:
    """A word read as data: an address, a prefix, a number or a range of numbers."""

    kind: Type
    value: int
    mask: int = 0
    high: int | None = None


def read_address(word: str, resolver: NameResolver, header: str, net: bool = False) -> Data | None:
    """The word as an address, as far as the header that was named ("", "i" for ip, "e" for ether) allows one.

    With `net` a name that has both an address and a network stands for the network.
    """
    if header != "e":
        address = names.ip_address(word, resolver)
        prefix = names.ip_prefix(word, resolver) if net or address is None else None
        if prefix is not None:
            return Data(Kind.NET, *prefix)
        if address is not None:
            return Data(Kind.HOST, address, 0xFFFFFFFF)
    if header != "i":
        ether = names.ethernet(word, resolver)
        if ether is not None:
            return Data(Kind.ETHER, ether, 0xFFFFFFFFFFFF)
    return None


def read_number(word: str) -> Data | None:
    """The word as a number or as a range `10-20`."""
    number = names.integer(word)
    if number is not None and -0x80000000 <= number <= 0xFFFFFFFF:
        return Data(Kind.INTEGER, number & 0xFFFFFFFF)
    bounds = names.integer_range(word)
    return Data(Kind.INTEGER, bounds[0], high=bounds[1]) if bounds else None
