"""From a checked configuration to a router that is ready to run: memory, ports, native code, elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nmclick.compile import BURST, CompiledProgram, RuntimeBuild, compile_router, port_uses
from nmclick.graph.router import describe
from nmclick.run.native import Native, NativeError, longest_frame
from nmclick.run.opening import advice, announcements, open_ports, refused
from nmclick.run.ports import PortError, PortWish, Substitution, resolve_ports
from nmclick.run.router import RunningRouter

if TYPE_CHECKING:
    from nmclick.lang.diagnostics import Diagnostics
    from nmclick.run.load import Loaded

__all__ = ["Settings", "start"]

DEFAULT_BUFFERS = 65536
DEFAULT_BUFFER_SIZE = 2048
#: Bytes in a buffer besides the longest frame: netmap headroom in front, room for headers that elements add.
SPARE = 64 + 192


@dataclass(frozen=True, slots=True)
class Settings:
    """How to run. `simulate` is the simulated time at the start in ns, None for real time; `buffer_size` 0: as the
    longest frame of the ports needs it."""

    simulate: int | None = None
    substitutions: Sequence[Substitution] = ()
    buffers: int = DEFAULT_BUFFERS
    buffer_size: int = 0
    burst: int = BURST
    workers: int = 1
    #: Say how network devices are used.
    announce: bool = False


def start(loaded: Loaded, settings: Settings, runtime: RuntimeBuild, diagnostics: Diagnostics) -> RunningRouter | None:
    """Compile and load; every element is initialised, nothing runs. None after errors, with nothing left behind.
    Raises CompilerError."""
    uses = port_uses(loaded.graph)
    wishes, errors = resolve_ports(uses, settings.substitutions)
    if errors:
        for error in errors:
            _report(loaded, error, diagnostics)
        diagnostics.not_initialized = True
        return None
    specs = {use: wish.spec for use, wish in zip(uses, wishes, strict=True)}
    for element in loaded.graph.elements:
        element.port_specs = tuple(specs[element.index, use] for use in element.devices())
    if not runtime.done:
        _compile(loaded, settings)  # at the same time: the result is kept for below
    library = runtime.path()
    if any(spec.startswith(("netmap:", "vale")) for wish in wishes for spec in (wish.spec, *wish.alternatives)):
        from nmclick.run.provider import bring_provider

        bring_provider(library)
    longest = _probe(loaded, library, wishes, diagnostics)
    if longest is None:
        return None
    program = _compile(loaded, settings)
    size = settings.buffer_size or max(DEFAULT_BUFFER_SIZE, longest + SPARE)
    try:
        native = Native(library, buffers=settings.buffers, buffer_size=size)
    except NativeError as failure:
        diagnostics.error(None, str(failure), hint="see --buffers and --buffer-size")
        return None
    if settings.simulate is not None:
        native.simulate(settings.simulate)
    opened, errors = open_ports(loaded.graph, native, wishes, rings=settings.workers)
    for error in errors:
        _report(loaded, error, diagnostics)
    if not errors and _load(loaded, native, program.path, diagnostics):
        router = RunningRouter(
            loaded.graph,
            loaded.flat,
            program,
            native,
            loaded.environment,
            ports=opened,
            simulated=settings.simulate is not None,
        )
        for line in advice(native, opened):
            router.report(f"warning: {line}")
        for line in announcements(loaded.graph, native, opened) if settings.announce else ():
            router.report(line)
        return router
    diagnostics.not_initialized = True
    native.close()
    return None


def _compile(loaded: Loaded, settings: Settings) -> CompiledProgram:
    return compile_router(loaded.graph, burst=settings.burst, workers=settings.workers)


def _report(loaded: Loaded, error: PortError, diagnostics: Diagnostics) -> None:
    if error.element is None:
        diagnostics.error(None, str(error), hint=error.hint)
        return
    element = loaded.graph.elements[error.element]
    context = f"While initializing '{describe(element)}':"
    diagnostics.error(element.span, str(error), context=context, hint=error.hint)


def _probe(loaded: Loaded, library: Path, wishes: Sequence[PortWish], diagnostics: Diagnostics) -> int | None:
    """The longest frame that any port delivers and any element makes."""
    longest = max((element.longest_packet for element in loaded.graph.elements), default=0)
    failed = False
    for wish in wishes:
        frames: list[int] = []
        for spec in (wish.spec, *wish.alternatives):
            try:
                frames.append(longest_frame(library, spec, read=wish.read, write=wish.write, options=wish.options))
            except NativeError as failure:
                refusal = failure
        if frames:
            longest = max(longest, *frames)
        else:
            _report(loaded, refused(wish, spec, refusal), diagnostics)
            failed = True
    if failed:
        diagnostics.not_initialized = True
        return None
    return longest


def _load(loaded: Loaded, native: Native, path: Path, diagnostics: Diagnostics) -> bool:
    try:
        native.load(path, [element.name for element in loaded.graph.elements])
    except NativeError as failure:
        _report(loaded, PortError(str(failure), failure.element), diagnostics)
        return False
    return True
