from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING

from nmclick.element import (
    ArgumentError,
    Arguments,
    CValue,
    Element,
    Field,
    FixedPoint,
    HandlerCall,
    HandlerError,
    Keyword,
    Sharing,
    Signed,
    Text,
    read_handler,
    write_handler,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Call, Environment

NEVER = -1  # all bits set: a count that is not reached
EPOCHS_PER_SECOND = 1000
PACKET_SCALE, BYTE_SCALE = 10, 4  # bits of fraction of the averages, as in counter.c
COUNT_CALL, BYTE_COUNT_CALL = 0, 1


class Counter(Element):
    """Count packets and bytes, and measure their rate.

    Arguments:
      COUNT_CALL       ``N HANDLER [VALUE]``: when the N-th packet comes, write VALUE to HANDLER, before the
                       packet goes on
      BYTE_COUNT_CALL  the same for the number of bytes, when it reaches or passes N

    Handlers, read: ``count`` packets and ``byte_count`` bytes since the last reset; ``rate`` packets,
    ``byte_rate`` bytes and ``bit_rate`` bits per second. The rates are exponentially weighted moving averages
    over epochs of one millisecond, a new epoch having a weight of 1/16.

    Handlers, write: ``reset`` and ``reset_counts`` set the counts to zero and arm both calls again;
    ``count_call`` (also read: its N) and ``byte_count_call`` set the arguments, where HANDLER can be left
    out.
    """

    ports = "1/1"
    processing = "a/a"
    arguments = Arguments(Keyword("COUNT_CALL", Text()), Keyword("BYTE_COUNT_CALL", Text()))
    handlers = {"count": Field("count"), "byte_count": Field("byte_count")}
    fields = ("count_trigger", "byte_trigger", "count_triggered", "byte_triggered", "check_at")

    def configure(self, environment: Environment) -> Iterable[str]:
        self._environment = environment
        self._triggers = [NEVER, NEVER]
        self._calls: list[Call | None] = [None, None]
        if not (self.args.COUNT_CALL or self.args.BYTE_COUNT_CALL):
            self.sharing = Sharing.PER_WORKER  # a call waits for the count of all workers
        for kind, name in enumerate(("COUNT_CALL", "BYTE_COUNT_CALL")):
            text = getattr(self.args, name)
            if not text:
                continue
            number, _, call = text.partition(" ")
            try:
                self._triggers[kind] = _number(number)
            except ArgumentError:
                yield f"{name} type mismatch"
                continue
            try:
                self._calls[kind] = HandlerCall().parse(call.strip(), environment)
            except ArgumentError as error:
                yield f"{name}: {error.message}"

    def c_arguments(self) -> dict[str, CValue]:
        return {"count_trigger": self._triggers[COUNT_CALL], "byte_trigger": self._triggers[BYTE_COUNT_CALL]}

    def upcall(self, kind: int, argument: int) -> int:
        call = self._calls[kind]
        if call is not None:
            try:
                self.router.write(call.name, call.value)
            except HandlerError as error:
                self.router.error(self, str(error))
        return 0

    def _averages(self) -> tuple[int, int]:
        """Packets and bytes per epoch, scaled."""
        found = self.call_each("averages", struct.pack("=Q", self.router.now()), 16)
        packets, bytes_ = zip(*(struct.unpack("=qq", averages) for _, averages in found), strict=True)
        return sum(packets), sum(bytes_)

    @read_handler("rate")
    def rate(self) -> str:
        return FixedPoint(PACKET_SCALE).unparse(self._averages()[0] * EPOCHS_PER_SECOND)

    @read_handler("byte_rate")
    def byte_rate(self) -> str:
        return FixedPoint(BYTE_SCALE).unparse(self._averages()[1] * EPOCHS_PER_SECOND)

    @read_handler("bit_rate")
    def bit_rate(self) -> str:
        return FixedPoint(BYTE_SCALE - 3).unparse(self._averages()[1] * EPOCHS_PER_SECOND)

    @write_handler("reset", "reset_counts")
    def reset(self, text: str) -> None:
        self.call("reset")

    @read_handler("count_call")
    def read_count_call(self) -> str:
        return "" if self._calls[COUNT_CALL] is None else str(self._triggers[COUNT_CALL])

    @write_handler("count_call")
    def write_count_call(self, text: str) -> None:
        self._set(COUNT_CALL, "count", text)

    @write_handler("byte_count_call")
    def write_byte_count_call(self, text: str) -> None:
        self._set(BYTE_COUNT_CALL, "byte_count", text)

    def _set(self, kind: int, name: str, text: str) -> None:
        number, _, rest = text.partition(" ")
        try:
            trigger = _number(number)
        except ArgumentError:
            raise HandlerError(f"'{name}_call' first word should be unsigned (count)") from None
        try:
            call = HandlerCall().parse(rest.strip(), self._environment) if rest.strip() else None
        except ArgumentError as error:
            raise HandlerError(error.message) from None
        if self.sharing is Sharing.PER_WORKER and self.router.workers > 1:
            raise HandlerError(f"with several threads '{name.upper()}_CALL' has to be given in the configuration")
        self._triggers[kind], self._calls[kind] = trigger, call
        field = ("count", "byte")[kind]
        self.live.write(f"{field}_trigger", trigger)
        self.live.write(f"{field}_triggered", 0)
        self.live.write("check_at", 0)


def _number(text: str) -> int:
    number: int = Signed(64, min=0, saturate=True).parse(text)
    if text.startswith("-"):
        raise ArgumentError
    return number
