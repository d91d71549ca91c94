"""The compiled side of a running element: its C state, its calls, its drop counters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nmclick.element import HandlerError

if TYPE_CHECKING:
    from nmclick.compile import CompiledProgram
    from nmclick.element import Element
    from nmclick.run.native import Native

_COUNTER_SIZE = 8


class LiveElement:
    """nmclick.element.Live of one element. Every access happens between two batches."""

    def __init__(self, native: Native, program: CompiledProgram, element: Element) -> None:
        self._native = native
        self._program = program
        self._index = element.index
        self._settings = {handler.field for handler in element.handlers.values() if handler.write}
        self._workers = range(program.workers if element.index in program.per_worker else 1)

    def _place(self, field: str) -> tuple[int, int]:
        slot = self._program.fields.get((self._index, field))
        if slot is None:
            raise HandlerError(f"no field '{field}'")
        program = self._native.program
        return program.field_offsets[slot], program.field_sizes[slot]

    def read(self, field: str) -> int:
        """An integer field, unsigned as it lies in memory. Where every worker has its own, their sum; of a field that
        a handler sets, what it was set to."""
        with self._native.held():
            return self.peek(field)

    def peek(self, field: str) -> int:
        """As read, at this moment; nobody is stopped for it."""
        offset, size = self._place(field)
        workers = self._workers[:1] if field in self._settings else self._workers
        parts = (self._native.read_state(worker, offset, size) for worker in workers)
        return sum(int.from_bytes(part, "little") for part in parts) & (1 << 8 * size) - 1

    def write(self, field: str, value: int) -> None:
        """Set an integer field; what does not fit is cut off, as in C."""
        size = self._place(field)[1]
        self.write_bytes(field, (value & (1 << 8 * size) - 1).to_bytes(size, "little"))

    def read_bytes(self, field: str) -> bytes:
        offset, size = self._place(field)
        with self._native.held():
            return self._native.read_state(0, offset, size)

    def write_bytes(self, field: str, value: bytes) -> None:
        """Set an array field, or its beginning."""
        offset, size = self._place(field)
        if len(value) > size:
            raise HandlerError(f"{len(value)} bytes are too long for '{field}', which has room for {size}")
        with self._native.held():
            for worker in self._workers:
                self._native.write_state(worker, offset, value)

    def call(self, what: str, data: bytes, room: int) -> list[tuple[int, bytes]]:
        """Made for each worker's state, where every worker has its own."""
        number = self._program.calls.get((self._index, what))
        if number is None:
            raise HandlerError(f"no call '{what}'")
        with self._native.held():
            return [self._native.call(worker, number, data, room) for worker in self._workers]

    def drops(self) -> Mapping[str, int]:
        """Packets dropped so far, by reason. Reading it stops nobody."""
        reasons = self._program.drops.get(self._index, [])
        offset = self._native.program.drop_offsets[self._index]
        if not offset or not reasons:
            return {}
        size = _COUNTER_SIZE * len(reasons)
        every = [self._native.read_state(worker, offset, size) for worker in range(self._program.workers)]
        return {
            reason: sum(int.from_bytes(counters[at : at + _COUNTER_SIZE], "little") for counters in every)
            for at, reason in zip(range(0, size, _COUNTER_SIZE), reasons, strict=True)
        }
