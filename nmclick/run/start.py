"""From a checked configuration to a router that is ready to run: memory, ports, native code, elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nmclick.compile import BURST, RuntimeBuild, compile_router, port_uses
from nmclick.graph.router import describe
from nmclick.lang.linktypes import link_type_name
from nmclick.run.native import Native, NativeError, longest_frame
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
        compile_router(loaded.graph, burst=settings.burst)  # at the same time: the result is kept for below
    library = runtime.path()
    longest = _probe(loaded, library, wishes, diagnostics)
    if longest is None:
        return None
    program = compile_router(loaded.graph, burst=settings.burst)
    size = settings.buffer_size or max(DEFAULT_BUFFER_SIZE, longest + SPARE)
    try:
        native = Native(library, buffers=settings.buffers, buffer_size=size)
    except NativeError as failure:
        diagnostics.error(None, str(failure), hint="see --buffers and --buffer-size")
        return None
    if settings.simulate is not None:
        native.simulate(settings.simulate)
    if _open(loaded, native, wishes, diagnostics) and _load(loaded, native, program.path, diagnostics):
        return RunningRouter(
            loaded.graph,
            loaded.flat,
            program,
            native,
            loaded.environment,
            ports=wishes,
            simulated=settings.simulate is not None,
        )
    diagnostics.not_initialized = True
    native.close()
    return None


def _report(loaded: Loaded, error: PortError, diagnostics: Diagnostics) -> None:
    if error.element is None:
        diagnostics.error(None, str(error), hint=error.hint)
        return
    element = loaded.graph.elements[error.element]
    context = f"While initializing '{describe(element)}':"
    diagnostics.error(element.span, str(error), context=context, hint=error.hint)


def _refused(wish: PortWish, failure: NativeError) -> PortError:
    """The user's own name in the place of the port's, and how to do without a device that is not there."""
    message = str(failure)
    if message.startswith(f"{wish.spec}: "):
        message = wish.name + message[len(wish.spec) :]
    hint = None if ":" in wish.spec else f"--port {wish.name}=pcap:FILE runs it on a capture file"
    return PortError(message, wish.element, hint)


def _probe(loaded: Loaded, library: Path, wishes: Sequence[PortWish], diagnostics: Diagnostics) -> int | None:
    """The longest frame that any port delivers."""
    longest = 0
    failed = False
    for wish in wishes:
        try:
            frame = longest_frame(library, wish.spec, read=wish.read, write=wish.write, options=wish.options)
        except NativeError as failure:
            _report(loaded, _refused(wish, failure), diagnostics)
            failed = True
        else:
            longest = max(longest, frame)
    if failed:
        diagnostics.not_initialized = True
        return None
    return longest


def _open(loaded: Loaded, native: Native, wishes: Sequence[PortWish], diagnostics: Diagnostics) -> bool:
    opened = True
    link_types: dict[str, int] = {}
    numbers: dict[str, int] = {}
    for wish in wishes:
        try:
            if wish.shared and wish.spec in numbers:
                port = native.share_port(numbers[wish.spec])
            else:
                together = [other for other in wishes if other.spec == wish.spec] if wish.shared else [wish]
                port = native.open_port(
                    wish.spec,
                    read=any(other.read for other in together),
                    write=any(other.write for other in together),
                    options={**wish.options, **_link_type(wish, link_types)},
                )
                numbers[wish.spec] = port
        except NativeError as failure:
            _report(loaded, _refused(wish, failure), diagnostics)
            opened = False
        except PortError as error:
            _report(loaded, error, diagnostics)
            opened = False
        else:
            link_types[loaded.graph.elements[wish.element].name] = native.port_link_type(port)
    return opened


def _link_type(wish: PortWish, link_types: Mapping[str, int]) -> dict[str, int]:
    """The option for a port that takes its link type from others. Those that could not be opened have been reported."""
    known = {name: link_types[name] for name in wish.link_type_from if name in link_types}
    if len(set(known.values())) > 1:
        lines = [f"  {name} has {link_type_name(link_type)}" for name, link_type in known.items()]
        raise PortError("\n".join(["source encapsulation types disagree:", *lines]), wish.element)
    return {"link_type": next(iter(known.values()))} if known else {}


def _load(loaded: Loaded, native: Native, path: Path, diagnostics: Diagnostics) -> bool:
    try:
        native.load(path, [element.name for element in loaded.graph.elements])
    except NativeError as failure:
        _report(loaded, PortError(str(failure), failure.element), diagnostics)
        return False
    return True
