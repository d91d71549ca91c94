from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from nmclick.element import (
    DEFAULT_TICKETS,
    MOST_TICKETS,
    ArgumentError,
    Arguments,
    Element,
    FixedPoint,
    Rest,
    Text,
)
from nmclick.lang.configstring import split_words

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

FRACTION_BITS = DEFAULT_TICKETS.bit_length() - 1


class ScheduleInfo(Element):
    """Give tasks shares of their thread.

    A task with half the tickets of another has half as many turns, as long as both have work. Tasks have 1024 tickets,
    times the parameter of their element and of each compound element around it; with 0 they have no turn at all.

        ScheduleInfo(from_a 1, from_b 0.5, lan 2, lan/from_c 0.1)

    Arguments:
      ELEMENTNAME PARAM  an element of this compound, or one inside a compound element of it, and a number; any number
                         of such pairs
    """

    arguments = Arguments(Rest("ENTRIES", Text()))

    def configure(self, environment: Environment) -> Iterable[str]:
        self._tickets: dict[str, int] = {}
        for entry in self.args.ENTRIES:
            words = split_words(entry)
            try:
                name, number = words
                self._tickets[name] = int(FixedPoint(FRACTION_BITS).parse(number))
            except (ValueError, ArgumentError):
                if words:
                    yield "expected 'ELEMENTNAME PARAM'"

    def started(self) -> None:
        infos = [element for element in self.router.elements if isinstance(element, ScheduleInfo)]
        if infos[0] is not self:
            return
        databases: dict[str, dict[str, int]] = {}
        for info in infos:
            databases.setdefault(info.name[: info.name.rfind("/") + 1], {}).update(info._tickets)
        for element in self.router.elements:
            tickets = tickets_of(element.name, databases)
            if tickets > MOST_TICKETS:
                tickets = MOST_TICKETS
                text = FixedPoint(FRACTION_BITS).unparse(tickets)
                self.router.error(self, f"warning: ScheduleInfo too high; reduced to {text}")
            if tickets != DEFAULT_TICKETS:
                self.router.set_tickets(element, tickets)


def tickets_of(name: str, databases: Mapping[str, Mapping[str, int]]) -> int:
    """The tickets of an element by what is said, from the innermost compound outwards, of it and of the compounds
    around it. `databases` are by compound, "" or "a/b/"; names in them are relative to it."""
    prefixes = ["", *(name[: at + 1] for at, letter in enumerate(name) if letter == "/")]
    tickets: dict[str, int] = {}
    for context in reversed(prefixes):
        database = databases.get(context, {})
        said = False
        for prefix in (name, *reversed(prefixes)):
            if len(prefix) < len(context):
                break
            relative = prefix[len(context) :]
            found = database.get(relative, database.get(relative.removesuffix("/")) if relative else None)
            if found is not None:
                tickets[prefix] = found
                said = True
            elif said:
                tickets.pop(prefix, None)
    result = tickets.get("", DEFAULT_TICKETS)
    for prefix in (*prefixes[1:], name):
        result = result * tickets.get(prefix, DEFAULT_TICKETS) >> FRACTION_BITS
    return result
