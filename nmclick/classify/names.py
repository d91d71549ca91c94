"""Words of the IP pattern language: protocols, services, TCP flags, ICMP types, and addresses with names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

TCP_OR_UDP = 256
TRANSPORT = 258
PAYLOAD = 259


class NameResolver(Protocol):
    """What AddressInfo knows. Names come with their suffix (`lan:ipnet`) if the user wrote one; None: no such name."""

    def ip_address(self, name: str) -> bytes | None: ...

    def ip_prefix(self, name: str) -> tuple[bytes, int] | None: ...

    def ethernet(self, name: str) -> bytes | None: ...


@dataclass(frozen=True)
class NoNames:
    """A resolver that knows no names."""

    def ip_address(self, name: str) -> bytes | None:
        return None

    def ip_prefix(self, name: str) -> tuple[bytes, int] | None:
        return None

    def ethernet(self, name: str) -> bytes | None:
        return None


PROTOCOLS = {
    "dccp": 33,
    "gre": 47,
    "icmp": 1,
    "igmp": 2,
    "ipip": 4,
    "payload": PAYLOAD,
    "sctp": 132,
    "tcp": 6,
    "tcpudp": TCP_OR_UDP,
    "transp": TRANSPORT,
    "udp": 17,
}

PORTS = {
    "auth": 113,
    "bootpc": 68,
    "bootps": 67,
    "chargen": 19,
    "daytime": 13,
    "discard": 9,
    "dns": 53,
    "domain": 53,
    "echo": 7,
    "finger": 79,
    "ftp": 21,
    "ftp-data": 20,
    "https": 443,
    "imap3": 220,
    "imaps": 993,
    "irc": 194,
    "netbios-dgm": 138,
    "netbios-ns": 137,
    "netbios-ssn": 139,
    "nntp": 119,
    "ntp": 123,
    "pop3": 110,
    "pop3s": 995,
    "pptp": 1723,
    "rip": 520,
    "route": 520,
    "smtp": 25,
    "snmp": 161,
    "snmp-trap": 162,
    "ssh": 22,
    "sunrpc": 111,
    "telnet": 23,
    "tftp": 69,
    "www": 80,
}

TCP_FLAGS = {"fin": 0x01, "syn": 0x02, "rst": 0x04, "psh": 0x08, "ack": 0x10, "urg": 0x20}

ICMP_TYPES = {
    "echo": 8,
    "echo-reply": 0,
    "inforeq": 15,
    "inforeq-reply": 16,
    "maskreq": 17,
    "maskreq-reply": 18,
    "parameterproblem": 12,
    "redirect": 5,
    "routeradvert": 9,
    "routersolicit": 10,
    "sourcequench": 4,
    "timeexceeded": 11,
    "timestamp": 13,
    "timestamp-reply": 14,
    "unreachable": 3,
}

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._+-]*")
_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9A-Fa-f]+|[0-9]+)")
_RANGE = re.compile(r"([0-9]+)-([0-9]+)")
_OCTETS = re.compile(r"[0-9]+(?:\.[0-9]+){0,3}")
_ETHERNET = re.compile(r"[0-9A-Fa-f]{1,2}(?:([:-])[0-9A-Fa-f]{1,2})(?:\1[0-9A-Fa-f]{1,2}){4}")


def protocol(word: str) -> int | None:
    """An IP protocol by name: Click's names, then the system's."""
    known = PROTOCOLS.get(word)
    if known is not None or not _NAME.fullmatch(word):
        return known
    import socket

    try:
        return socket.getprotobyname(word)
    except OSError:
        return None


def port(word: str, transport: str) -> int | None:
    """A port by service name, for "tcp" or "udp": Click's names, then the system's."""
    known = PORTS.get(word)
    if known is not None or not _NAME.fullmatch(word):
        return known
    import socket

    try:
        return socket.getservbyname(word, transport)
    except OSError:
        return None


def integer(word: str) -> int | None:
    """A decimal, hexadecimal (0x) or octal (0) number."""
    if not _INTEGER.fullmatch(word):
        return None
    digits = word.lstrip("+-")
    try:
        value = int(digits, 8) if digits[0] == "0" and digits.isdigit() else int(digits, 0)
    except ValueError:
        return None
    return -value if word[0] == "-" else value


def integer_range(word: str) -> tuple[int, int] | None:
    """`10-20`."""
    found = _RANGE.fullmatch(word)
    return (int(found[1]), int(found[2])) if found else None


def _octets(word: str) -> bytes | None:
    if not _OCTETS.fullmatch(word):
        return None
    parts = [int(part) for part in word.split(".")]
    return bytes(parts) if max(parts) < 256 else None


def ip_address(word: str, names: NameResolver) -> int | None:
    """A dotted quad or a name."""
    octets = _octets(word)
    if octets is None or len(octets) < 4:
        octets = names.ip_address(word)
    return None if octets is None else int.from_bytes(octets, "big")


def ip_prefix(word: str, names: NameResolver) -> tuple[int, int] | None:
    """`10.0/16`, `10.0.0.0/255.255.0.0` or a name: (address, mask)."""
    address_word, slash, mask_word = word.rpartition("/")
    if slash and address_word and mask_word:
        octets = _octets(address_word) or names.ip_address(address_word)
        mask = _mask(mask_word, names)
        if octets is not None and mask is not None and not mask & ((1 << 8 * (4 - len(octets))) - 1):
            return int.from_bytes(octets.ljust(4, b"\0"), "big"), mask
    found = names.ip_prefix(word)
    if found is None:
        return None
    return int.from_bytes(found[0], "big"), prefix_mask(found[1])


def _mask(word: str, names: NameResolver) -> int | None:
    if word.isascii() and word.isdigit() and int(word) <= 32:
        return prefix_mask(int(word))
    return ip_address(word, names)


def prefix_mask(bits: int) -> int:
    """The mask of a prefix length."""
    return (0xFFFFFFFF << (32 - bits)) & 0xFFFFFFFF


def ethernet(word: str, names: NameResolver) -> int | None:
    """`0:1:2:3:4:5`, `00-01-02-03-04-05` or a name."""
    if _ETHERNET.fullmatch(word):
        parts = re.split("[:-]", word)
        return int.from_bytes(bytes(int(part, 16) for part in parts), "big")
    octets = names.ethernet(word)
    return None if octets is None else int.from_bytes(octets, "big")
