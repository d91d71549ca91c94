"""Click's flow codes: to which outputs a packet may travel that came in by an input.

A code is a letter, ``#`` (the port's own number) or a set in brackets, ``[^...]`` being all others; a packet may
travel between two ports whose codes have something in common. The last code of each side serves all further ports.
``"x/x"`` everything; ``"x/y"`` nothing; ``"#/#"`` straight through; ``"#/[^#]"`` everywhere but back; ``"xy/x"`` from
input 0 only. Source: Click's Element::flow_code().
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["COMPLETE", "flow_matrix"]

#: The flow code of almost all elements.
COMPLETE = "x/x"

_CODE = re.compile(r"[A-Za-z#]|\[(?P<not>\^?)(?P<set>[A-Za-z#]*)\]")
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class _PortCode:
    """What one port matches: letters, and its own number; `complement`: every number (but its own if `number`)."""

    letters: frozenset[str]
    number: bool
    complement: bool = False

    def meets(self, other: _PortCode, *, same: bool) -> bool:
        """Whether two ports, of the `same` number or not, have something in common."""
        if self.letters & other.letters:
            return True
        if self.complement and other.complement:
            return True
        if self.complement:
            return other.number and not (self.number and same)
        if other.complement:
            return self.number and not (other.number and same)
        return self.number and other.number and same


def _parse_side(text: str, whole: str) -> list[_PortCode]:
    codes = []
    position = 0
    while position < len(text):
        match = _CODE.match(text, position)
        if not match:
            raise ValueError(f"bad flow code '{whole}'")
        position = match.end()
        members = match[0] if match["set"] is None else match["set"]
        letters = frozenset(members) - {"#"}
        if match["not"]:
            codes.append(_PortCode(_LETTERS - letters, "#" in members, complement=True))
        else:
            codes.append(_PortCode(letters, "#" in members))
    if not codes:
        raise ValueError(f"bad flow code '{whole}'")
    return codes


@lru_cache(maxsize=1024)
def flow_matrix(text: str, n_inputs: int, n_outputs: int) -> tuple[tuple[int, ...], ...]:
    """For every input the outputs, ascending, that its packets may leave by; ValueError if `text` is no flow code."""
    every = tuple(range(n_outputs))
    if text == COMPLETE:
        return (every,) * n_inputs
    inputs_text, slash, outputs_text = text.partition("/")
    inputs = _parse_side(inputs_text, text)
    outputs = _parse_side(outputs_text, text) if slash else inputs

    def output_code(port: int) -> _PortCode:
        return outputs[min(port, len(outputs) - 1)]

    # Elements may have thousands of ports: those of one code share the work, and differ by one output at most.
    elsewhere = [tuple(o for o in every if code.meets(output_code(o), same=False)) for code in inputs[:n_inputs]]
    matrix = []
    for port in range(n_inputs):
        code = inputs[min(port, len(inputs) - 1)]
        reached = elsewhere[min(port, len(inputs) - 1)]
        if port < n_outputs:
            straight = code.meets(output_code(port), same=True)
            if straight != code.meets(output_code(port), same=False):
                at = bisect_left(reached, port)
                reached = (*reached[:at], port, *reached[at:]) if straight else (*reached[:at], *reached[at + 1 :])
        matrix.append(reached)
    return tuple(matrix)
