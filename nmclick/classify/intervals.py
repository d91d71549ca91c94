"""Sets of unsigned integers as sorted toggle points: (a, b, c, d) is [a, b) together with [c, d)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

Intervals = tuple[int, ...]


def between(low: int, high: int) -> Intervals:
    """All integers from `low` to `high`, both included."""
    return (low, high + 1)


def contains(values: Intervals, x: int) -> bool:
    return bool(bisect_right(values, x) & 1)


def complement(values: Intervals, size: int) -> Intervals:
    """All of [0, size) that is not in `values`."""
    head = values[1:] if values[:1] == (0,) else (0, *values)
    return head[:-1] if head[-1:] == (size,) else (*head, size)


def _combine(a: Intervals, b: Intervals, keep: Callable[[int, int], int]) -> Intervals:
    result: list[int] = []
    i = j = inside = 0
    while i < len(a) or j < len(b):
        at = min(a[i] if i < len(a) else b[j], b[j] if j < len(b) else a[i])
        i += i < len(a) and a[i] == at
        j += j < len(b) and b[j] == at
        now = keep(i & 1, j & 1)
        if now != inside:
            result.append(at)
            inside = now
    return tuple(result)


def intersection(a: Intervals, b: Intervals) -> Intervals:
    return _combine(a, b, int.__and__)


def union(a: Intervals, b: Intervals) -> Intervals:
    return _combine(a, b, int.__or__)


def is_subset(a: Intervals, b: Intervals) -> bool:
    return intersection(a, b) == a
