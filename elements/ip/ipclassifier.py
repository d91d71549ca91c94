from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from nmclick.classify.element import Names, PatternElement
from nmclick.element import Notice, OwnHandler, Problem

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class IPClassifier(PatternElement):
    """Send each packet to the output of the first pattern that its headers match.

    There is one pattern, an argument, for each output. Patterns are written as for tcpdump, from these primitives:

      ip vers 4, ip hl 5, ip id N, ip tos N, ip dscp N, ip ttl N, ip ect, ip ce
      ip frag, ip unfrag           fragments, and packets that are none
      ip proto tcp                 or ``icmp``, ``udp``, a number; ``tcp`` and so on alone mean the same
      src host ADDR, dst net PREFIX
                                   ``src``, ``dst``, ``src and dst``, ``src or dst`` (the default); ``host`` and
                                   ``net`` may be left out: ``src 10.0.0.0/8``
      src tcp port www             or ``udp``; any of both without; ``<``, ``>``, ``<=``, ``>=``, ``!=``, ``%MASK``
      tcp opt syn                  or ``fin``, ``rst``, ``psh``, ``ack``, ``urg``; ``tcp opt`` may be left out; and
                                   ``tcp win N``
      icmp type echo               or a number
      ether src 00-11-22-33-44-55  the MAC header's addresses
      ip[9:1] = 17, transp[0:2]    bytes at an offset in a header, with ``%MASK``
      -, any, all; none            every packet; no packet

    joined by ``and`` (``&&``, or nothing), ``or`` (``||``), ``not`` (``!``), ``? :`` and parentheses. Tests of ports,
    flags and types are false for fragments but the first, and for packets that are too short.

        IPClassifier(icmp type echo, dst tcp port www and src net 10.0.0.0/8, -)

    Packets need their IP header marked (CheckIPHeader, MarkIPHeader). Those that match nothing are dropped. All
    patterns together become one decision graph that tests no bit twice on any path.

    Handlers: ``program`` (read) the tests, as Click would make them; ``pattern0``, ``pattern1`` and so on (read) the
    patterns.
    """

    example = "icmp, -"

    def configure(self, environment: Environment) -> Iterable[str | Notice | Problem]:
        patterns: list[str] = self.args.PATTERNS
        if len(patterns) != self.n_outputs:
            yield f"need {self.n_outputs} arguments, one per output port"
            return
        from nmclick.classify import compile_ipclassifier

        yield from self.take(compile_ipclassifier(patterns, Names(environment)))

    def own_handlers(self) -> Sequence[OwnHandler]:
        patterns: list[str] = self.args.PATTERNS
        return [OwnHandler(f"pattern{number}", read=self._pattern(text)) for number, text in enumerate(patterns)]

    @staticmethod
    def _pattern(text: str) -> Callable[[str], str]:
        return lambda _: text
