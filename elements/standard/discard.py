from __future__ import annotations

from nmclick.element import Arguments, Bool, Element, Field, Keyword, Sharing, Unsigned, write_handler


class Discard(Element):
    """Drop every packet.

    Where the input is pull, packets are drawn whenever there are any.

    Arguments, for a pull input:
      ACTIVE  draw packets at all (default true)
      BURST   least number of packets to draw a turn (default 1); a turn draws a whole batch anyway

    Handlers: ``count`` (read) packets dropped; ``reset_counts`` (write) count them from 0 again; ``active``
    (read, write) whether packets are drawn.
    """

    sharing = Sharing.PER_WORKER
    ports = "1/0"
    processing = "a/a"
    arguments = Arguments(Keyword("ACTIVE", Bool(), True), Keyword("BURST", Unsigned(32), 1))
    handlers = {"count": Field("count"), "active": Field("active", Bool(), write=True)}

    @write_handler("reset_counts")
    def reset_counts(self, text: str) -> None:
        self.live.write("count", 0)
