from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nmclick.element import Arguments, Element, Rest, Text, read_handler

if TYPE_CHECKING:
    from nmclick.classify import Program
    from nmclick.lang.arguments import Environment

ENTRY_POINT = """
static always_inline int SYMBOL_packet(struct Classifier *self, const struct Classifier_args *args,
                                       struct packet *p, struct context *c)
{
    (void)self, (void)args, (void)c;
    int output = SYMBOL_classify(p->data, p->length);
    return output < 0 ? NM_DROP(Classifier, no_match) : output;
}
"""


class Classifier(Element):
    """Send each packet to the output of the first pattern that it matches.

    There is one pattern, an argument, for each output. A pattern is a list of clauses, separated by spaces,
    that must all hold. A clause ``OFFSET/VALUE`` holds if the packet has the bytes VALUE (an even number of
    hexadecimal digits, ``?`` for those that do not matter) at OFFSET (decimal, bytes from the start of the
    packet's data); ``OFFSET/VALUE%MASK`` compares only the bits that are 1 in MASK; ``!`` in front of a
    clause negates it. A clause that lies past the end of the packet does not hold; negated it does. The
    pattern ``-`` matches every packet.

        Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -)

    sends ARP requests, ARP replies, IPv4 and everything else to outputs 0 to 3. Packets that match nothing
    are dropped. All patterns together become one decision graph that tests no bit twice on any path; a
    Classifier behind another costs no more than one with the patterns of both.

    Handlers: ``program`` (read) the tests, as Click would make them.
    """

    ports = "1/-"
    example = "12/0800, -"
    processing = "h/h"
    arguments = Arguments(Rest("PATTERNS", Text()))
    drops = {"no_match": "the packet matched no pattern"}
    _program: Program

    def configure(self, environment: Environment) -> Iterable[str]:
        patterns: list[str] = self.args.PATTERNS
        if len(patterns) != self.n_outputs:
            yield f"need {self.n_outputs} arguments, one per output port"
            return
        from nmclick.classify import compile_classifier

        self._program, errors, _ = compile_classifier(patterns)
        for error in errors:
            yield error.message

    def c_code(self, symbol: str) -> str:
        """The decision graph, and around it the instance's entry point."""
        return self._program.emit_c(f"{symbol}_classify") + ENTRY_POINT.replace("SYMBOL", symbol)

    @read_handler("program")
    def program(self) -> str:
        return self._program.text()
