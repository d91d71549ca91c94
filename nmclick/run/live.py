"""The compiled side of a running element: its C state, its calls, its drop counters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nmclick.element import HandlerError

if TYPE_CHECKING:
    from nmclick.compile import CompiledProgram
    from nmclick.run.native import Native

_COUNTER_SIZE = 8


class LiveElement:
    """nmclick.element.Live of one element. Every access happens between two batches."""

    def __init__(self, native: Native, program: CompiledProgram, index: int) -> None:
        self._native = native
        self._program = program
        self._index = index

    def _place(self, field: str) -> tuple[int, int]:
        slot = self._program.fields.get((self._index, field))
        if slot is None:
            raise HandlerError(f"no field '{field}'")
        program = self._native.program
        return program.field_offsets[slot], program.field_sizes[slot]

    def read(self, field: str) -> int:
        """An integer field, unsigned as it lies in memory."""
        return int.from_bytes(self.read_bytes(field), "little")

    def peek(self, field: str) -> int:
        """An integer field as it is at this moment; nobody is stopped for it."""
        offset, size = self._place(field)
        return int.from_bytes(self._native.read_state(offset, size), "little")

    def write(self, field: str, value: int) -> None:
        """Set an integer field; what does not fit is cut off, as in C."""
        offset, size = self._place(field)
        with self._native.held():
            self._native.write_state(offset, (value & (1 << 8 * size) - 1).to_bytes(size, "little"))

    def read_bytes(self, field: str) -> bytes:
        offset, size = self._place(field)
        with self._native.held():
            return self._native.read_state(offset, size)

    def write_bytes(self, field: str, value: bytes) -> None:
        """Set an array field, or its beginning."""
        offset, size = self._place(field)
        if len(value) > size:
            raise HandlerError(f"{len(value)} bytes are too long for '{field}', which has room for {size}")
        with self._native.held():
            self._native.write_state(offset, value)

    def call(self, what: str, data: bytes, room: int) -> tuple[int, bytes]:
        number = self._program.calls.get((self._index, what))
        if number is None:
            raise HandlerError(f"no call '{what}'")
        with self._native.held():
            return self._native.call(number, data, room)

    def drops(self) -> Mapping[str, int]:
        """Packets dropped so far, by reason. Reading it stops nobody."""
        reasons = self._program.drops.get(self._index, [])
        offset = self._native.program.drop_offsets[self._index]
        if not offset or not reasons:
            return {}
        counters = self._native.read_state(offset, _COUNTER_SIZE * len(reasons))
        return {
            reason: int.from_bytes(counters[at : at + _COUNTER_SIZE], "little")
            for at, reason in zip(range(0, len(counters), _COUNTER_SIZE), reasons, strict=True)
        }
