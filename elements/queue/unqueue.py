from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nmclick.element import (
    Arguments,
    Bool,
    CValue,
    Element,
    Field,
    Keyword,
    Notice,
    Optional,
    Signed,
    parse_written,
    write_handler,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class Unqueue(Element):
    """Draw packets from a pull input whenever there are any, and push them on.

    Arguments:
      BURST   least number of packets to draw a turn (default 1); a turn draws a whole batch anyway, but none
              at 0
      ACTIVE  draw packets at all (default true)
      LIMIT   number of packets to draw in all; negative (the default): no limit

    Handlers: ``count`` (read) packets drawn; ``reset`` and ``reset_counts`` (write) count them from 0 again,
    so that LIMIT more are drawn; ``burst``, ``active``, ``limit`` (read, write) the arguments.
    """

    ports = "1/1"
    processing = "l/h"
    arguments = Arguments(
        Optional("BURST", Signed(32), 1), Keyword("ACTIVE", Bool(), True), Keyword("LIMIT", Signed(32), -1)
    )
    handlers = {
        "count": Field("count"),
        "burst": Field("burst", Signed(32)),
        "active": Field("active", Bool()),
        "limit": Field("limit", Signed(32)),
    }

    def configure(self, environment: Environment) -> Iterable[str | Notice]:
        if self.args.BURST == 0:
            yield Notice("BURST size 0, no packets will be pulled", is_warning=True)

    def c_arguments(self) -> dict[str, CValue]:
        return super().c_arguments() | {"burst": _burst(self.args.BURST)}

    @write_handler("active")
    def write_active(self, text: str) -> None:
        self.live.write("active", parse_written(Bool(), text))

    @write_handler("limit")
    def write_limit(self, text: str) -> None:
        self.live.write("limit", parse_written(Signed(32), text))

    @write_handler("burst")
    def write_burst(self, text: str) -> None:
        self.live.write("burst", _burst(parse_written(Signed(32), text)))

    @write_handler("reset", "reset_counts")
    def reset(self, text: str) -> None:
        self.live.write("count", 0)


def _burst(value: int) -> int:
    """A negative BURST means all there is; it shows as the largest number."""
    return value if value >= 0 else 0x7FFFFFFF
