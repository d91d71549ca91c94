from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    ArgumentError,
    Arguments,
    Element,
    EtherAddress,
    HandlerError,
    IPAddress,
    IPPrefix,
    Notice,
    Rest,
    Sharing,
    Text,
    Words,
    read_handler,
    write_handler,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment, Prefix

UNMASKED = b"\xff" * 4
ENTRY = struct.Struct("=4s4s6s2x")  # struct ARPResponder_entry


def covers(outer: Prefix, inner: Prefix) -> bool:
    """Whether every address of `inner` is one of `outer`, or they are the same."""
    narrower = all(i & o == o for i, o in zip(inner.mask, outer.mask, strict=True))
    return narrower and type(inner)(inner.address, outer.mask).network == outer.network


class ARPResponder(Element):
    """Answer ARP requests for given IPv4 addresses with given Ethernet addresses (RFC 826).

    Each argument is ``IP[/MASK]... ETH``: addresses, prefixes or AddressInfo names, and the Ethernet address that the
    replies announce. The longest matching prefix answers. Everything that gets no answer leaves by output 1 or is
    dropped.

    Handlers: ``table`` (read) the entries; ``lookup IP`` (read) the Ethernet address announced for an address; ``add
    IP[/MASK]... ETH`` and ``remove IP[/MASK]`` (write).
    """

    sharing = Sharing.UNLOCKED
    ports = "1/1-2"
    example = "10.0.0.1 02:00:00:00:00:01"
    processing = "a/ah"
    arguments = Arguments(Rest("ENTRIES", Text()))
    reject_output = 1
    drops: ClassVar = {"not_asked": "no ARP request for an address in the table"}

    environment: Environment
    entries: list[tuple[Prefix, bytes]]

    def configure(self, environment: Environment) -> Iterable[str | Notice]:
        self.environment = environment
        self.entries = []
        for number, text in enumerate(self.args.ENTRIES):
            try:
                for prefix in self._insert(self._parse(text)):
                    yield Notice(f"multiple entries for {prefix}", is_warning=True)
            except HandlerError as error:
                yield f"argument {number}: {error}"

    def _parse(self, text: str) -> list[tuple[Prefix, bytes]]:
        prefixes: list[Prefix] = []
        ether: bytes | None = None
        words = Words().parse(text)
        for word in words:
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
        for word in words if ether is None else ():
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

    def _insert(self, entries: Iterable[tuple[Prefix, bytes]]) -> Iterable[Prefix]:
        """Enter what is new in order, each in front of the prefixes that cover it. A later entry replaces an earlier
        one for the same prefix, which is yielded."""
        for prefix, ether in entries:
            same = next((i for i, (old, _) in enumerate(self.entries) if old == prefix), None)
            if same is not None:
                del self.entries[same]
                yield prefix
            place = next((i for i, (old, _) in enumerate(self.entries) if covers(old, prefix)), len(self.entries))
            self.entries.insert(place, (prefix, ether))

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
            if covers(prefix, type(prefix)(address, UNMASKED)):
                return EtherAddress().unparse(ether)
        return ""

    @write_handler("add")
    def add(self, text: str) -> None:
        for _ in self._insert(self._parse(text)):
            pass
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
