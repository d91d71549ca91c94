from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    ANNO_VLAN_TCI,
    ArgumentError,
    Arguments,
    Element,
    EtherAddress,
    HandlerError,
    IPAddress,
    IPPrefix,
    Rest,
    Text,
    read_handler,
    write_handler,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment, Prefix

ENTRY = struct.Struct("=4s4s6s2x")  # struct ARPResponder_entry


class ARPResponder(Element):
    """Answer ARP requests for given IPv4 addresses with given Ethernet addresses (RFC 826).

    Each argument is ``IP[/MASK]... ETH``: addresses, prefixes or AddressInfo names, and the Ethernet address that the
    replies announce. The longest matching prefix answers. Everything that gets no answer leaves by output 1 or is
    dropped.

    Handlers: ``table`` (read) the entries; ``lookup IP`` (read) the Ethernet address announced for an address; ``add
    IP[/MASK]... ETH`` and ``remove IP[/MASK]`` (write).
    """

    ports = "1/1-2"
    example = "10.0.0.1 02:00:00:00:00:01"
    processing = "a/ah"
    arguments = Arguments(Rest("ENTRIES", Text()))
    reject_output = 1
    drops: ClassVar = {"not_asked": "no ARP request for an address in the table"}
    reads = frozenset({ANNO_VLAN_TCI})

    environment: Environment
    entries: list[tuple[Prefix, bytes]]

    def configure(self, environment: Environment) -> Iterable[str]:
        self.environment = environment
        self.entries = []
        for number, text in enumerate(self.args.ENTRIES):
            try:
                self._insert(self._parse(text))
            except HandlerError as error:
                yield f"argument {number}: {error}"

    def _parse(self, text: str) -> list[tuple[Prefix, bytes]]:
        prefixes: list[Prefix] = []
        ether: bytes | None = None
        for word in text.split():
            try:
                prefixes.append(IPPrefix(bare=True).parse(word, self.environment))
                continue
            except ArgumentError:
                pass
            try:
                found = EtherAddress().parse(word, self.environment)
            except ArgumentError:
                raise HandlerError("expected IP/MASK ETH") from None
            if ether is not None:
                raise HandlerError("more than one ETH")
            ether = found
        for word in text.split() if ether is None else ():
            try:  # a name that has both an IP and an Ethernet address
                ether = EtherAddress().parse(word, self.environment)
                break
            except ArgumentError:
                continue
        if not prefixes:
            raise HandlerError("missing IP/MASK")
        if ether is None:
            raise HandlerError("missing ETH")
        return [(type(p)(p.network, p.mask), ether) for p in prefixes]

    def _insert(self, entries: list[tuple[Prefix, bytes]]) -> None:
        """Later entries replace earlier ones of the same prefix; longer prefixes come first."""
        prefixes = {prefix for prefix, _ in entries}
        kept = [entry for entry in self.entries if entry[0] not in prefixes]
        fresh = list(dict(entries).items())
        self.entries = sorted(kept + fresh, key=lambda entry: -int.from_bytes(entry[0].mask, "big"))

    def started(self) -> None:
        self._send()

    def _send(self) -> None:
        packed = b"".join(ENTRY.pack(prefix.address, prefix.mask, ether) for prefix, ether in self.entries)
        if self.call("table", packed)[0] < 0:
            raise HandlerError("out of memory")

    @read_handler("table")
    def table(self) -> str:
        return "".join(f"{prefix} {EtherAddress().unparse(ether)}\n" for prefix, ether in self.entries)

    @read_handler("lookup", parameters=True)
    def lookup(self, text: str) -> str:
        try:
            address = IPAddress().parse(text.strip(), self.environment)
        except ArgumentError:
            raise HandlerError("expected IP address") from None
        for prefix, ether in self.entries:
            if bytes(a & m for a, m in zip(address, prefix.mask, strict=True)) == prefix.address:
                return EtherAddress().unparse(ether)
        return ""

    @write_handler("add")
    def add(self, text: str) -> None:
        self._insert(self._parse(text))
        self._send()

    @write_handler("remove")
    def remove(self, text: str) -> None:
        try:
            prefix = IPPrefix(bare=True).parse(text.strip(), self.environment)
        except ArgumentError:
            raise HandlerError("expected IP/MASK") from None
        wanted = type(prefix)(prefix.network, prefix.mask)
        kept = [entry for entry in self.entries if entry[0] != wanted]
        if len(kept) == len(self.entries):
            raise HandlerError(f"{wanted} not found")
        self.entries = kept
        self._send()
