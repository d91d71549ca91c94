"""Ports of element lists, and which of them a connector joins.

A port list is a list of numbers; -1 at its end says that it goes on counting as long as the other side has ports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from nmclick.lang import ast

MAX_PORT = 65535
EXPANDABLE = -1

_INTEGER = re.compile(r"0[xX][0-9A-Fa-f]+|0[0-7]*|[1-9][0-9]*")


@dataclass(slots=True)
class Member:
    """An element in an element list, with the ports written before and after it."""

    element: int
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)


def port_numbers(ports: ast.Ports, report: Callable[[ast.Name, str], None]) -> list[int]:
    """The numbers of a port list. `report` gets what is wrong with them."""
    numbers: list[int] = []
    last = EXPANDABLE
    dash = False
    separated = True
    for token in ports.tokens:
        if token.text == ",":
            dash, separated = False, True
        elif token.text == "-":
            if dash:
                report(token, "syntax error: expected ','")
            dash, separated = True, True
        elif separated and token.text:
            separated = False
            port = _port_number(token, report)
            if dash:
                numbers.extend(range(last + 1, port + 1))
                last = max(last, port) + 1
            else:
                numbers.append(port)
                last = port
    if ports.closed and separated:
        numbers = [*(numbers or [0]), EXPANDABLE]
    return numbers


def _port_number(token: ast.Name, report: Callable[[ast.Name, str], None]) -> int:
    if not _INTEGER.fullmatch(token.text):
        report(token, "syntax error: port number should be integer")
        return 0
    digits = token.text.lower()
    base = 16 if digits.startswith("0x") else 8 if digits.startswith("0") else 10
    port = int(digits, base) if len(digits) < 20 else MAX_PORT + 1
    if port > MAX_PORT:
        report(token, f"syntax error: port number too large (at most {MAX_PORT})")
        return 0
    return port


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a connection: its members' port lists, and how many ports they have at least."""

    lists: tuple[tuple[int, Sequence[int]], ...]
    least: int
    expandable: int


def _side(members: Sequence[Member], *, outputs: bool) -> _Side:
    lists = tuple((member.element, member.outputs if outputs else member.inputs) for member in members)
    least = expandable = 0
    for _, ports in lists:
        if len(ports) <= 1:
            least += 1
        elif ports[-1] == EXPANDABLE:
            least += len(ports) - 1
            expandable += 1
        else:
            least += len(ports)
    return _Side(lists, least, expandable)


def join(
    sources: Sequence[Member], targets: Sequence[Member], *, fat: bool, report: Callable[[str], None]
) -> Iterator[tuple[int, int, int, int]]:
    """The connections (element, output, element, input) that `sources -> targets` means, `=>` if `fat`.

    One port on a side is joined to all of the other; more than one need `=>` and are joined in pairs.
    """
    outputs = _side(sources, outputs=True)
    inputs = _side(targets, outputs=False)
    expand_out, expand_in = bool(outputs.expandable), bool(inputs.expandable)
    if outputs.expandable + inputs.expandable > 1:
        report("at most one expandable port allowed per connection")
        if inputs.least < outputs.least:
            expand_out = False
        else:
            expand_in = False
    if fat:
        # A lone element without ports takes as many as the other side has.
        if outputs.least == 1 and inputs.least > 1 and not outputs.lists[0][1]:
            expand_out = True
        if inputs.least == 1 and outputs.least > 1 and not inputs.lists[0][1]:
            expand_in = True
    step_out = outputs.least > 1 or expand_out
    step_in = inputs.least > 1 or expand_in
    if step_out and step_in:
        _check_many_to_many(outputs.least, inputs.least, expand_out, expand_in, fat=fat, report=report)
    elif not step_out:
        step_in = True
    more_out = inputs.least - outputs.least if expand_out else 0
    more_in = outputs.least - inputs.least if expand_in else 0
    out_ports = _ports(outputs, more_out) if step_out else _forever(outputs)
    in_ports = _ports(inputs, more_in) if step_in else _forever(inputs)
    for (source, output), (target, input_) in zip(out_ports, in_ports, strict=False):
        yield source, output, target, input_


def _check_many_to_many(
    outputs: int,
    inputs: int,
    expand_out: bool,
    expand_in: bool,
    *,
    fat: bool,
    report: Callable[[str], None],
) -> None:
    if not fat:
        report("syntax error: many-to-many connections require '=>'")
    if not expand_in and not expand_out and inputs != outputs:
        report(f"connection mismatch: {outputs} outputs connected to {inputs} inputs")
    elif not expand_in and inputs < outputs:
        report(f"connection mismatch: {outputs} or more outputs connected to {inputs} inputs")
    elif not expand_out and outputs < inputs:
        report(f"connection mismatch: {outputs} outputs connected to {inputs} or more inputs")


def _forever(side: _Side) -> Iterator[tuple[int, int]]:
    element, ports = side.lists[0]
    while True:
        yield element, ports[0] if ports else 0


def _ports(side: _Side, more: int) -> Iterator[tuple[int, int]]:
    """Each port of one side in order, `more` of them beyond those that are written."""
    for element, ports in side.lists:
        written = [port for port in ports if port != EXPANDABLE] or [0]
        for port in written:
            yield element, port
        grows = ports[-1] == EXPANDABLE if ports else side.least == 1
        if grows:
            last = written[-1]
            for port in range(last + 1, last + 1 + max(more, 0)):
                yield element, port
            more = 0
