"""Tunnels: the ends through which connections enter and leave compounds and groups.

A compound or group `x` is three elements, `x`, `x/input` and `x/output`. What goes into port n of `x` comes out of
port n of `x/input`, and what goes into `x/output` comes out of `x`. At the end, connections are led through and the
tunnels are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from nmclick.lang.compounds import MAX_CONNECTIONS, Compound, LimitError, Special, Wire
from nmclick.lang.diagnostics import MAX_ERRORS, Diagnostics
from nmclick.lang.source import Span

Which: TypeAlias = Literal["input", "output"]

_NEW, _EXPANDING, _EXPANDED = range(3)


def check_pseudoelement(circuit: Compound, element: int, which: Which, name: str) -> tuple[int, list[str]]:
    """How many ports the `input` or `output` inside `name` has, and what is wrong with its use."""
    instance = circuit.elements[element]
    inward = which == "input"
    ports, wrong = (instance.outputs, instance.inputs) if inward else (instance.inputs, instance.outputs)
    problems = []
    if wrong:
        other = "output" if inward else "input"
        problems.append(f"'{name}' pseudoelement '{which}' may only be used as {other}")
    used = circuit.tunnel_ports.get((element, inward), set())
    missing = [port for port in range(ports) if port not in used]
    return ports, problems + [f"'{name}' {which} {port} missing" for port in missing[:MAX_ERRORS]]


@dataclass(eq=False, slots=True)
class _End:
    """A port of a tunnel element; `is_output` if packets come out of it."""

    element: int
    port: int
    is_output: bool
    other: _End | None = None
    pending: list[tuple[int, int]] = field(default_factory=list)
    ports: list[tuple[int, int]] = field(default_factory=list)
    next: int = 0
    state: int = _NEW


class Tunnels:
    """The tunnels of the top circuit."""

    def __init__(self, top: Compound, diagnostics: Diagnostics) -> None:
        self._top = top
        self._diagnostics = diagnostics
        self._ends: dict[tuple[int, bool, int], _End] = {}
        self._budget = MAX_CONNECTIONS

    def add(self, circuit: Compound, name: str, place: Span) -> tuple[int, int, int]:
        """Make the elements `name`, `name/input` and `name/output`; their indexes. Errors are reported at `place`."""
        names = (name, f"{name}/input", f"{name}/output")
        indexes = [circuit.add(each, Special.TUNNEL, place) for each in names]
        clear = True
        for each, index in zip(names, indexes, strict=True):
            if circuit.elements[index].type is not Special.TUNNEL:
                self._diagnostics.error(place, f"redeclaration of element '{each}'")
                self._diagnostics.note(circuit.elements[index].span, f"'{each}' previously declared here")
                clear = False
        whole, inside_input, inside_output = indexes
        if clear and circuit is self._top:
            self._pair(self._end(whole, False, 0), self._end(inside_input, True, 0))
            self._pair(self._end(inside_output, False, 0), self._end(whole, True, 0))
        return whole, inside_input, inside_output

    def connections(self) -> Iterator[Wire]:
        """The connections of the top circuit between elements that are no tunnels."""
        top = self._top
        is_tunnel = [instance.type is Special.TUNNEL for instance in top.elements]
        for wire in top.wires:
            if is_tunnel[wire.to_element]:
                end = self._find(wire.to_element, False, wire.to_port)
                if end and end.other:
                    end.other.pending.append((wire.from_element, wire.from_port))
            if is_tunnel[wire.from_element]:
                end = self._find(wire.from_element, True, wire.from_port)
                if end and end.other:
                    end.other.pending.append((wire.to_element, wire.to_port))
        for wire in top.wires:
            if not is_tunnel[wire.to_element] and not is_tunnel[wire.from_element]:
                yield wire
                continue
            sources = self._led(wire.from_element, wire.from_port, True)
            targets = self._led(wire.to_element, wire.to_port, False)
            for from_element, from_port in sources:
                for to_element, to_port in targets:
                    self._spend(1)
                    yield Wire(from_element, from_port, to_element, to_port, wire.span)

    def _end(self, element: int, is_output: bool, port: int) -> _End:
        return self._ends.setdefault((element, is_output, port), _End(element, port, is_output))

    def _pair(self, one: _End, other: _End) -> None:
        one.other, other.other = other, one

    def _find(self, element: int, is_output: bool, port: int) -> _End | None:
        """The end for a port, made on first use if the element is a tunnel in this direction."""
        end = self._ends.get((element, is_output, port))
        if end is not None:
            return end
        model = self._ends.get((element, is_output, 0))
        if model is None or model.other is None:
            return None
        end = self._end(element, is_output, port)
        self._pair(end, self._end(model.other.element, not is_output, port))
        return end

    def _led(self, element: int, port: int, is_output: bool) -> list[tuple[int, int]]:
        """The ports that a port stands for: itself, or those at the far ends of its tunnels."""
        if self._top.elements[element].type is not Special.TUNNEL:
            return [(element, port)]
        end = self._find_used(element, is_output, port)
        if end is None:
            return []
        self._expand(end)
        return end.ports

    def _find_used(self, element: int, is_output: bool, port: int) -> _End | None:
        end = self._find(element, is_output, port)
        if end is None and self._find(element, not is_output, port):
            instance = self._top.elements[element]
            which = "output" if is_output else "input"
            self._diagnostics.error(instance.span, f"'{instance.name}' used as {which}")
        return end

    def _expand(self, end: _End) -> None:
        """Find the ports of an end, and first those of the ends it leads to. Long rows of tunnels need no recursion."""
        stack = [end] if end.state == _NEW else []
        while stack:
            current = stack[-1]
            if current.state == _NEW:
                current.state = _EXPANDING
                if not current.pending:
                    self._report_unused(current)
            deeper = self._advance(current)
            if deeper is not None:
                stack.append(deeper)
            else:
                current.state = _EXPANDED
                stack.pop()

    def _advance(self, current: _End) -> _End | None:
        """Collect the ports of an end until another has to be expanded first, which is returned."""
        elements = self._top.elements
        while current.next < len(current.pending):
            element, port = current.pending[current.next]
            if elements[element].type is not Special.TUNNEL:
                current.ports.append((element, port))
            else:
                further = self._find_used(element, current.is_output, port)
                if further is not None and further.state == _NEW:
                    return further
                if further is not None and further.state == _EXPANDED:
                    self._spend(len(further.ports))
                    current.ports += further.ports
            current.next += 1
        return None

    def _spend(self, connections: int) -> None:
        self._budget -= connections
        if self._budget < 0:
            raise LimitError(f"configuration too large: more than {MAX_CONNECTIONS} connections")

    def _report_unused(self, end: _End) -> None:
        assert end.other is not None
        source, target = (end, end.other) if end.is_output else (end.other, end)
        target_instance, source_instance = (
            self._top.elements[target.element],
            self._top.elements[source.element],
        )
        into, out_of = target_instance.name, source_instance.name
        if out_of == f"{into}/input":
            problem = "input {} unused" if end.is_output else "has no input {}"
            place, name = target_instance.span, into
        elif into == f"{out_of}/output":
            problem = "has no output {}" if end.is_output else "output {} unused"
            place, name = source_instance.span, out_of
        else:
            which = "output" if end.is_output else "input"
            place, name = self._top.elements[end.other.element].span, f"{into} -> {out_of}"
            self._diagnostics.error(place, f"tunnel '{name}' {which} {end.port} unused")
            return
        self._diagnostics.error(place, f"'{name}' {problem.format(end.port)}")
