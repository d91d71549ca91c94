from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    ANNO_EXTRA_LENGTH,
    MAC_HEADER,
    PACKET_TYPE,
    TIMESTAMP,
    Arguments,
    Bool,
    DeviceUse,
    Field,
    HandlerCall,
    Keyword,
    Notice,
    Optional,
    Positional,
    Sharing,
    Signed,
    String,
    write_handler,
)
from nmclick.source import Source

from ._device import TAKING
from ._receive import RECEIVE_DROPS

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class FromNetmap(Source):
    """Receive packets from the netmap rings of a port, by exchanging buffers: nothing is copied.

    Arguments:
      PORT      the port: ``netmap:eth0`` and all of netmap's other names (``netmap:eth0-2``, ``netmap:eth0^``,
                ``vale0:a``, ``netmap:p{1``), ``xdp:eth0``, ``packet:eth0``, ``tap:t0``, ``replay:in.pcap``,
                ``pcap:in.pcap``; ``nmclick run --port NAME=SPEC`` puts another in its place
      QUEUE     the receive ring to read; negative (the default): all, in turn
      BURST     packets to take at a time at most; 0 (the default): a whole batch
      ACTIVE    receive at all (default true)
      STOP      send the driver a stop event when the port has no more packets to come (default false)
      END_CALL  write handler to call then; not together with STOP

    Output 0: the packets, with MAC header, timestamp and packet type annotations set.

    Handlers: ``count`` (read) packets received; ``invalid`` (read) slots that described no packet inside the shared
    memory; ``no_buffer`` (read) packets lost because every buffer was in use; ``active`` (read, write);
    ``reset_counts`` (write).
    """

    sharing = Sharing.PER_WORKER
    ports = "0/1"
    example = "replay:in.pcap"
    processing = "a/a"
    arguments = Arguments(
        Positional("PORT", String()),
        Optional("QUEUE", Signed(16), -1),
        Keyword("BURST", Signed(32, min=0), 0),
        Keyword("ACTIVE", Bool(), True),
        Keyword("STOP", Bool(), False),
        Keyword("END_CALL", HandlerCall()),
    )
    drops: ClassVar = RECEIVE_DROPS
    writes = frozenset({MAC_HEADER, TIMESTAMP, PACKET_TYPE, ANNO_EXTRA_LENGTH})
    handlers: ClassVar = {
        "count": Field("in.count"),
        "invalid": Field("in.losses.invalid"),
        "no_buffer": Field("in.losses.no_buffer"),
        "active": Field("in.active", Bool(), write=True),
    }

    def configure(self, environment: Environment) -> Iterable[str | Notice]:
        self.spread = self.args.QUEUE < 0
        self.rings_read = max(self.args.QUEUE, 0) + 1
        yield from super().configure(environment)

    def devices(self) -> Sequence[DeviceUse]:
        return (DeviceUse(self.args.PORT, read=True, kinds=TAKING),)

    @write_handler("reset_counts")
    def reset_counts(self, text: str) -> None:
        self.call("reset_counts")
