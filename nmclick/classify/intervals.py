"""Sets of unsigned integers as sorted toggle points: (a, b, c, d) is [a, b) together with [c, d)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import reduce

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


def intersection(a: Intervals, b: Intervals) -> Intervals:
    result: list[int] = []
    i = j = 0
    while i < len(a) and j < len(b):
        start, end = max(a[i], b[j]), min(a[i + 1], b[j + 1])
        if start < end:
            result += (start, end)
        if a[i + 1] < b[j + 1]:
            i += 2
        else:
            j += 2
    return tuple(result)


def intersection_all(sets: Iterable[Intervals]) -> Intervals:
    """The intersection of one set or more."""
    return reduce(intersection, sets)


def union(a: Intervals, b: Intervals) -> Intervals:
    return union_all((a, b))


def union_all(sets: Iterable[Intervals]) -> Intervals:
    """The union of many sets at once."""
    pairs = sorted(pair for values in sets for pair in zip(values[::2], values[1::2], strict=True))
    result: list[int] = []
    for start, end in pairs:
        if result and start <= result[-1]:
            result[-1] = max(result[-1], end)
        else:
            result += (start, end)
    return tuple(result)


def is_subset(a: Intervals, b: Intervals) -> bool:
    """Whether all of the nonempty set `a` is in `b`."""
    if len(a) == 2:
        at = bisect_right(b, a[0])
        return bool(at & 1) and a[1] <= b[at]
    return intersection(a, b) == a


def is_disjoint(a: Intervals, b: Intervals) -> bool:
    """Whether the nonempty set `a` has nothing in common with `b`."""
    if len(a) == 2:
        at = bisect_right(b, a[0])
        return not at & 1 and (at == len(b) or a[1] <= b[at])
    return not intersection(a, b)
