from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from nmclick.classify.element import Names, PatternElement
from nmclick.element import Notice, Problem

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class IPFilter(PatternElement):
    """Let packets pass, or drop them, by rules over their headers.

    Each argument is a rule: an action, then a pattern as IPClassifier has it. The first rule whose pattern a packet
    matches decides. The actions are ``allow`` (output 0), ``deny`` and ``drop``, or the number of an output. Packets
    that match no rule are dropped.

        IPFilter(allow dst tcp port www, allow icmp, deny all)

    Packets need their IP header marked (CheckIPHeader, MarkIPHeader). All rules together become one decision graph that
    tests no bit twice on any path.

    Handlers: ``program`` (read) the tests, as Click would make them.
    """

    example = "allow tcp, deny all"
    drops: ClassVar = {"denied": "a rule denies the packet, or none matches it"}
    refusal = "denied"

    def configure(self, environment: Environment) -> Iterable[str | Notice | Problem]:
        from nmclick.classify import compile_ipfilter

        yield from self.take(compile_ipfilter(self.args.PATTERNS, Names(environment), self.n_outputs))
