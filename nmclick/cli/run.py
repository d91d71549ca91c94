"""``nmclick run``: Click's userlevel driver, with Click's command line."""

from __future__ import annotations

import math
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nmclick.cli.common import (
    CLICKPATH,
    DIAGNOSTICS,
    EXPRESSION,
    FILE,
    HELP,
    VERSION,
    Configuration,
    diagnostics_mode,
    show,
)
from nmclick.cli.options import Option, UsageError, format_help, parse

if TYPE_CHECKING:
    from nmclick.lang.diagnostics import Diagnostics
    from nmclick.run.ports import Substitution
    from nmclick.run.privileges import Identity
    from nmclick.run.start import Settings
    from nmclick.run.statistics import Reporter

PORT = Option(
    "port",
    "p",
    "NAME=SPEC",
    "Use the port SPEC (pcap:FILE, replay:FILE, null:, ...) in the place of the device NAME; NAME:in= and NAME:out= "
    "are for one direction. A number instead: listen for control connections on this TCP port.",
)
HANDLER = Option(
    "handler",
    "h",
    "[ELEMENT.]H",
    "After the run read the handler H of ELEMENT (a name, pattern or class) and print it.",
)
EXIT = Option("exit-handler", "x", "[ELEMENT.]H", "Take the exit status from a handler.")
OUTPUT = Option("output", "o", "FILE", "Write the flat configuration to FILE; '-' is standard output.")
QUIT = Option("quit", "q", help="Initialise the configuration, but do not run it.")
TIME = Option("time", "t", help="Print how long the run took.")
STATS = Option(
    "stats", metavar="SECONDS", optional=True, help="Print rates every second or every SECONDS, and totals at the end."
)
JSON = Option("json", help="Print statistics and handlers as JSON, one object a line.")
SIMTIME = Option(
    "simtime",
    metavar="SECONDS",
    optional=True,
    help="Run in simulated time, which starts at SECONDS (default 1000000000) and passes only when nothing is to do.",
    aliases=("simulation-time",),
)
BUFFERS = Option("buffers", metavar="N", help="Number of packet buffers; default 65536.")
BUFFER_SIZE = Option("buffer-size", metavar="BYTES", help="Size of a packet buffer; default: what the ports need.")
BATCH = Option("batch", metavar="N", help="Largest number of packets moved at once; default 128.")
THREADS = Option("threads", "j", "N", "Run N threads: each has its share of the ports' rings (default 1).")
AFFINITY = Option(
    "affinity", "a", "N", "Pin threads to processors, from number N (default 0); several are pinned without it too.",
    optional=True, negate=True,
    aliases=("cpu",),
)  # fmt: skip
USER = Option(
    "user",
    metavar="NAME[:GROUP]",
    help="Become this user for good once the ports are open, before packets flow. Only root can.",
)
WARNINGS = Option("warnings", help="Print warnings (the default).")
NO_WARNINGS = Option("no-warnings", "w", help="Do not print warnings.")
UNIX_SOCKET = Option("unix-socket", "u", "FILE", "Listen for control connections on a Unix socket.")
SOCKET = Option("socket", metavar="FD", help="Take a file descriptor for a control connection.")

OPTIONS = (
    *(FILE, EXPRESSION, PORT, HANDLER, EXIT, OUTPUT, QUIT, TIME, STATS, JSON, SIMTIME, BUFFERS, BUFFER_SIZE, BATCH),
    *(THREADS, AFFINITY, USER, UNIX_SOCKET, SOCKET, WARNINGS, NO_WARNINGS, CLICKPATH, DIAGNOSTICS, HELP, VERSION),
)

SUMMARY = (
    "Install a router configuration and run it until it stops by itself or is interrupted. Errors go to standard "
    "error; NAME=VALUE defines a variable of the configuration."
)
DEFAULT_SIMTIME = 1_000_000_000
_NS = 1_000_000_000


