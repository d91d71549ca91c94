"""Click's processing notation: which ports push, pull, or take after what they are connected to.

``"h"`` push, ``"l"`` pull, ``"a"`` agnostic; inputs before the slash, outputs after it, one letter a port, the last
letter for all further ports; without a slash both sides are the same. Source: Click's Element::processing().
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

__all__ = ["Mode", "parse_processing"]

_PROCESSING = re.compile(r"(?P<inputs>[hlaHLA]*)(?:/(?P<outputs>[hlaHLA]*))?")


class Mode(IntEnum):
    """How packets move over a port: the upstream element pushes them, or the downstream element pulls them."""

    AGNOSTIC = 0
    PUSH = 1
    PULL = 2

    def __str__(self) -> str:
        return self.name.lower()


_LETTERS = {"a": Mode.AGNOSTIC, "h": Mode.PUSH, "l": Mode.PULL}


def _spread(letters: str, n_ports: int) -> tuple[Mode, ...]:
    modes = [_LETTERS[letter] for letter in letters[:n_ports].lower()]
    last = modes[-1] if modes else Mode.AGNOSTIC
    return tuple(modes + [last] * (n_ports - len(modes)))


@lru_cache(maxsize=1024)
def parse_processing(text: str, n_inputs: int, n_outputs: int) -> tuple[tuple[Mode, ...], tuple[Mode, ...]]:
    """Modes of every input and every output; ValueError if `text` is no processing code."""
    match = _PROCESSING.fullmatch(text)
    if not match:
        raise ValueError(f"bad processing code '{text}'")
    inputs = match["inputs"]
    outputs = inputs if match["outputs"] is None else match["outputs"]
    return _spread(inputs, n_inputs), _spread(outputs, n_outputs)
