"""A compiled classification program: what the elements use of this package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .boolean import Algebra
from .dispatch import BudgetExceeded, Dispatch, chain
from .emit import emit_c
from .evaluate import Headers, classify
from .ir import Builder, Node, Select, outputs, topological, walk
from .loads import BASES
from .lower import Lowering
from .optimise import optimise
from .patterns import DROP, Rule
from .rules import Guarded

SEGMENTS_FREE = 2_000
SEGMENTS_PER_RULE = 100
MAX_SEGMENTS = 20_000


@dataclass(frozen=True)
class Program:
    """Rules, and the decision DAG that does the same.

    `packet` tells whether it looks at a packet's headers (IP programs) or at plain bytes (Classifier).
    """

    rules: tuple[Rule, ...]
    n_outputs: int
    packet: bool
    root: Node

    def emit_c(self, function: str) -> str:
        """C text that defines `static inline int function(...)`: the output port, or -1 where nothing matches.

        The argument is `const struct packet *p`, or `const uint8_t *data, uint32_t length` for Classifier.
        It needs nmclick/packet.h. Helpers defined beside it have names that begin with `function`.
        """
        return emit_c(self.root, function, self.packet)

    @property
    def headers(self) -> frozenset[str]:
        """The headers that the generated code looks at: "mac", "network", "transport"; "data" for Classifier."""
        nodes = topological(self.root)
        return frozenset(BASES[node.variable.base] for node in nodes if isinstance(node, Select))

    def evaluate(self, headers: Headers) -> int:
        """The output for a packet, straight from the rules."""
        return classify(self.rules, headers)

    def walk(self, headers: Headers) -> int:
        """The output for a packet, through the DAG."""
        return walk(self.root, headers)

    def unused_outputs(self) -> list[int]:
        """Outputs that no packet reaches."""
        return sorted(set(range(self.n_outputs)) - outputs(self.root))

    def text(self) -> str:
        """The program as Click's `program` handler prints it."""
        from .listing import listing

        return listing(self.rules, self.packet)


def compile_rules(rules: Sequence[Rule], n_outputs: int, packet: bool) -> Program:
    """The program for rules that are tried in order; packets that match none are dropped."""
    algebra = Algebra()
    lowering = Lowering(algebra, rules)
    guarded = [Guarded(lowering.formula(rule.pattern), rule.output, (rule.index,)) for rule in rules]
    guarded.append(Guarded(algebra.true, DROP))
    try:
        budget = min(SEGMENTS_FREE + SEGMENTS_PER_RULE * len(rules), MAX_SEGMENTS)
        root = Dispatch(algebra, Builder(), budget).build(guarded)
    except BudgetExceeded:
        root = chain(algebra, Builder(), guarded)
    return Program(tuple(rules), n_outputs, packet, optimise(root))
