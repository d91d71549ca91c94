from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nmclick.element import Arguments, Element, Optional, Unsigned

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class Tee(Element):
    """Send a copy of every packet to every output.

    The last output gets the packet itself. Copies take a buffer each; where the pool is empty a copy is lost,
    which the run's statistics show.

    Arguments:
      N  the number of outputs, for a check; default: as many as are connected
    """

    ports = "1/1-"
    processing = "h/h"
    arguments = Arguments(Optional("N", Unsigned(32)))

    def configure(self, environment: Environment) -> Iterable[str]:
        if self.args.N is not None and self.n_outputs != self.args.N:
            yield f"{self.n_outputs} outputs implies {self.n_outputs} arms"
