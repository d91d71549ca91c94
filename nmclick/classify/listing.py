"""The text of the `program` handler, as Click prints it."""

from __future__ import annotations

from collections.abc import Sequence

from .dominators import shorten_jumps
from .instructions import FAILURE, NEVER, SUCCESS, Instruction, compatible, compile_pattern
from .patterns import DROP, Rule

SEARCHED = 7
"""Lists of at least so many values are sorted for a binary search."""

_PLACES = {264: 259}
"""IP programs test the word with the protocol before all others of the IP header."""


def listing(rules: Sequence[Rule], packet: bool) -> str:
    """The program that Click makes of the rules: one test a line, then the length that is always safe to read."""
    codes = [_rule_code(rule) for rule in rules]
    if packet:
        program = _merged([_Listing(code) for code in codes])
        program.sort_conjunctions(_PLACES)
        program.join_values()
    else:
        joined = _Listing([])
        for code in codes:
            joined.append(code)
        joined.fail_to(NEVER)
        program = joined
        program.optimise({})
    return program.text()


def _rule_code(rule: Rule) -> list[Instruction]:
    output = NEVER if rule.output == DROP else -rule.output
    code = compile_pattern(rule.pattern)
    for instruction in code:
        instruction.jumps = [output if jump == SUCCESS else jump for jump in instruction.jumps]
    return code


def _merged(programs: list[_Listing]) -> _Listing:
    """All rules in one program: neighbours are joined and optimised, then pairs of pairs."""
    programs = programs or [_Listing([])]
    step = 1
    while step < len(programs):
        for i in range(0, len(programs) - step, 2 * step):
            programs[i].join(programs[i + step])
            programs[i].optimise(_PLACES)
        step *= 2
    if len(programs) == 1:
        programs[0].optimise(_PLACES)
    programs[0].fail_to(NEVER)
    return programs[0]


class _Listing:
    """A program being put together. `everything` is the jump of all packets if there is no test at all."""

    def __init__(self, code: list[Instruction]) -> None:
        self.code = code
        self.everything: int | None = None if code else NEVER
        self.safe_length = 0

    def append(self, code: list[Instruction]) -> None:
        """What fails so far goes on to `code`."""
        start = len(self.code)
        self.fail_to(start)
        for instruction in code:
            instruction.jumps = [jump + start if jump > 0 else jump for jump in instruction.jumps]
        self.code += code
        self.everything = None if self.code else NEVER

    def join(self, other: _Listing) -> None:
        """What fails here goes on to `other`."""
        if self.everything not in (None, FAILURE):
            return
        if other.code:
            self.append(other.code)
        else:
            assert other.everything is not None
            self.fail_to(other.everything)

    def fail_to(self, target: int) -> None:
        if self.everything == FAILURE:
            self.everything = target
        for instruction in self.code:
            instruction.jumps = [target if jump == FAILURE else jump for jump in instruction.jumps]

    def text(self) -> str:
        lines = [f"{'' if i > 9 else ' '}{i} {instruction.text()}" for i, instruction in enumerate(self.code)]
        if not self.code:
            lines.append(f"all->[{-(self.everything or 0)}]")
        return "\n".join([*lines, f"safe length {self.safe_length}", "alignment offset 0", ""])

    def optimise(self, places: dict[int, int]) -> None:
        self.sort_conjunctions(places)
        shorten_jumps(self.code)
        self._combine()
        self._drop_unused()
        self.safe_length = max((instruction.needs for instruction in self.code), default=0)

    def sort_conjunctions(self, places: dict[int, int]) -> None:
        """Tests of which all must pass are put in the order of the words they look at."""
        sources: dict[int, list[int]] = {}
        for i, instruction in enumerate(self.code):
            for jump in instruction.jumps:
                sources.setdefault(jump, []).append(i)
        only = [into[0] if len(into) == 1 else 0 for into in (sources.get(i, []) for i in range(len(self.code)))]
        i = 0
        while i < len(self.code):
            i = self._sort_at(i, only, places)

    def _sort_at(self, i: int, only: list[int], places: dict[int, int]) -> int:
        first = self.code[i]
        for outcome in (0, 1):
            j = first.jumps[outcome]
            if j <= 0 or only[j] <= 0 and not (only[j] == 0 and False):
                continue
            second = self.code[j]
            if first.jumps[1 - outcome] != second.jumps[1 - outcome]:
                continue
            if _order(first, places) > _order(second, places):
                after = second.jumps[outcome]
                self.code[i], self.code[j] = second, first
                first.jumps[outcome] = after
                second.jumps[outcome] = j
                return max(only[i], 0) if only[i] > 0 else i
        return i + 1
