from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nmclick.classify.element import PatternElement
from nmclick.element import Notice, Problem

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class Classifier(PatternElement):
    """Send each packet to the output of the first pattern that it matches.

    There is one pattern, an argument, for each output. A pattern is a list of clauses, separated by spaces,
    that must all hold. A clause ``OFFSET/VALUE`` holds if the packet has the bytes VALUE (an even number of
    hexadecimal digits, ``?`` for those that do not matter) at OFFSET (decimal, bytes from the start of the
    packet's data); ``OFFSET/VALUE%MASK`` compares only the bits that are 1 in MASK; ``!`` in front of a
    clause negates it. A clause that lies past the end of the packet does not hold; negated it does. The
    pattern ``-`` matches every packet.

        Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -)

    sends ARP requests, ARP replies, IPv4 and everything else to outputs 0 to 3. Packets that match nothing
    are dropped. All patterns together become one decision graph that tests no bit twice on any path.

    Handlers: ``program`` (read) the tests, as Click would make them.
    """

    example = "12/0800, -"
    reads = frozenset()
    operands = "p->data, p->length"

    def configure(self, environment: Environment) -> Iterable[str | Notice | Problem]:
        patterns: list[str] = self.args.PATTERNS
        if len(patterns) != self.n_outputs:
            yield f"need {self.n_outputs} arguments, one per output port"
            return
        from nmclick.classify.kept import compile_classifier

        yield from self.take(compile_classifier(patterns))
