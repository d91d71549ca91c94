"""The clean-up that Click does on its classification programs, so that the `program` handler shows the same text.

Every state keeps a few sets of branches such that all ways to it have taken all branches of one of the sets. A jump
is moved past a test that each of the sets decides the same way.
"""

from __future__ import annotations

from .instructions import NEVER, Instruction, decides

MAX_PATHS = 4

Path = list[int]


def shorten_jumps(code: list[Instruction]) -> None:
    """Move jumps past tests whose outcome is known. A branch is numbered 2 * state + outcome."""
    dominators = _Dominators(code)
    for state in range(len(code)):
        dominators.find(state)
        for outcome in (True, False):
            dominators.shift(state, outcome)


class _Dominators:
    def __init__(self, code: list[Instruction]) -> None:
        self._code = code
        self._paths: list[list[Path]] = []
        first: dict[tuple[int, bool, int, int], int] = {}
        self._same = [first.setdefault(instruction.test, state) for state, instruction in enumerate(code)]
        self._lengths = [0] + [1 << 31] * (len(code) - 1) if code else []
        self._into: list[list[int]] = [[] for _ in code]
        for state, instruction in enumerate(code):
            length = self._lengths[state]
            for outcome, target in enumerate(instruction.jumps):
                if target > 0:
                    known = max(length, instruction.needs) if outcome != instruction.short else length
                    self._lengths[target] = min(self._lengths[target], known)
                    self._into[target].insert(0, 2 * state + outcome)

    def find(self, state: int) -> None:
        """The paths of a state from those of the states before it."""
        before = list(self._into[state])
        arriving: list[Path] = []
        for i, branch in enumerate(before):
            source = branch >> 1
            if i and before[i - 1] >> 1 == source:
                arriving[-1:] = [path[:-1] for path in arriving[-1:]]
                continue
            taken = 2 * self._same[source] + (branch & 1)
            arriving += [[*path[:-1], taken] for path in self._paths[source] if taken ^ 1 not in path[:-1]]
        own = 2 * self._same[state]
        paths: list[Path] = []
        if len(arriving) > MAX_PATHS:
            paths = [[*_intersection(arriving), own]]
        elif arriving:
            paths, decided = _extended(arriving, own)
            if decided is not None:
                for branch in before:
                    self._set(branch >> 1, branch & 1, self._code[state].jumps[decided & 1])
                arriving, paths = [], []
        if not arriving:
            if state > 0:
                self._set(state, 0, NEVER)
                self._set(state, 1, NEVER)
            else:
                paths = [[0]]
        self._paths.append(paths)

    def shift(self, state: int, outcome: bool) -> None:
        """Move one jump of a state as far as its paths allow."""
        target = self._code[state].jumps[outcome]
        if target <= 0 or not self._paths[state]:
            return
        taken = 2 * self._same[state] + outcome
        visits = []
        for path in self._paths[state]:
            path[-1] = taken
            visits.append(self._follow(path, target))
        if len(visits) == 1 or (visits[0][-1] <= 0 and all(visit[-1] == visits[0][-1] for visit in visits)):
            new = visits[0][-1]
        else:
            new = _intersection(visits)[-1]
        if new != target:
            self._set(state, outcome, new)

    def _follow(self, path: Path, state: int) -> list[int]:
        visited = [state]
        while state > 0:
            for branch in reversed(path):
                known = branch >> 1
                outcome = decides(self._code[known], bool(branch & 1), self._lengths[known], self._code[state])
                if outcome is not None:
                    state = self._code[state].jumps[outcome]
                    visited.append(state)
                    break
            else:
                break
        return visited

    def _set(self, state: int, outcome: int, target: int) -> None:
        branch = 2 * state + outcome
        old = self._code[state].jumps[outcome]
        if old > 0:
            self._into[old].remove(branch)
        if target > 0:
            into = self._into[target]
            at = next((i for i, other in enumerate(into) if other >= branch), len(into))
            into.insert(at, branch)
        self._code[state].jumps[outcome] = target


def _extended(arriving: list[Path], own: int) -> tuple[list[Path], int | None]:
    """The paths on to the state with branches `own` and `own + 1`; and its branch, if all of them decide it."""
    paths: list[Path] = []
    decided: set[int] = set()
    for path in arriving:
        kept = [branch for branch in path[:-1] if branch >> 1 != path[-1] >> 1] + path[-1:]
        taken = [branch for branch in kept if branch >> 1 == own >> 1]
        decided.add(taken[-1] if taken else -1)
        paths.append([*kept, own])
    (only, *others) = decided
    return paths, only if not others and only >= 0 else None


def _intersection(paths: list[list[int]]) -> list[int]:
    """What all paths have in common, found by walking them in step, as their order is only nearly ascending."""
    if len(paths) == 1:
        return list(paths[0])
    result: list[int] = []
    places = [0] * len(paths)
    wanted = -1
    while True:
        number = agreed = 0
        while agreed < len(paths):
            path = paths[number]
            while places[number] < len(path) and path[places[number]] < wanted:
                places[number] += 1
            if places[number] >= len(path):
                return result
            if path[places[number]] > wanted:
                wanted, agreed = path[places[number]], 0
            number = (number + 1) % len(paths)
            agreed += 1
        result.append(wanted)
        wanted += 1
