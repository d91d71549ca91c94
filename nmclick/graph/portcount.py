"""Click's port count notation: how many inputs and outputs an element may have.

``"1/1"`` exactly one of each; ``"1-2/0"`` one or two inputs; ``"-/-"`` any number; ``"2-/-6"`` at least two inputs, at
most six outputs; ``"3"`` three inputs and three outputs; ``"1-/="`` as many outputs as inputs; ``"1-/=+"`` one more
(each further ``+`` adds one). Source: Click's Element::port_count().
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["PortCount", "PortRange", "parse_port_count"]

_RANGE = re.compile(r"(?P<low>\d*)(?P<dash>-?)(?P<high>\d*)")
_EQUAL = re.compile(r"=\+*")


@dataclass(frozen=True, slots=True)
class PortRange:
    """How many ports; `high` is None without a limit."""

    low: int
    high: int | None

    def clamp(self, count: int) -> int:
        if count < self.low:
            return self.low
        return count if self.high is None else min(count, self.high)

    def __str__(self) -> str:
        if self.high == self.low:
            return str(self.low)
        if self.high is None:
            return "any number of" if self.low == 0 else f"at least {self.low}"
        return f"at most {self.high}" if self.low == 0 else f"{self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class PortCount:
    """A parsed port count. `outputs` is None where outputs follow inputs: then there are `extra` more of them."""

    inputs: PortRange
    outputs: PortRange | None
    extra: int = 0

    def resolve(self, connected_inputs: int, connected_outputs: int) -> tuple[int, int]:
        """(inputs, outputs) of an element whose highest connected ports are one below the arguments."""
        inputs = self.inputs.clamp(connected_inputs)
        if self.outputs is None:
            return inputs, inputs + self.extra
        return inputs, self.outputs.clamp(connected_outputs)


def _parse_range(text: str) -> PortRange:
    match = _RANGE.fullmatch(text)
    if not match or (match["high"] and not match["dash"]):
        raise ValueError(f"bad port count '{text}'")
    low = int(match["low"] or 0)
    if not match["dash"]:
        return PortRange(low, low)
    return PortRange(low, int(match["high"]) if match["high"] else None)


@lru_cache(maxsize=256)
def parse_port_count(text: str) -> PortCount:
    """Parse a port count such as ``"1/1-2"``; ValueError if it is none."""
    inputs_text, slash, outputs_text = text.partition("/")
    inputs = _parse_range(inputs_text)
    if not slash:
        return PortCount(inputs, inputs)
    if _EQUAL.fullmatch(outputs_text):
        return PortCount(inputs, None, len(outputs_text) - 1)
    return PortCount(inputs, _parse_range(outputs_text))
