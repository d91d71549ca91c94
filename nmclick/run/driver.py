"""A whole run, in the order of Click's userlevel driver: load, flat text, run, times, handlers, exit status."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nmclick.element import HandlerError
from nmclick.run.globals import flat_configuration
from nmclick.run.loop import Periodic, run_until_stopped
from nmclick.run.native import NativeError
from nmclick.run.query import exit_value, print_json, print_values
from nmclick.run.start import Settings, start

if TYPE_CHECKING:
    from nmclick.compile import RuntimeBuild
    from nmclick.lang.diagnostics import Diagnostics
    from nmclick.run.load import Loaded
    from nmclick.run.privileges import Identity
    from nmclick.run.router import RunningRouter
    from nmclick.run.statistics import Reporter, Statistics

__all__ = ["RunOptions", "drive"]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line asks of a run besides its configuration. `cpu` negative: any processor; `reporter`
    None: no statistics, `report_every` in seconds, 0: only at the end. `json`: handlers are printed as one object."""

    settings: Settings = field(default_factory=Settings)
    handlers: Sequence[str] = ()
    exit_handler: str | None = None
    output: str | None = None
    quit: bool = False
    times: bool = False
    cpu: int = -1
    #: Who to become once everything is open; None: stay who we are.
    user: Identity | None = None
    landmark: str = "config"
    reporter: Reporter | None = None
    report_every: float = 0
    json: bool = False
    #: Prints the diagnostics collected so far, and forgets them.
    show: Callable[[Diagnostics], None] = lambda diagnostics: None


def drive(loaded: Loaded, options: RunOptions, runtime: RuntimeBuild, diagnostics: Diagnostics) -> int:
    """Run a configuration: the exit status. Raises CompilerError."""
    router = start(loaded, options.settings, runtime, diagnostics)
    options.show(diagnostics)
    if router is None:
        return 1
    try:
        status = _drive(router, options, diagnostics)
        options.show(diagnostics)
    finally:
        lost = router.native.close()
    if lost and os.environ.get("NMCLICK_DEBUG") == "1":
        router.report(f"nmclick: {lost} buffers were not given back")
    return status


def _drive(router: RunningRouter, options: RunOptions, diagnostics: Diagnostics) -> int:
    status = 0
    if options.output is not None and not _write_flat(router, options.output, diagnostics):
        status = 1
    if options.user is not None and not _become(options.user, diagnostics):
        return 1
    statistics = _count(router) if options.reporter is not None else None
    stopwatch = _Stopwatch()
    if router.elements and not options.quit:
        if not _run(router, options, statistics, diagnostics):
            status = 1
    elif not options.quit:
        diagnostics.warning(None, f"{options.landmark}: configuration has no elements, exiting")
    options.show(diagnostics)
    if options.times:
        router.print(stopwatch.text())
    before = diagnostics.errors
    printer = print_json if options.json else print_values
    printer(router, options.handlers, diagnostics)
    if diagnostics.errors > before:
        status = 1
    if options.exit_handler is not None:
        status = exit_value(router, options.exit_handler, diagnostics)
    options.show(diagnostics)
    if statistics is not None and options.reporter is not None:
        options.reporter.finish(statistics.total())
    return status


def _become(user: Identity, diagnostics: Diagnostics) -> bool:
    from nmclick.run.preload import preload
    from nmclick.run.privileges import PrivilegeError, drop_privileges

    preload()
    try:
        drop_privileges(user)
    except PrivilegeError as error:
        diagnostics.error(None, str(error), hint=error.hint)
        return False
    return True


def _run(router: RunningRouter, options: RunOptions, statistics: Statistics | None, diagnostics: Diagnostics) -> bool:
    """Whether the router ran."""
    native = router.native
    periodic = None
    if statistics is not None and options.reporter is not None and options.report_every > 0:
        reporter = options.reporter
        periodic = Periodic(int(options.report_every * 1e9), lambda: reporter.report(statistics.interval()))
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            native.catch_signal(number, once=True)
        for element in router.elements:
            try:
                element.started()
            except HandlerError as error:
                router.error(element, str(error))
        native.start(options.cpu)
        run_until_stopped(router, periodic)
    except NativeError as error:
        diagnostics.error(None, str(error))
        return False
    finally:
        for warning in native.stop():
            diagnostics.error(None, warning)
        for element in router.elements:
            element.stopped()
    return True


def _count(router: RunningRouter) -> Statistics:
    from nmclick.run.statistics import Statistics

    return Statistics(router)


def _write_flat(router: RunningRouter, output: str, diagnostics: Diagnostics) -> bool:
    text = flat_configuration(router)
    if output == "-":
        router.print(text)
        return True
    try:
        Path(output).write_bytes(text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        diagnostics.error(None, f"{output}: {error.strerror}")
        return False
    return True


class _Stopwatch:
    """Processor and wall time since it was made, as ``-t`` prints it."""

    def __init__(self) -> None:
        self._usage = resource.getrusage(resource.RUSAGE_SELF)
        self._began = time.monotonic()

    def text(self) -> str:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        user = round((usage.ru_utime - self._usage.ru_utime) * 1000)
        system = round((usage.ru_stime - self._usage.ru_stime) * 1000)
        wall = round((time.monotonic() - self._began) * 100)
        minutes, hundredths = divmod(wall, 6000)
        return (
            f"{user // 1000}.{user % 1000:03}u {system // 1000}.{system % 1000:03}s "
            f"{minutes}:{hundredths // 100:02}.{hundredths % 100:02}\n"
        )
