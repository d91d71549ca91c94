"""The handlers of elements that have a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nmclick.element import Bool, HandlerError, parse_written

if TYPE_CHECKING:
    from nmclick.run.handlers import HandlerTable
    from nmclick.run.native import Native


def add_task(table: HandlerTable, native: Native, task: int) -> None:
    """Define ``scheduled`` and ``home_thread``, unless the class defines its own.

    Tasks take turns that are as long as there is work, so ``tickets``, a share of the turns, is the same for all.
    """

    def schedule(text: str) -> None:
        native.schedule(task, parse_written(Bool(), text.strip()))

    def move(text: str) -> None:
        if text.strip() != "0":
            raise HandlerError("bad thread")

    if "scheduled" not in table:
        table.add("scheduled", read=lambda: "true" if native.scheduled(task) else "false", write=schedule)
    if "tickets" not in table:
        table.add("tickets", read=lambda: str(DEFAULT_TICKETS))
    if "home_thread" not in table:
        table.add("home_thread", read=lambda: "0", write=move)


#: As in Click.
DEFAULT_TICKETS = 1024
