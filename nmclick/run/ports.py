"""Which ports a configuration opens: the devices that its elements name, substituted as the command line says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nmclick.element import DeviceUse

__all__ = ["PortError", "PortWish", "Substitution", "resolve_ports"]

#: Kinds of port that are one file: reading and writing the same would destroy it.
_FILES = ("pcap:",)

#: Kinds of port that every element opens for itself; a device is opened once, whoever reads and writes it.
_OWN = (*_FILES, "replay:", "null:")


class PortError(Exception):
    """A port cannot be had as asked for; `element` is the index of the element that wants it, if one does."""

    def __init__(self, message: str, element: int | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.element = element
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Substitution:
    """``--port NAME=SPEC``: what is used in the place of a device, for one `direction` ("in", "out") or both ("")."""

    name: str
    direction: str
    spec: str

    @classmethod
    def parse(cls, text: str) -> Substitution:
        """Read "NAME=SPEC", "NAME:in=SPEC" or "NAME:out=SPEC". Raises ValueError."""
        name, equals, spec = text.partition("=")
        if not name or not equals or not spec:
            raise ValueError(f"'{text}' is not NAME=SPEC, such as eth0=pcap:in.pcap")
        for direction in ("in", "out"):
            if name.endswith(f":{direction}") and len(name) > len(direction) + 1:
                return cls(name[: -len(direction) - 1], direction, spec)
        return cls(name, "", spec)

    def __str__(self) -> str:
        return f"--port {self.name}{':' if self.direction else ''}{self.direction}={self.spec}"


@dataclass(frozen=True, slots=True)
class PortWish:
    """A port to open for an element. `name` is how the user calls it."""

    element: int
    name: str
    spec: str
    read: bool
    write: bool
    options: Mapping[str, int]
    #: Elements whose ports have the link type that this one is to have.
    link_type_from: Sequence[str] = ()

    @property
    def shared(self) -> bool:
        """Whether elements that name the same port get the same one."""
        return not self.spec.startswith(_OWN)


def resolve_ports(
    devices: Sequence[tuple[int, DeviceUse]], substitutions: Iterable[Substitution]
) -> tuple[list[PortWish], list[PortError]]:
    """The ports to open, in the order of `devices`, and what is wrong with them."""
    chosen = {(each.name, each.direction): each for each in substitutions}
    used: set[Substitution] = set()
    wishes: list[PortWish] = []
    for element, use in devices:
        name = use.spec.removeprefix("pcap:")
        found = _substitution(chosen, (use.spec, name), use)
        if found is not None:
            used.add(found)
        spec = use.spec if found is None else found.spec
        shown = name if found is None else spec
        options = dict(use.options)
        wishes.append(PortWish(element, shown, spec, use.read, use.write, options, use.link_type_from))
    return wishes, [*_unused(chosen.values(), used, devices), *_two_ways(wishes, used)]


def _substitution(
    chosen: Mapping[tuple[str, str], Substitution], names: Iterable[str], use: DeviceUse
) -> Substitution | None:
    directions = {(True, False): ("in", ""), (False, True): ("out", "")}.get((use.read, use.write), ("",))
    for name in names:
        for direction in directions:
            if (name, direction) in chosen:
                return chosen[name, direction]
    return None


def _unused(
    substitutions: Iterable[Substitution], used: set[Substitution], devices: Sequence[tuple[int, DeviceUse]]
) -> Iterable[PortError]:
    names = sorted({use.spec.removeprefix("pcap:") for _, use in devices})
    for substitution in substitutions:
        if substitution not in used:
            known = f"it uses {', '.join(names)}" if names else "it uses no device at all"
            yield PortError(f"{substitution}: the configuration does not use '{substitution.name}'", hint=known)


def _two_ways(wishes: Iterable[PortWish], used: set[Substitution]) -> Iterable[PortError]:
    """One capture file that replaces a device would be read and overwritten."""
    readers = {wish.spec for wish in wishes if wish.read}
    for wish in wishes:
        for substitution in used:
            if wish.write and wish.spec == substitution.spec and wish.spec in readers and wish.spec.startswith(_FILES):
                yield PortError(
                    f"{substitution}: '{substitution.name}' is read and written, a capture file is one or the other",
                    wish.element,
                    f"give both: --port {substitution.name}:in={wish.spec} --port {substitution.name}:out=pcap:OTHER",
                )
