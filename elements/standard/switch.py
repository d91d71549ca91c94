from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nmclick.element import (
    Arguments,
    Element,
    Field,
    Optional,
    Sharing,
    Signed,
    parse_written,
    read_handler,
    write_handler,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class Switch(Element):
    """Send all packets to one output, which can be changed while running.

    Arguments:
      OUTPUT  number of the output (default 0); negative: drop the packets

    Handlers: ``switch`` (read, write) OUTPUT, where a number that is no output drops the packets; ``config``
    (read) the same.
    """

    sharing = Sharing.UNLOCKED
    ports = "1/-"
    processing = "h/h"
    arguments = Arguments(Optional("OUTPUT", Signed(32), 0))
    drops = {"off": "OUTPUT was negative or no output"}
    handlers = {"switch": Field("output", Signed(32))}

    def configure(self, environment: Environment) -> Iterable[str]:
        if self.n_outputs <= self.args.OUTPUT:
            yield f"output must be < {self.n_outputs}"

    @read_handler("config")
    def read_config(self) -> str:
        return str(Signed(32).from_c(self.live.read("output")))

    @write_handler("switch")
    def write_switch(self, text: str) -> None:
        output = parse_written(Signed(32), text, "Switch output must be integer")
        self.live.write("output", output if output < self.n_outputs else -1)
