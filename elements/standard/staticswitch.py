from __future__ import annotations

from nmclick.element import Arguments, Element, Positional, Signed


class StaticSwitch(Element):
    """Send all packets to one output, always the same.

    The compiled pipeline leaves it out, together with what only its other outputs lead to.

    Arguments:
      OUTPUT  number of the output; negative, or no output: drop the packets
    """

    ports = "1/-"
    example = "0"
    processing = "h/h"
    arguments = Arguments(Positional("OUTPUT", Signed(32)))

    def constant_output(self) -> int | None:
        output: int = self.args.OUTPUT
        return output if 0 <= output < self.n_outputs else -1
