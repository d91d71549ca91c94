"""Perfect hashing of constant keys: a multiplication and a shift find the only slot where a key can be."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

WORD = 0xFFFFFFFF
TRIES = 3000
MAX_KEYS = 256


@dataclass(frozen=True, slots=True)
class PerfectHash:
    """Key k can only be in slot `(k * multiplier mod 2**32) >> shift`; `slots` has an index into the keys each.

    A slot without a key of its own holds a key of another slot: nothing that hashes here can be equal to it.
    """

    multiplier: int
    shift: int
    slots: tuple[int, ...]


def perfect_hash(keys: Sequence[int]) -> PerfectHash | None:
    """A perfect hash for distinct 32-bit keys, or None if there are too many. The same keys give the same hash."""
    if not 2 <= len(keys) <= MAX_KEYS:
        return None
    random_bits = random.Random(0x6E6D)
    bits = (2 * len(keys) - 1).bit_length()
    while 1 << bits <= 16 * len(keys):
        for _ in range(TRIES):
            multiplier = random_bits.getrandbits(32) | 1
            slots: dict[int, int] = {}
            for index, key in enumerate(keys):
                slot = (key * multiplier & WORD) >> (32 - bits)
                if slot in slots:
                    break
                slots[slot] = index
            else:
                return PerfectHash(multiplier, 32 - bits, _filled(slots, 1 << bits))
        bits += 1
    return None


def _filled(slots: dict[int, int], size: int) -> tuple[int, ...]:
    first = next(iter(slots.values()))
    other = next(index for index in slots.values() if index != first)
    home = next(slot for slot, index in slots.items() if index == first)
    return tuple(slots.get(slot, other if slot == home else first) for slot in range(size))
