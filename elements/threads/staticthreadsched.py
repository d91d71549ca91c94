from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from nmclick.element import Arguments, Element, Rest, Text
from nmclick.lang.configstring import split_words
from nmclick.lang.values.numbers import parse_integer

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class StaticThreadSched(Element):
    """Say which threads run which elements' tasks (``nmclick run -j N``).

        StaticThreadSched(from_a 0, from_b 1, lan/q 1)

    A task without a thread of its own runs on thread 0, except sources over all rings of a port, which run on every
    thread, each for its share of the rings.

    Arguments:
      ELEMENT THREAD  an element, or a compound element for all in it, and the number of a thread from 0; any number of
                      such pairs. -1 leaves the choice open. A thread that does not exist becomes thread 0.
    """

    arguments = Arguments(Rest("PAIRS", Text()))

    def configure(self, environment: Environment) -> Iterable[str]:
        self._wishes: dict[int, int] = {}
        for pair in self.args.PAIRS:
            words = split_words(pair)
            if len(words) != 2:
                yield "too few arguments; 'ELEMENT THREAD' expected" if len(words) < 2 else "too many arguments"
                continue
            name, number = words
            thread = parse_integer(number)
            if thread is None:
                yield "THREAD: invalid number"
                continue
            named = self._named(name, environment)
            if not named:
                yield f"'{name}' does not name an element"
            self._wishes.update(dict.fromkeys(named, thread))

    def _named(self, name: str, environment: Environment) -> list[int]:
        prefix = f"{self.name.rpartition('/')[0]}/{name}/".lstrip("/")
        inside = [each for full, each in environment.elements.items() if full.startswith(prefix)]
        found = environment.element(name)
        return [each.index for each in ([found] if found else inside) if isinstance(each, Element)]

    def started(self) -> None:
        for thread in sorted(set(self._wishes.values())):
            if not -1 <= thread < self.router.workers:
                self.router.error(self, f"warning: thread preference {thread} out of range")

    def thread_wishes(self) -> Mapping[int, int]:
        return {index: thread for index, thread in self._wishes.items() if thread >= 0}
