"""The control plane's loop while a router runs: upcalls, callbacks, signals, stop events, reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nmclick.run.native import NEVER, Event, EventKind
from nmclick.run.router import STOPPED

if TYPE_CHECKING:
    from nmclick.run.router import RunningRouter

#: Stop events answered in a row before the router is stopped all the same (Click's Master::verify_stop).
MOST_STEPS = 1000


@dataclass(slots=True)
class Periodic:
    """Something done every `interval` ns of the run's time while the workers go on."""

    interval: int
    action: Callable[[], None]
    due: int = NEVER

    def start(self, now: int) -> None:
        self.due = now + self.interval

    def run_if_due(self, now: int) -> None:
        if now >= self.due:
            self.action()
            self.due = max(self.due + self.interval, now)


def run_until_stopped(router: RunningRouter, periodic: Periodic | None = None) -> None:
    """Let a started router run until a stop event that nobody answers. The workers are left held."""
    native = router.native
    periodic = periodic or Periodic(0, lambda: None)
    if periodic.interval:
        periodic.start(router.now())
    native.unpark()
    held = False
    while True:
        # As in Click, stop events come before timers: a driver script starts before the others.
        if router.runcount <= 0:
            if router.drain_wanted:
                _drain(router)
            if not held:
                native.park()
            held = False
            if not _answer_stop_events(router):
                return
            native.resume()
            native.unpark()
            continue
        router.run_due_calls()
        periodic.run_if_due(router.now())
        if router.runcount <= 0:
            continue
        due = router.next_call()
        held = _handle(router, native.wait(min(periodic.due, NEVER if due is None else due)))


def _handle(router: RunningRouter, event: Event) -> bool:
    """Whether the workers are left held: they are where the event was a stop."""
    if event.kind is EventKind.UPCALL:
        return _answer(router, event)
    if event.kind is EventKind.WAKE and router.take_signals():
        router.adjust_runcount(STOPPED)
    return False


def _answer(router: RunningRouter, event: Event) -> bool:
    native = router.native
    answer, ran, stopped = -1, router.runcount > 0, False
    try:
        answer = router.answer_upcall(event.element, event.call_kind, event.argument)
    finally:
        if router.runcount <= 0 and router.drain_wanted:
            # The worker goes on draining: no other source gets a turn after the one that ended.
            with native.held():
                native.reply(event.worker, answer)
                _begin_drain(router)
        else:
            # After a stop the worker stays at the packet that caused it until the stop event is answered.
            stopped = ran and router.runcount <= 0
            if stopped:
                native.park()
            native.reply(event.worker, answer)
    return stopped


def _begin_drain(router: RunningRouter) -> None:
    router.native.drain([router.elements[index].is_source for index in router.program.tasks])


def _drain(router: RunningRouter) -> None:
    """Let what sources have sent arrive where it goes: in files, at the end of a queue."""
    router.drain_wanted = False
    _begin_drain(router)
    while (event := router.native.wait()).kind is not EventKind.DRAINED:
        _handle(router, event)


def _answer_stop_events(router: RunningRouter) -> bool:
    """Ask the driver manager, step by step, whether the run goes on. False: it ends."""
    for _ in range(MOST_STEPS):
        if router.runcount > 0:
            return True
        answers = (element.driver_event() for element in router.elements)
        if next((answer for answer in answers if answer is not None), False) is False:
            return router.runcount > 0
        router.adjust_runcount(1)
    return router.runcount > 0
