from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nmclick.element import (
    Arguments,
    Bandwidth,
    Bool,
    CValue,
    Data,
    Field,
    Keyword,
    Notice,
    Optional,
    Signed,
    Unsigned,
    parse_written,
    read_handler,
    write_handler,
)

from ._template import DEFAULT_DATA, TemplateSource

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

TOKEN = 10**9
NEVER = 2**63 - 1


class RatedSource(TemplateSource):
    """Make packets at a given rate.

    A token bucket, filled continuously, holds the packets that may be made: two, or the packets of 10 ms
    where the rate is 200/s or more. It starts full.

    Arguments:
      DATA       the packet's bytes; default: a sentence of 69 bytes
      RATE       packets per second (default 10)
      LIMIT      number of packets to make; negative (the default): no limit
      ACTIVE     make packets at all (default true)
      LENGTH     length of the packets in bytes, DATA being cut or repeated; default -1: as long as DATA
      DATASIZE   the old name of LENGTH
      STOP       send the driver a stop event once LIMIT packets were made (default false)
      BANDWIDTH  rate in bytes per second (``1Mbps``, ``125kBps``), in place of RATE

    Output 0: the packets, their timestamp annotation set to the current time.

    Handlers: ``count`` (read) packets made; ``reset`` (write) count them from 0 again, so that LIMIT more are
    made; ``data``, ``length``, ``rate``, ``limit``, ``active`` (read, write) the arguments; ``datasize`` is
    an old name. ``rate`` shows the rate to the precision that Click keeps it with (5000 reads back as 5002);
    packets leave at the exact rate.
    """

    ports = "0/1"
    processing = "a/a"
    arguments = Arguments(
        Optional("DATA", Data(), DEFAULT_DATA),
        Optional("RATE", Unsigned(32), 10),
        Optional("LIMIT", Signed(32), -1),
        Optional("ACTIVE", Bool(), True),
        Keyword("LENGTH", Signed(32), -1),
        Keyword("DATASIZE", Signed(32)),
        Keyword("STOP", Bool(), False),
        Keyword("BANDWIDTH", Bandwidth(32), 0),
    )
    handlers = {
        "count": Field("count"),
        "limit": Field("limit", Signed(64)),
        "active": Field("active", Bool()),
    }
    fields = ("rate", "capacity", "full_after", "tokens")

    def configure(self, environment: Environment) -> Iterable[str | Notice]:
        yield from super().configure(environment)
        self.rate: int = self.args.RATE
        if self.args.BANDWIDTH:
            size = len(self.data) if self.length < 0 else self.length
            if size == 0:
                yield "BANDWIDTH needs packets of at least one byte"
            else:
                self.rate = self.args.BANDWIDTH // size

    def bucket(self) -> dict[str, int]:
        """The bucket's fields in C, in units of 10^-9 packets."""
        capacity = burst(self.rate) * TOKEN
        full_after = -(-capacity // self.rate) if self.rate else NEVER
        return {"rate": self.rate, "capacity": capacity, "full_after": full_after}

    def c_arguments(self) -> dict[str, CValue]:
        return super().c_arguments() | self.bucket()

    @read_handler("data")
    def read_data(self) -> str:
        return Data().unparse(self.data)

    @read_handler("rate")
    def read_rate(self) -> str:
        return str(shown_rate(self.rate))

    @write_handler("rate")
    def write_rate(self, text: str) -> None:
        self.rate = parse_written(Unsigned(32), text)
        for name, value in self.bucket().items():
            self.live.write(name, value)

    @write_handler("limit")
    def write_limit(self, text: str) -> None:
        self.live.write("limit", max(parse_written(Signed(32), text), -1))

    @write_handler("active")
    def write_active(self, text: str) -> None:
        active = parse_written(Bool(), text)
        if active and not self.live.read("active"):
            self.live.write("tokens", TOKEN)
        self.live.write("active", active)

    @write_handler("reset")
    def reset(self, text: str) -> None:
        self.live.write("count", 0)
        self.live.write("tokens", TOKEN)


def burst(rate: int) -> int:
    """Packets that the bucket holds at `rate` packets per second."""
    return 2 if rate < 200 else rate // 100


def shown_rate(rate: int) -> int:
    """The rate as Click's token bucket can tell it: in 32-bit fractions of its capacity per millisecond."""
    scale = 0xFFFFFFFF // burst(rate)
    per_tick = rate * scale // 1000 or (1 if rate else 0)
    return min((per_tick * 1000 + per_tick // 2) // scale, 0xFFFFFFFF)
