"""The handlers of elements that have a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nmclick.element import MOST_TICKETS, Bool, HandlerError, Unsigned, parse_written

if TYPE_CHECKING:
    from nmclick.run.handlers import HandlerTable
    from nmclick.run.native import Native


def add_task(table: HandlerTable, native: Native, task: int) -> None:
    """Define ``scheduled``, ``tickets`` and ``home_thread``, unless the class defines its own. A program is compiled
    for the threads it runs on: a task does not change its thread."""

    def schedule(text: str) -> None:
        native.schedule(task, parse_written(Bool(), text.strip()))

    def set_tickets(text: str) -> None:
        native.set_tickets(task, parse_written(Unsigned(32, min=1, max=MOST_TICKETS), text.strip()))

    def thread() -> int:
        return int(native.program.task_workers[task])

    def move(text: str) -> None:
        if text.strip() != str(thread()):
            raise HandlerError("bad thread")

    if "scheduled" not in table:
        table.add("scheduled", read=lambda: "true" if native.scheduled(task) else "false", write=schedule)
    if "tickets" not in table:
        table.add("tickets", read=lambda: str(native.tickets(task)), write=set_tickets)
    if "home_thread" not in table:
        table.add("home_thread", read=lambda: str(thread()), write=move)
