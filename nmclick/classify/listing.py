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
            if j <= 0 or only[j] <= 0:
                continue
            second = self.code[j]
            if first.jumps[1 - outcome] != second.jumps[1 - outcome]:
                continue
            if _order(first, places) > _order(second, places):
                after = second.jumps[outcome]
                self.code[i], self.code[j] = second, first
                first.jumps[outcome] = after
                second.jumps[outcome] = j
                return only[i] if only[i] > 0 else i
        return i + 1

    def _combine(self) -> None:
        """Tests in a row of the same word become one where their masks allow."""
        i = len(self.code) - 1
        while i >= 0:
            i -= not self._combine_at(self.code[i])

    def _combine_at(self, first: Instruction) -> bool:
        no = first.jumps[0]
        if no > 0:
            second = self.code[no]
            if compatible(second, first, False) and first.mask and first.one_bit:
                first.flip()
            elif _either(first, second):
                bit = first.value ^ second.value
                first.value &= ~bit
                first.mask &= ~bit
                first.jumps[0] = second.jumps[0]
                return True
        if first.jumps[1] <= 0:
            return False
        second = self.code[first.jumps[1]]
        if first.jumps[0] == second.jumps[1] and second.mask and second.one_bit:
            second.flip()
        if first.jumps[0] != second.jumps[0] or not compatible(second, first, True):
            return False
        first.jumps[1] = second.jumps[1]
        if not first.mask:
            first.offset = second.offset
        first.value |= second.value
        first.mask |= second.mask
        return True

    def _drop_unused(self) -> None:
        """Tests without effect and those that no packet reaches go."""
        if not self.code:
            return
        effective: list[int] = [0] * len(self.code)
        for i in reversed(range(len(self.code))):
            instruction = self.code[i]
            instruction.jumps = [effective[jump] if jump > 0 else jump for jump in instruction.jumps]
            no, yes = instruction.jumps
            effective[i] = i if yes != no and instruction.mask else yes
        start = self.code[0]
        if not start.mask or start.jumps[0] == start.jumps[1]:
            if effective[0] <= 0:
                self.everything, self.code = effective[0], []
                return
            self.code[0] = self.code[effective[0]]
        self.everything = None
        reached = {0}
        for i, instruction in enumerate(self.code):
            if i in reached:
                reached.update(jump for jump in instruction.jumps if jump > 0)
        number = {old: new for new, old in enumerate(sorted(reached))}
        kept = [self.code[i] for i in sorted(reached)]
        for instruction in {id(instruction): instruction for instruction in kept}.values():
            instruction.jumps = [number[jump] if jump > 0 else jump for jump in instruction.jumps]
        self.code = kept

    def join_values(self) -> None:
        """Tests of one word for several values that lead to the same place follow each other, long lists sorted."""
        wanted = [1] + [0] * len(self.code)
        for i, instruction in enumerate(self.code):
            if wanted[i]:
                for jump in instruction.jumps:
                    if jump > 0:
                        wanted[jump] += 1
        groups: dict[int, list[Instruction]] = {}
        for i, head in enumerate(self.code):
            if not wanted[i]:
                continue
            group = groups[i] = [head]
            no = head.jumps[0]
            while no > 0 and wanted[no] == 1 and _same_kind(self.code[no], head):
                group.append(self.code[no])
                wanted[no] -= 1
                no = self.code[no].jumps[0]
            group[-1].jumps[0] = no
        self.code = _laid_out(groups)


def _laid_out(groups: dict[int, list[Instruction]]) -> list[Instruction]:
    steps: dict[int, int] = {}
    total = 0
    for i, group in groups.items():
        steps[i] = total
        total += len(group)
    code: list[Instruction] = []
    for group in groups.values():
        head = group[0]
        values = [instruction.value for instruction in group]
        if len(values) >= SEARCHED:
            values.sort(key=lambda value: int.from_bytes(value.to_bytes(4, "big"), "little"))
        last, yes = (steps[jump] if jump > 0 else jump for jump in (group[-1].jumps[0], head.jumps[1]))
        for left, value in zip(reversed(range(len(values))), values, strict=True):
            following = len(code) + 1 if left else last
            code.append(Instruction(head.offset, head.mask, value, [following, yes], head.short))
    return code


def _order(instruction: Instruction, places: dict[int, int]) -> tuple[int, int, int]:
    return places.get(instruction.offset, instruction.offset), instruction.mask, instruction.value


def _same_kind(instruction: Instruction, head: Instruction) -> bool:
    return (instruction.jumps[1], instruction.offset, instruction.mask) == (head.jumps[1], head.offset, head.mask)


def _either(first: Instruction, second: Instruction) -> bool:
    """Whether two values of one word that differ in a bit can be tested at once, leaving that bit out."""
    bit = first.value ^ second.value
    if not first.offset or not first.mask or (first.offset, first.mask) != (second.offset, second.mask):
        return False
    if bit & (bit - 1) or first.jumps[1] != second.jumps[1] or (second.short and not first.short):
        return False
    return Instruction(first.offset, first.mask & ~bit, 0).needs == first.needs
