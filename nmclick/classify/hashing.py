"""Perfect hashing of constant keys: a multiplication and a shift find the only slot where a key can be.

Large sets need a second step (Fox, Heath, Chen, Daoud: "Practical minimal perfect hash functions for large
databases", 1992): keys fall into buckets, and each bucket has a displacement that moves its keys to free slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

WORD = 0xFFFFFFFF
TRIES = 2000
DIRECT = 100
MAX_KEYS = 8192
MAX_BUCKET_TRIES = 40


@dataclass(frozen=True, slots=True)
class PerfectHash:
    """Where key k can only be: slot `k * multiplier mod 2**32 >> shift`. With `displacements`, to that is added the
    displacement of bucket `k * bucket_multiplier mod 2**32 >> bucket_shift`, modulo the number of slots.

    `slots` has an index into the keys each. A slot without a key of its own holds a key of another slot: nothing
    that hashes here can be equal to it.
    """

    multiplier: int
    shift: int
    slots: tuple[int, ...]
    displacements: tuple[int, ...] = ()
    bucket_multiplier: int = 0
    bucket_shift: int = 0

    def slot(self, key: int) -> int:
        """The slot of a key."""
        slot = (key * self.multiplier & WORD) >> self.shift
        if self.displacements:
            slot += self.displacements[(key * self.bucket_multiplier & WORD) >> self.bucket_shift]
        return slot % len(self.slots)


def perfect_hash(keys: Sequence[int]) -> PerfectHash | None:
    """A perfect hash for distinct 32-bit keys, or None if there are too many. The same keys give the same hash."""
    if not 2 <= len(keys) <= MAX_KEYS:
        return None
    import random

    source = random.Random(0x6E6D)
    return (_direct(keys, source) if len(keys) <= DIRECT else None) or _displaced(keys, source)


def _direct(keys: Sequence[int], source: random.Random) -> PerfectHash | None:
    bits = (2 * len(keys) - 1).bit_length()
    while 1 << bits <= 16 * len(keys):
        for _ in range(TRIES):
            multiplier = source.getrandbits(32) | 1
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


def _displaced(keys: Sequence[int], source: random.Random) -> PerfectHash | None:
    bits = (2 * len(keys) - 1).bit_length()
    bucket_bits = max(bits - 3, 1)
    for _ in range(MAX_BUCKET_TRIES):
        multiplier, bucket_multiplier = source.getrandbits(32) | 1, source.getrandbits(32) | 1
        buckets: list[list[tuple[int, int]]] = [[] for _ in range(1 << bucket_bits)]
        for index, key in enumerate(keys):
            home = (key * multiplier & WORD) >> (32 - bits)
            buckets[(key * bucket_multiplier & WORD) >> (32 - bucket_bits)].append((home, index))
        placed = _place(buckets, 1 << bits)
        if placed is not None:
            slots, displacements = placed
            filled = _filled(slots, 1 << bits)
            return PerfectHash(multiplier, 32 - bits, filled, displacements, bucket_multiplier, 32 - bucket_bits)
    return None


def _place(buckets: list[list[tuple[int, int]]], size: int) -> tuple[dict[int, int], tuple[int, ...]] | None:
    """Displacements under which no two keys meet, the fullest buckets first; None if some bucket fits nowhere."""
    slots: dict[int, int] = {}
    displacements = [0] * len(buckets)
    for number in sorted(range(len(buckets)), key=lambda number: -len(buckets[number])):
        bucket = buckets[number]
        if len({home for home, _ in bucket}) < len(bucket):
            return None
        for displacement in range(size):
            if all((home + displacement) % size not in slots for home, _ in bucket):
                break
        else:
            return None
        displacements[number] = displacement
        slots.update({(home + displacement) % size: index for home, index in bucket})
    return slots, tuple(displacements)


def _filled(slots: dict[int, int], size: int) -> tuple[int, ...]:
    first = next(iter(slots.values()))
    other = next(index for index in slots.values() if index != first)
    home = next(slot for slot, index in slots.items() if index == first)
    return tuple(slots.get(slot, other if slot == home else first) for slot in range(size))
