from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nmclick.element import (
    Arguments,
    Array,
    Bool,
    CValue,
    Data,
    Field,
    HandlerCall,
    Keyword,
    Notice,
    Optional,
    Signed,
    StateOf,
    parse_written,
    read_handler,
    write_handler,
)

from ._template import DEFAULT_DATA, TemplateSource

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class InfiniteSource(TemplateSource):
    r"""Make packets as fast as they can be handled.

    Every packet is a copy of DATA. Where the output is pull, packets are made when they are asked for; where it is
    push, none are made while all Queues that they would go into are full.

    Arguments:
      DATA       the packet's bytes, such as ``\<0800 45>``; default: a sentence of 69 bytes
      LIMIT      number of packets to make; negative (the default): no limit
      BURST      least number of packets a turn (default 1); a turn makes a whole batch of them anyway
      ACTIVE     make packets at all (default true)
      TIMESTAMP  set the packets' timestamp annotation to the current time (default true)
      LENGTH     length of the packets in bytes, DATA being cut or repeated; default -1: as long as DATA
      DATASIZE   the old name of LENGTH
      STOP       send the driver a stop event once LIMIT packets were made (default false)
      END_CALL   write handler to call once LIMIT packets were made; not together with STOP

    Output 0: the packets.

    Handlers: ``count`` (read) packets made; ``reset`` (write) count them from 0 again, so that LIMIT more are
    made; ``data``, ``length``, ``limit``, ``burst``, ``active`` (read, write) the arguments; ``burstsize``
    and ``datasize`` are old names.
    """

    ports = "0/1"
    processing = "a/a"
    heeds_storages = True
    arguments = Arguments(
        Optional("DATA", Data(), DEFAULT_DATA),
        Optional("LIMIT", Signed(64), -1),
        Optional("BURST", Signed(32), 1),
        Optional("ACTIVE", Bool(), True),
        Keyword("TIMESTAMP", Bool(), True),
        Keyword("LENGTH", Signed(32), -1),
        Keyword("DATASIZE", Signed(32)),
        Keyword("STOP", Bool(), False),
        Keyword("END_CALL", HandlerCall()),
    )
    handlers = {
        "count": Field("count"),
        "limit": Field("limit", Signed(64)),
        "burst": Field("burst", Signed(32)),
        "burstsize": Field("burst", Signed(32)),
        "active": Field("active", Bool()),
    }

    def configure(self, environment: Environment) -> Iterable[str | Notice]:
        if self.args.BURST < 1:
            yield "burst size must be >= 1"
        yield from super().configure(environment)

    def c_arguments(self) -> dict[str, CValue]:
        return super().c_arguments() | {"storages": Array("int64_t", tuple(map(StateOf, self.storages)))}

    @read_handler("data", raw=True)
    def read_data(self) -> str:
        return Data().unparse(self.data)

    @write_handler("limit")
    def write_limit(self, text: str) -> None:
        self.live.write("limit", parse_written(Signed(32), text, "limit parameter must be integer"))

    @write_handler("burst", "burstsize")
    def write_burst(self, text: str) -> None:
        self.live.write("burst", parse_written(Signed(32, min=1), text, "burstsize parameter must be integer >= 1"))

    @write_handler("active")
    def write_active(self, text: str) -> None:
        self.live.write("active", parse_written(Bool(), text, "active parameter must be boolean"))

    @write_handler("reset")
    def reset(self, text: str) -> None:
        self.live.write("count", 0)
