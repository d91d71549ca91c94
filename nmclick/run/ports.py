"""Which ports a configuration opens: the devices that its elements name, substituted as the command line says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nmclick.run.devices import HOST, Machine, host_port, port_kinds

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
    #: Whether the kind of port is not the user's own choice, and what to use instead, in this order, if `spec` cannot
    #: be opened.
    chosen: bool = False
    alternatives: Sequence[str] = ()
    #: Why better kinds of port were not used, as far as they were tried.
    refusals: Sequence[str] = ()
    #: The device whose host's end this is.
    host_of: str | None = None

    @property
    def shared(self) -> bool:
        """Whether elements that name the same port get the same one. A port without a name of its own ("tap:") is
        new for everybody."""
        return not self.spec.startswith(_OWN) and not self.spec.endswith(":")


def resolve_ports(
    devices: Sequence[tuple[int, DeviceUse]], substitutions: Iterable[Substitution], machine: Machine | None = None
) -> tuple[list[PortWish], list[PortError]]:
    """The ports to open, in the order of `devices`, and what is wrong with them."""
    machine = machine or Machine()
    chosen = {(each.name, each.direction): each for each in substitutions}
    used: set[Substitution] = set()
    wishes: list[PortWish] = []
    bare: list[tuple[int, DeviceUse]] = []
    for element, use in devices:
        name = _short(use.spec)
        found = _substitution(chosen, (use.spec, name), use)
        if found is not None:
            used.add(found)
        elif ":" not in use.spec:
            bare.append((len(wishes), use))
        spec = use.spec if found is None else found.spec
        shown = name if found is None else spec
        host_of = spec.removeprefix(HOST) if spec.startswith(HOST) else None
        spec = spec if host_of is None else f"tap:{host_of}"
        options = dict(use.options)
        wish = PortWish(element, shown, spec, use.read, use.write, options, use.link_type_from, host_of=host_of)
        wishes.append(wish)
    errors = [*_unused(chosen.values(), used, devices), *_two_ways(wishes, used)]
    return wishes, [*errors, *_choose(wishes, bare, machine), *_no_source(wishes)]


def _short(spec: str) -> str:
    """What users call a port."""
    return spec.removeprefix("pcap:").removeprefix(HOST)


def _choose(wishes: list[PortWish], bare: Sequence[tuple[int, DeviceUse]], machine: Machine) -> Iterable[PortError]:
    """Find out what kinds of port network devices are used through."""
    existing = set(machine.devices()) if bare else set()
    for number, use in bare:
        name, wish = use.spec, wishes[number]
        if name not in existing:
            yield _no_device(wish, machine)
            continue
        kinds = port_kinds(use, [other for _, other in bare if other.spec == name], machine)
        first, *others = [f"{kind}:{name}" for kind in kinds]
        wishes[number] = replace(wish, spec=first, chosen=True, alternatives=tuple(others))


def _no_device(wish: PortWish, machine: Machine) -> PortError:
    similar = machine.similar(wish.name)
    cure = f"--port {wish.name}=pcap:FILE runs it on a capture file"
    hint = f"did you mean '{similar}'? {cure}" if similar else cure
    return PortError(f"{wish.name}: there is no such network device", wish.element, hint)


def _no_source(wishes: Sequence[PortWish]) -> Iterable[PortError]:
    """Click's rule: the interface that a ToHost writes to is made by a FromHost."""
    made = {wish.host_of for wish in wishes if wish.read}
    by_netmap = [wish.spec for wish in wishes if wish.spec.startswith("netmap:")]
    for wish in wishes:
        if wish.host_of is None or wish.host_of in made:
            continue
        if host_port(wish.host_of, by_netmap) == wish.spec:
            name = wish.host_of
            message = f"ToHost({name}) requires an initialized FromHost with the same dev_name"
            yield PortError(message, wish.element, f"FromHost({name}, ADDR/MASK) makes an interface '{name}'")


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
    names = sorted({_short(use.spec) for _, use in devices})
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
