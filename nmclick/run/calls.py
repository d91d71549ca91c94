"""Callbacks of the control plane, by the run's own clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

__all__ = ["Call", "Schedule"]


@dataclass(order=True, slots=True)
class Call:
    """A callback to come at `when` (ns)."""

    when: int
    order: int
    callback: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)


class Schedule:
    """Callbacks in the order of their times, and of their making where those are equal."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._order = count()

    def add(self, when: int, callback: Callable[[], None]) -> Call:
        call = Call(when, next(self._order), callback)
        heapq.heappush(self._calls, call)
        return call

    def next_time(self) -> int | None:
        """When the next callback is due."""
        while self._calls and self._calls[0].cancelled:
            heapq.heappop(self._calls)
        return self._calls[0].when if self._calls else None

    def due(self, now: int) -> Iterator[Callable[[], None]]:
        """Take out what is due; what is added while this is being iterated waits for the next time."""
        newest = next(self._order)
        while (when := self.next_time()) is not None and when <= now and self._calls[0].order < newest:
            yield heapq.heappop(self._calls).callback