@dataclass(slots=True)
class Request:
    """A parsed command line."""

    configuration: Configuration = field(default_factory=Configuration)
    handlers: list[str] = field(default_factory=list)
    substitutions: list[Substitution] = field(default_factory=list)
    control_sockets: list[str] = field(default_factory=list)
    exit_handler: str | None = None
    output: str | None = None
    simulate: int | None = None
    stats: float | None = None
    quit: bool = False
    times: bool = False
    json: bool = False
    warnings: bool = True
    buffers: int | None = None
    buffer_size: int | None = None
    batch: int | None = None
    threads: int = 1
    cpu: int | None = None
    user: Identity | None = None
    diagnostics: str | None = None
    answer: str | None = None  # --help, --version


def main(arguments: list[str]) -> int:
    request = read_command_line(arguments)
    if request.answer is not None:
        sys.stdout.write(request.answer)
        return 0
    return _run(request)


def read_command_line(arguments: list[str]) -> Request:
    """Raises UsageError."""
    request = Request()
    for option, value in parse(arguments, OPTIONS):
        if not request.configuration.take(option, value):
            assert option is not None
            _take(request, option, value)
            if request.answer is not None:
                break
    return request


def _take(request: Request, option: Option, value: str) -> None:
    if option is HANDLER:
        request.handlers.append(value)
    elif option is PORT:
        _take_port(request, value)
    elif option is EXIT:
        request.exit_handler = _once(request.exit_handler, option, value)
    elif option is OUTPUT:
        request.output = _once(request.output, option, value)
    elif option is QUIT:
        request.quit = True
    elif option is TIME:
        request.times = True
    elif option is JSON:
        request.json = True
    elif option is STATS:
        request.stats = _seconds(option, value) if value else 1.0
    elif option is SIMTIME:
        request.simulate = round(_seconds(option, value) * _NS) if value else DEFAULT_SIMTIME * _NS
    elif option is USER:
        request.user = _identity(value)
    elif option is WARNINGS:
        request.warnings = True
    elif option is NO_WARNINGS:
        request.warnings = False
    elif option is DIAGNOSTICS:
        request.diagnostics = value
    elif option is UNIX_SOCKET:
        request.control_sockets.append(f"UNIX, {value}")
    elif option is SOCKET:
        request.control_sockets.append(f"SOCKET, {_number(option, value, 0, 2**31 - 1)}")
    elif option is HELP:
        request.answer = format_help(SUMMARY, "nmclick run [OPTION]... [FILE] [NAME=VALUE]...", OPTIONS)
    elif option is VERSION:
        from nmclick import __version__

        request.answer = f"nmclick {__version__}\n"
    else:
        _take_number(request, option, value)


def _take_number(request: Request, option: Option, value: str) -> None:
    if option is BUFFERS:
        request.buffers = _number(option, value, 64, 2**28)
    elif option is BUFFER_SIZE:
        request.buffer_size = _number(option, value, 256, 2**20)
    elif option is BATCH:
        request.batch = _number(option, value, 1, 1024)
    elif option is THREADS:
        request.threads = max(1, _number(option, value, -(2**31), 2**31 - 1))
    elif option is AFFINITY:
        request.cpu = -1 if value == "no" else _number(option, value or "0", 0, 1023)


def _take_port(request: Request, value: str) -> None:
    from nmclick.run.ports import Substitution

    number = value.removesuffix("+")
    if "=" not in value and number.isascii() and number.isdigit() and 0 < int(number) < 65536:
        request.control_sockets.append(f"TCP, {value}")
        return
    try:
        request.substitutions.append(Substitution.parse(value))
    except ValueError as error:
        raise UsageError(f"--port: {error}") from None


def _identity(value: str) -> Identity:
    from nmclick.run.privileges import PrivilegeError, find_identity

    try:
        return find_identity(value)
    except PrivilegeError as error:
        raise UsageError(f"--user: {error}") from None


