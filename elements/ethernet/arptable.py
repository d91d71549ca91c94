from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nmclick.element import Arguments, read_handler

from ._arp import TABLE_ARGUMENTS, ArpElement

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class ARPTable(ArpElement):
    """A table of IPv4 and Ethernet addresses that several ARPQueriers share (their TABLE argument).

    Arguments:
      CAPACITY               packets that may wait in all (default 2048; 0: any number)
      ENTRY_CAPACITY         entries that the table may have (default 0: any number)
      ENTRY_PACKET_CAPACITY  packets that may wait for one address (default 0: any number)
      CAPACITY_SLIM_FACTOR   1/factor of CAPACITY is dropped, the oldest first, when it is passed (default 2)
      TIMEOUT                when entries expire (default 5 min; 0: never)

    Handlers: ``table`` (read) address, whether it is valid, Ethernet address, age; ``count`` (read) entries;
    ``length`` (read) waiting packets; ``drops`` (read) packets dropped by time-out or lack of room; ``insert IP ETH``,
    ``delete IP``, ``clear`` (write).
    """

    arguments = Arguments(*TABLE_ARGUMENTS)
    fields = (*ArpElement.fields, "table.unanswered", "table.overflow")

    def configure(self, environment: Environment) -> Iterable[str]:
        self.environment = environment
        if self.args.CAPACITY_SLIM_FACTOR == 0:
            yield "CAPACITY_SLIM_FACTOR cannot be zero"

    @read_handler("drops")
    def dropped(self) -> str:
        return str(self.live.read("table.unanswered") + self.live.read("table.overflow"))
