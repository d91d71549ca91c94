"""Names for addresses: what AddressInfo elements define and what the system's devices are called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nmclick.lang.configstring import split_words
from nmclick.lang.devices import Devices, SystemDevices
from nmclick.lang.names import NameTable
from nmclick.lang.values.addresses import EtherAddress, IPAddress, IPPrefix, Prefix
from nmclick.lang.values.base import Argument, ArgumentError
from nmclick.lang.values.ip6 import IP6Address, IP6Prefix, Prefix6

if TYPE_CHECKING:
    from nmclick.lang.values.environment import Environment

_ETHER_SUFFIXES = frozenset({"eth", "ether", "ethernet"})
_IP_SUFFIXES = frozenset({"ip", "ip4"})
_PREFIX_SUFFIXES = frozenset({"net", "ipnet", "ip4net"})


def _split_suffix(name: str) -> tuple[str, str | None]:
    """ "eth0:IPNET" to ("eth0", "ipnet"); a name without a suffix to (name, None)."""
    head, colon, suffix = name.rpartition(":")
    return (head, suffix.lower()) if colon else (name, None)


class AddressTable:
    """The addresses that names stand for. A name may have one of each kind; a suffix such as ``:ip``,
    ``:ipnet``, ``:bcast``, ``:gw``, ``:eth``, ``:ip6`` or ``:ip6net`` says which is meant.

    Names are local to the compound that defines them, and visible in the compounds inside it. A name that
    nobody defined may be a network device's.
    """

    def __init__(self, devices: Devices | None = None, names: NameTable | None = None) -> None:
        self.devices: Devices = SystemDevices() if devices is None else devices
        self.names = NameTable() if names is None else names

    def define(self, kind: str, element_name: str, name: str, value: bytes | Prefix | Prefix6) -> None:
        """Let `name` have an address of `kind` (ether, ip, prefix, ip6, ip6 prefix) where `element_name`
        stands."""
        self.names.define(kind, element_name, name, value)

    def ether(self, name: str, element_name: str = "") -> bytes | None:
        """The Ethernet address of `name` as `element_name` sees it."""
        name, suffix = _split_suffix(name)
        if suffix is not None and suffix not in _ETHER_SUFFIXES:
            return None
        value: bytes | None = self.names.lookup("ether", element_name, name)
        return self.devices.ether(name) if value is None else value

    def ip(self, name: str, element_name: str = "") -> bytes | None:
        """The IPv4 address of `name`, its broadcast address (``:bcast``) or its gateway (``:gw``)."""
        full_name = name
        name, suffix = _split_suffix(name)
        if suffix == "bcast":
            net = self.prefix(name, element_name)
            return None if net is None else net.broadcast
        if suffix == "gw":
            return self._gateway(full_name, name, element_name)
        if suffix is not None and suffix not in _IP_SUFFIXES:
            return None
        value: bytes | None = self.names.lookup("ip", element_name, name)
        if value is None:
            net = self.devices.prefix(name)
            return None if net is None else net.address
        return value

    def _gateway(self, full_name: str, name: str, element_name: str) -> bytes | None:
        value: bytes | None = self.names.lookup("ip", element_name, full_name)
        if value is not None:
            return value
        net: Prefix | None = self.names.lookup("prefix", element_name, name)
        if net is None:
            value = self.devices.gateway(name)
            if value is not None:
                return value
            net = self.devices.prefix(name)
        # Without anything better the gateway is the network's first address.
        return None if net is None else net.network[:3] + bytes([net.network[3] | 1])

    def prefix(self, name: str, element_name: str = "") -> Prefix | None:
        """The IPv4 prefix of `name`."""
        name, suffix = _split_suffix(name)
        if suffix is not None and suffix not in _PREFIX_SUFFIXES:
            return None
        value: Prefix | None = self.names.lookup("prefix", element_name, name)
        return self.devices.prefix(name) if value is None else value

    def ip6(self, name: str, element_name: str = "") -> bytes | None:
        """The IPv6 address of `name`."""
        name, suffix = _split_suffix(name)
        value: bytes | None = None
        if suffix in (None, "ip6"):
            value = self.names.lookup("ip6", element_name, name)
        return value

    def ip6_prefix(self, name: str, element_name: str = "") -> Prefix6 | None:
        """The IPv6 prefix of `name`."""
        name, suffix = _split_suffix(name)
        value: Prefix6 | None = None
        if suffix in (None, "ip6net"):
            value = self.names.lookup("ip6 prefix", element_name, name)
        return value


def define_addresses(entry: str, environment: Environment) -> Iterator[str]:
    """Enter one argument of AddressInfo, ``NAME ADDRESS...``, into the environment's table; yields what is
    wrong.

    A prefix with host bits, such as 10.0.0.1/24, gives the name an address as well. The addresses may
    themselves be names; one that stands for several kinds does not replace a kind that the entry already has.
    """
    words = split_words(entry)
    if not words:
        return
    if len(words) < 2:
        yield "expected 'NAME [ADDRS]'"
    defined: set[str] = set()
    for word in words[1:]:
        found = dict(_kinds(word, environment))
        if not found:
            yield f"'{word}' is not a recognizable address"
        for kind, value in found.items():
            if len(found) == 1 or kind not in defined:
                environment.addresses.define(kind, environment.element_name, words[0], value)
        defined |= found.keys()


def _kinds(word: str, environment: Environment) -> Iterator[tuple[str, Any]]:
    ether = _try(EtherAddress(), word, environment)
    if ether is not None:
        yield "ether", ether
    ip = _try(IPAddress(), word, environment)
    if ip is not None:
        yield "ip", ip
    else:
        net = _try(IPPrefix(), word, environment)
        if net is not None:
            yield "prefix", net
            if net.address != net.network:
                yield "ip", net.address
    ip6 = _try(IP6Address(), word, environment)
    if ip6 is not None:
        yield "ip6", ip6
    else:
        net6 = _try(IP6Prefix(), word, environment)
        if net6 is not None:
            yield "ip6 prefix", net6
            if net6.address != net6.network:
                yield "ip6", net6.address


def _try(kind: Argument, text: str, environment: Environment) -> Any:
    try:
        return kind.parse(text, environment)
    except ArgumentError:
        return None
