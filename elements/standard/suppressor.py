from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from nmclick.element import Arguments, Bool, Element, OwnHandler, Sharing, parse_written, write_handler

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

MOST_PORTS = 256  # SUPPRESSOR_PORTS in suppressor.c


class Suppressor(Element):
    """Pass packets from each input to the output of the same number, unless that port is turned off.

    Packets pushed to a port that is off are dropped; from a pull port that is off nothing is drawn. It has up
    to 256 inputs, as many outputs, and no arguments.

    Handlers: ``active0``, ``active1``, ... (read, write) whether the port is on, at first true; ``reset``
    (write) turn all ports on.
    """

    sharing = Sharing.UNLOCKED
    ports = "-/="
    processing = "a/a"
    flow = "#/#"
    arguments = Arguments()
    drops = {"suppressed": "the port was turned off"}
    fields = ("suppressed",)

    def configure(self, environment: Environment) -> Iterable[str]:
        if self.n_inputs > MOST_PORTS:
            yield f"at most {MOST_PORTS} ports"

    def own_handlers(self) -> Sequence[OwnHandler]:
        return [OwnHandler(f"active{port}", self._reader(port), self._writer(port)) for port in range(self.n_inputs)]

    def _reader(self, port: int) -> Callable[[str], str]:
        return lambda text: Bool().unparse(not self.live.read_bytes("suppressed")[port])

    def _writer(self, port: int) -> Callable[[str], int | None]:
        def write(text: str) -> None:
            suppressed = bytearray(self.live.read_bytes("suppressed"))
            suppressed[port] = not parse_written(Bool(), text, "type mismatch")
            self.live.write_bytes("suppressed", bytes(suppressed))

        return write

    @write_handler("reset")
    def reset(self, text: str) -> None:
        self.live.write_bytes("suppressed", bytes(MOST_PORTS))
