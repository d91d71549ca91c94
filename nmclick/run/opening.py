"""Opening the ports of a configuration: the first kind that works, one port for all that share it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from nmclick.lang.linktypes import link_type_name
from nmclick.run.devices import host_port
from nmclick.run.native import Native, NativeError
from nmclick.run.ports import PortError, PortWish

if TYPE_CHECKING:
    from nmclick.graph.router import RouterGraph

__all__ = ["advice", "announcements", "open_ports", "refused"]


def open_ports(
    graph: RouterGraph, native: Native, wishes: Sequence[PortWish], *, rings: int = 1
) -> tuple[list[PortWish], list[PortError]]:
    """The wishes as they were fulfilled, each with the port that it got, and why others were not. Ports that can have
    any number of rings get so many in each direction."""
    opener = _Opener(graph, native, wishes, rings)
    opener.choose_memory()
    for wish in wishes:
        opener.open(wish)
    return opener.opened, opener.errors


def refused(wish: PortWish, spec: str, failure: NativeError) -> PortError:
    """The user's own name in the place of the port's, and how to do without a device that is not there."""
    message = str(failure)
    if message.startswith(f"{spec}: ") and not wish.chosen:
        message = wish.name.removesuffix(":") + message[len(spec) :]
    hint = f"--port {wish.name}=pcap:FILE runs it on a capture file" if wish.chosen or ":" not in spec else None
    return PortError(message, wish.element, hint)


def announcements(graph: RouterGraph, native: Native, opened: Sequence[PortWish]) -> list[str]:
    """How each device is used whose kind of port the user did not choose."""
    lines: dict[str, str] = {}
    for number, wish in enumerate(opened):
        if wish.chosen and wish.spec not in lines:
            note = native.port_note(number)
            element = type(graph.elements[wish.element]).__name__
            line = f"{element}({wish.name}): uses {wish.spec}" + (f" ({note})" if note else "")
            lines[wish.spec] = "; ".join([line, *wish.refusals])
    return list(lines.values())


def advice(native: Native, opened: Sequence[PortWish]) -> Iterator[str]:
    """What is amiss with the ports although they work, and its cures."""
    for number in native.distinct_ports():
        for line in native.port_advice(number):
            yield f"{opened[number].name}: {line}"


class _Opener:
    def __init__(self, graph: RouterGraph, native: Native, wishes: Sequence[PortWish], rings: int) -> None:
        self.rings = rings
        self.graph = graph
        self.native = native
        self.wishes = wishes
        self.opened: list[PortWish] = []
        self.errors: list[PortError] = []
        self.numbers: dict[str, int] = {}
        self.link_types: dict[str, int] = {}
        #: What was opened in the place of what.
        self.instead: dict[str, str] = {}
        #: Why other kinds of port were not, by what was opened.
        self.refusals: dict[str, Sequence[str]] = {}

    def choose_memory(self) -> None:
        """Packets lie in the memory of the first port that has some, unless another port cannot work with it."""
        ranks = [self.native.port_memory(wish.spec) for wish in self.wishes]
        best = max(ranks, default=0)
        if best <= 0 or min(ranks) < 0:
            return
        wish = self.wishes[ranks.index(best)]
        read, write = self._directions(wish)
        self.native.adopt(wish.spec, read=read, write=write, options=self._options(wish))

    def open(self, wish: PortWish) -> None:
        if wish.host_of is not None:
            wish = replace(wish, spec=host_port(wish.host_of, self.numbers))
        spec = self.instead.get(wish.spec, wish.spec)
        try:
            options = {**self._options(wish), **self._link_type(wish)}
            if wish.shared and spec in self.numbers:
                number = self.native.share_port(self.numbers[spec])
            else:
                spec, number = self._first(wish, options)
        except PortError as error:
            self.errors.append(error)
            return
        self.numbers[spec] = number
        self.link_types[self.graph.elements[wish.element].name] = self.native.port_link_type(number)
        self.opened.append(replace(wish, spec=spec, refusals=self.refusals.get(spec, ())))

    def _first(self, wish: PortWish, options: Mapping[str, int]) -> tuple[str, int]:
        """The first kind of port that can be opened."""
        read, write = self._directions(wish)
        failures = []
        for spec in (wish.spec, *wish.alternatives):
            try:
                number = self.native.open_port(spec, read=read, write=write, options=options)
            except NativeError as failure:
                failures.append(refused(wish, spec, failure))
            else:
                self.instead[wish.spec] = spec
                self.refusals[spec] = [str(failure) for failure in failures]
                return spec, number
        raise failures[-1]

    def _options(self, wish: PortWish) -> dict[str, int]:
        rings = self._rings(wish)
        return {**({"rings": rings} if rings > 1 else {}), **wish.options}

    def _rings(self, wish: PortWish) -> int:
        """A ring for each thread, unless nobody would read some of them: what the kernel sent there would be lost."""
        readers = [self.graph.elements[other.element] for other in self._together(wish) if other.read]
        if any(reader.spread for reader in readers) or not readers:
            return self.rings
        return min(self.rings, max(reader.rings_read for reader in readers))

    def _together(self, wish: PortWish) -> Sequence[PortWish]:
        """All wishes for the same port."""
        return [other for other in self.wishes if self._same(wish, other)] if wish.shared else [wish]

    def _directions(self, wish: PortWish) -> tuple[bool, bool]:
        together = self._together(wish)
        return any(other.read for other in together), any(other.write for other in together)

    @staticmethod
    def _same(wish: PortWish, other: PortWish) -> bool:
        return other.spec == wish.spec or (wish.host_of is not None and other.host_of == wish.host_of)

    def _link_type(self, wish: PortWish) -> dict[str, int]:
        """The option for a port that takes its link type from others. Those that could not be opened have been
        reported."""
        known = {name: self.link_types[name] for name in wish.link_type_from if name in self.link_types}
        if len(set(known.values())) > 1:
            lines = [f"  {name} has {link_type_name(link_type)}" for name, link_type in known.items()]
            raise PortError("\n".join(["source encapsulation types disagree:", *lines]), wish.element)
        return {"link_type": next(iter(known.values()))} if known else {}
