"""The control plane's loop while a router runs: upcalls, callbacks, signals, stop events, reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nmclick.run.native import NEVER, Event, EventKind
from nmclick.run.router import STOPPED

if TYPE_CHECKING:
    from nmclick.element import Element
    from nmclick.run.router import RunningRouter

#: Stop events answered in a row before the router is stopped all the same (Click's Master::verify_stop).
MOST_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something done every `interval` ns of real time."""

    interval: int
    action: Callable[[], None]


def run_until_stopped(router: RunningRouter, periodic: Periodic | None = None) -> None:
    """Let a started router run until a stop event that nobody answers."""
    native = router.native
    if periodic is not None:
        _repeat(router, periodic)
    native.unpark()
    while True:
        router.run_due_calls()
        if router.runcount <= 0:
            if router.drain_wanted:
                _drain(router)
            if not _answer_stop_events(router):
                return
            native.resume()
            continue
        due = router.next_call()
        _handle(router, native.wait(NEVER if due is None else due))


def _repeat(router: RunningRouter, periodic: Periodic) -> None:
    def act() -> None:
        periodic.action()
        _repeat(router, periodic)

    router.call_later(router.now() + periodic.interval, act)


def _handle(router: RunningRouter, event: Event) -> None:
    if event.kind is EventKind.UPCALL:
        answer = -1
        try:
            answer = router.answer_upcall(event.element, event.call_kind, event.argument)
        finally:
            router.native.reply(event.worker, answer)
    elif event.kind is EventKind.WAKE and router.take_signals():
        router.adjust_runcount(STOPPED)


def _drain(router: RunningRouter) -> None:
    """Let what sources have sent arrive where it goes: in files, in the end of a queue."""
    router.drain_wanted = False
    native = router.native
    native.drain([router.elements[index].is_source for index in router.program.tasks])
    while (event := native.wait()).kind is not EventKind.DRAINED:
        _handle(router, event)


def _answer_stop_events(router: RunningRouter) -> bool:
    """Ask the driver manager, step by step, whether the run goes on. False: it ends."""
    manager = _manager(router)
    for _ in range(MOST_STEPS):
        if manager is None or manager.driver_event() is not True:
            return router.runcount > 0
        router.adjust_runcount(1)
        if router.runcount > 0:
            return True
    return False


def _manager(router: RunningRouter) -> Element | None:
    """The element that answers stop events, if there is one."""
    base = _base_event()
    return next((element for element in router.elements if type(element).driver_event is not base), None)


def _base_event() -> Callable[[Element], bool | None]:
    from nmclick.element import Element

    return Element.driver_event