def _once(old: str | None, option: Option, value: str) -> str:
    if old is not None:
        raise UsageError(f"--{option.long} specified twice")
    return value


def _number(option: Option, text: str, low: int, high: int) -> int:
    try:
        value = int(text, 10)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise UsageError(f"--{option.long} is '{text}', not a number from {low} to {high}")
    return value


def _seconds(option: Option, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 1.8e10:
        raise UsageError(f"--{option.long} is '{text}', not a number of seconds")
    return value


def _run(request: Request) -> int:
    mode = diagnostics_mode(request.diagnostics)
    from dataclasses import replace

    from nmclick.compile import CompilerError, RuntimeBuild
    from nmclick.lang.diagnostics import Diagnostics
    from nmclick.run.driver import RunOptions, drive
    from nmclick.run.load import load

    diagnostics = Diagnostics()
    if not _may_become(request.user, diagnostics) or not _has_processors(request, diagnostics):
        show(diagnostics, mode)
        return 1
    runtime = RuntimeBuild()
    if request.threads > 1 and request.simulate is not None:
        diagnostics.warning(None, "simulated time has one thread")
    wanted = replace(request.configuration.input(), control_sockets=request.control_sockets)
    loaded = load(wanted, diagnostics)
    show(diagnostics, mode, warnings=request.warnings)
    if loaded is None:
        return 1
    options = RunOptions(
        _settings(request),
        handlers=request.handlers,
        exit_handler=request.exit_handler,
        output=request.output,
        quit=request.quit,
        times=request.times,
        cpu=_first_cpu(request),
        user=request.user,
        landmark=request.configuration.landmark,
        reporter=_reporter(request),
        report_every=0 if request.simulate is not None else request.stats or 0,
        json=request.json,
        show=lambda found: show(found, mode, warnings=request.warnings),
    )
    try:
        return drive(loaded, options, runtime, diagnostics)
    except CompilerError as error:
        diagnostics.error(None, str(error))
        show(diagnostics, mode)
        return 1


def _may_become(user: Identity | None, diagnostics: Diagnostics) -> bool:
    """Whether privileges can be given up for `user`: told before the configuration is compiled."""
    if user is None:
        return True
    from nmclick.run.privileges import PrivilegeError, check_root

    try:
        check_root(user)
    except PrivilegeError as error:
        diagnostics.error(None, str(error), hint=error.hint)
        return False
    return True


def _has_processors(request: Request, diagnostics: Diagnostics) -> bool:
    """Whether there are the processors that threads are to be pinned to."""
    if request.cpu is None:
        return True
    allowed = os.sched_getaffinity(0)
    missing = sorted(set(range(request.cpu, request.cpu + request.threads)) - allowed)
    if missing:
        there = ", ".join(map(str, sorted(allowed)))
        diagnostics.error(
            None, f"--affinity {request.cpu}: there is no processor {missing[0]}", hint=f"this process may use {there}"
        )
    return not missing


def _first_cpu(request: Request) -> int:
    """The processor of the first thread; -1: wherever. Several threads are kept apart if processors are enough."""
    if request.cpu is not None:
        return request.cpu
    wanted = set(range(request.threads))
    return 0 if request.threads > 1 and wanted <= os.sched_getaffinity(0) else -1


def _settings(request: Request) -> Settings:
    from nmclick.compile import BURST
    from nmclick.run.start import DEFAULT_BUFFERS, Settings

    return Settings(
        simulate=request.simulate,
        substitutions=request.substitutions,
        buffers=request.buffers or DEFAULT_BUFFERS,
        buffer_size=request.buffer_size or 0,
        burst=request.batch or BURST,
        workers=request.threads if request.simulate is None else 1,
        announce=not request.quit,
    )


def _reporter(request: Request) -> Reporter | None:
    if request.stats is None:
        return None
    from nmclick.cli.statistics import make_reporter

    return make_reporter(json=request.json)
