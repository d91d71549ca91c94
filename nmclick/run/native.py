"""One native run: the runtime's C functions with Python's types. Knows nothing of elements or handlers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

from nmclick.run.ffi import NEVER, interface, load_ports, load_program, load_runtime

__all__ = ["NEVER", "Event", "EventKind", "Native", "NativeError", "PortCounters", "TaskCounters", "WorkerCounters"]

_ERROR_ROOM = 512
_NO_PROGRAM = 2**32 - 1
_LINK_NULL = 2**32 - 1  # the option for link type 0; the option 0 means Ethernet


class NativeError(Exception):
    """The runtime refused; the text says what and why. `element` is the index of the one that did, if one did."""

    def __init__(self, message: str, element: int | None = None) -> None:
        super().__init__(message)
        self.element = element


class EventKind(IntEnum):
    NONE = 0
    UPCALL = 1
    WAKE = 2
    DRAINED = 3


class Event(NamedTuple):
    """Why `Native.wait` returned. The other fields are about upcalls."""

    kind: EventKind
    worker: int
    element: int
    call_kind: int
    argument: int


class TaskCounters(NamedTuple):
    calls: int
    idle_calls: int
    packets: int


class PortCounters(NamedTuple):
    """What went through a port's rings, and what waits there in both directions. `drops` counts by reason, in words,
    also in both; `told` are the reasons that the elements that send count, too (elements/io/transmit.h)."""

    rx_packets: int
    rx_bytes: int
    rx_drops: int
    tx_packets: int
    tx_bytes: int
    tx_drops: int
    waiting: int
    drops: Mapping[str, int]
    told: Set[str]


class WorkerCounters(NamedTuple):
    rounds: int
    sleeps: int
    no_buffer: int
    free_buffers: int
    buffers: int


class Native:
    """A runtime: first ports are opened, then a program is loaded, then it runs."""

    def __init__(self, library: Path, *, buffers: int, buffer_size: int) -> None:
        self._ffi = interface()
        self._lib = load_runtime(library)
        self._error = self._ffi.new("char[]", _ERROR_ROOM)
        self._runtime = self._lib.nm_runtime_create(buffers, buffer_size, self._error, _ERROR_ROOM)
        if not self._runtime:
            raise NativeError(self._message())
        self._ports: list[Any] = []
        self._kept: list[Any] = []
        self._event = self._ffi.new("struct nm_event *")
        self._program: Any = None
        self._states: list[Any] = []
        self._closed = False

    def _message(self) -> str:
        return self._string(self._error)

    def _string(self, text: Any) -> str:
        decoded: str = self._ffi.string(text).decode("utf-8", "surrogateescape")
        return decoded

    # Building

    def port_memory(self, spec: str) -> int:
        """Above 0: the port has memory of its own, the higher the better; below 0: packets must lie in the run's."""
        return int(self._lib.nm_port_memory(port_name(self._lib, spec)))

    def adopt(self, spec: str, *, read: bool, write: bool, options: Mapping[str, int]) -> bool:
        """Let packets lie in the memory of this port, which is then to be opened as here. Before any other port.
        False if that cannot be: all is as it was."""
        wanted = port_options(self._ffi, read=read, write=write, options=options)
        return bool(self._lib.nm_runtime_adopt(self._runtime, port_name(self._lib, spec), wanted))

    def open_port(self, spec: str, *, read: bool, write: bool, options: Mapping[str, int]) -> int:
        """Open a port; its number. Options are fields of struct nm_port_options."""
        wanted = port_options(self._ffi, read=read, write=write, options=options)
        name = port_name(self._lib, spec)
        port = self._lib.nm_runtime_open(self._runtime, name, wanted, self._error, _ERROR_ROOM)
        if not port:
            raise NativeError(self._message())
        self._ports.append(port)
        return len(self._ports) - 1

    def share_port(self, port: int) -> int:
        """Another number for a port that is open already."""
        if not self._lib.nm_runtime_share(self._runtime, port):
            raise NativeError("out of memory")
        self._ports.append(self._ports[port])
        return len(self._ports) - 1

    def distinct_ports(self) -> list[int]:
        """The first number of every port."""
        return [number for number, port in enumerate(self._ports) if self._ports.index(port) == number]

    def port_link_type(self, port: int) -> int:
        return int(self._ports[port].link_type)

    def port_finished(self, port: int) -> bool:
        return bool(self._ports[port].finished)

    def port_note(self, port: int) -> str | None:
        """How the port was opened, in a few words."""
        note = self._ports[port].note
        return self._string(note) if note else None

    def port_advice(self, port: int) -> list[str]:
        """Trouble seen when the port was opened, and its cures; complete after `load`."""
        advice = self._ports[port].advice
        return self._string(advice).splitlines() if advice else []

    def port_warning(self, port: int) -> str | None:
        warning = self._ports[port].warning
        return self._string(warning) if warning else None

    def simulate(self, start: int) -> None:
        """Let time be simulated, from `start` ns since the epoch. Before `load`."""
        self._lib.nm_runtime_simulate(self._runtime, start)

    def warp(self, speed: float, *, jump: bool) -> None:
        """Let time run `speed` times as fast as the wall clock's; with `jump` waits are skipped besides."""
        self._lib.nm_runtime_warp(self._runtime, speed, jump)

    def load(self, path: Path, names: Sequence[str]) -> None:
        """Load a compiled configuration and initialise its elements, which are called `names` in logs."""
        try:
            library, program = load_program(path)
        except OSError as error:
            raise NativeError(f"cannot load {path}: {error}") from error
        texts = [self._ffi.new("char[]", name.encode("utf-8", "surrogateescape")) for name in names]
        array = self._ffi.new("char *[]", [*texts, self._ffi.NULL])
        self._kept += [library, texts, array]
        failed = self._lib.nm_runtime_load(self._runtime, program, array, self._error, _ERROR_ROOM)
        if failed:
            raise NativeError(self._message(), None if failed == _NO_PROGRAM else failed - 1)
        self._program = program
        states = [self._lib.nm_runtime_state(self._runtime, worker) for worker in range(program.n_workers)]
        size = max(1, program.state_size)
        self._states = [memoryview(self._ffi.buffer(state, size)).cast("B") for state in states]

    def start(self, cpu: int = -1) -> None:
        """Start the workers, parked, on processor `cpu` if one is given."""
        error = self._lib.nm_runtime_start(self._runtime, cpu)
        if error:
            import os

            raise NativeError(f"cannot start a worker thread: {os.strerror(-error)}")

    # State

    @property
    def program(self) -> Any:
        """The struct nm_program that was loaded."""
        return self._program

    def read_state(self, worker: int, offset: int, size: int) -> bytes:
        return bytes(self._states[worker][offset : offset + size])

    def write_state(self, worker: int, offset: int, value: bytes) -> None:
        self._states[worker][offset : offset + len(value)] = value

    def call(self, worker: int, number: int, data: bytes, room: int) -> tuple[int, bytes]:
        """Run an element's NAME_call_WHAT with a worker's state: its result and the bytes it wrote, at most `room`."""
        out = self._ffi.new("uint8_t[]", room) if room else self._ffi.NULL
        result = int(self._lib.nm_runtime_call(self._runtime, worker, number, data, len(data), out, room))
        return result, bytes(self._ffi.buffer(out, room)) if room else b""

    @contextmanager
    def held(self) -> Iterator[None]:
        """While no worker runs: the state can be read and written."""
        self.park()
        try:
            yield
        finally:
            self.unpark()

    def park(self) -> None:
        self._lib.nm_runtime_park(self._runtime)

    def unpark(self) -> None:
        self._lib.nm_runtime_unpark(self._runtime)

    def schedule(self, task: int, scheduled: bool) -> None:
        self._lib.nm_runtime_schedule(self._runtime, task, scheduled)

    def set_tickets(self, task: int, tickets: int) -> None:
        self._lib.nm_runtime_set_tickets(self._runtime, task, tickets)

    def tickets(self, task: int) -> int:
        return int(self._lib.nm_runtime_tickets(self._runtime, task))

    def scheduled(self, task: int) -> bool:
        return bool(self._lib.nm_runtime_scheduled(self._runtime, task))

    # Running

    def now(self) -> int:
        """Nanoseconds since the epoch, by the run's own clock."""
        return int(self._lib.nm_runtime_now(self._runtime))

    def wait(self, deadline: int = NEVER) -> Event:
        """Let the workers run until something happens or `deadline` (ns) comes."""
        event = self._event
        self._lib.nm_runtime_wait(self._runtime, max(0, min(deadline, NEVER)), event)
        return Event(EventKind(event.kind), event.worker, event.element, event.call_kind, event.argument)

    def reply(self, worker: int, answer: int) -> None:
        self._lib.nm_runtime_reply(self._runtime, worker, answer)

    def wake(self) -> None:
        self._lib.nm_runtime_wake(self._runtime)

    def drain(self, skip: Sequence[bool]) -> None:
        """Run all tasks but those to skip until nothing moves: a DRAINED event, after which all are held."""
        self._lib.nm_runtime_drain(self._runtime, bytes(skip) or b"\0")

    def resume(self) -> None:
        """Go on after a DRAINED event."""
        self._lib.nm_runtime_resume(self._runtime)

    def catch_signal(self, signal: int, *, once: bool) -> None:
        """Have a signal wake `wait`; with `once` the next one has its default effect."""
        error = self._lib.nm_signal_catch(self._runtime, signal, once)
        if error:
            raise NativeError(f"cannot catch signal {signal}")

    def signals_caught(self) -> list[int]:
        """Signals that came since the last call."""
        caught = int(self._lib.nm_signals_caught())
        return [number for number in range(1, 64) if caught >> number & 1]

    def stop(self) -> list[str]:
        """End the threads and flush the ports: what could not be written. The state stays readable."""
        if self._lib.nm_runtime_stop(self._runtime) == 0:
            return []
        warnings = ((self._string(self._ports[port].name), self.port_warning(port)) for port in self.distinct_ports())
        return [f"{name}: {warning}" for name, warning in warnings if warning is not None]

    def close(self) -> int:
        """Free everything; buffers that nobody gave back (0 unless an element leaks)."""
        if self._closed:
            return 0
        self._closed = True
        self._states = []
        lost = int(self._lib.nm_runtime_destroy(self._runtime))
        self._ports.clear()
        return lost

    # Accounting

    def task_counters(self, task: int) -> TaskCounters:
        counters = self._ffi.new("struct nm_task_counters *")
        self._lib.nm_runtime_task_counters(self._runtime, task, counters)
        return TaskCounters(counters.calls, counters.idle_calls, counters.packets)

    def port_counters(self, port: int) -> PortCounters:
        c = self._ffi.new("struct nm_port_counters *")
        self._lib.nm_runtime_port_counters(self._runtime, port, c)
        drops = {self._string(self._lib.nm_drop_text(i)): int(n) for i, n in enumerate(c.drops_by) if n}
        told = {self._string(self._lib.nm_drop_text(i)) for i in (self._lib.NM_DROP_WRITE, self._lib.NM_DROP_SYSTEM)}
        return PortCounters(
            c.rx_packets, c.rx_bytes, c.rx_drops, c.tx_packets, c.tx_bytes, c.tx_drops, c.waiting, drops, told
        )

    def worker_counters(self) -> WorkerCounters:
        c = self._ffi.new("struct nm_worker_counters *")
        self._lib.nm_runtime_worker_counters(self._runtime, c)
        return WorkerCounters(c.rounds, c.sleeps, c.no_buffer, c.free_buffers, c.buffers)


def port_options(ffi: Any, *, read: bool, write: bool, options: Mapping[str, int]) -> Any:
    """A struct nm_port_options."""
    wanted = ffi.new("struct nm_port_options *", {"read": read, "write": write})
    for name, value in options.items():
        setattr(wanted, name, _LINK_NULL if name == "link_type" and value == 0 else value)
    return wanted


def port_name(lib: Any, spec: str) -> bytes:
    """A port's name for C, the library for its kind loaded. Raises CompilerError."""
    name = spec.encode("utf-8", "surrogateescape")
    module = lib.nm_port_module(name)
    if module != interface().NULL:
        load_ports(interface().string(module).decode("ascii"))
    return name


def longest_frame(library: Path, spec: str, *, read: bool, write: bool, options: Mapping[str, int]) -> int:
    """Longest frame that a port will deliver, 0 if that cannot be told before it runs. Raises NativeError."""
    ffi, lib = interface(), load_runtime(library)
    error = ffi.new("char[]", _ERROR_ROOM)
    wanted = port_options(ffi, read=read, write=write, options=options)
    longest = int(lib.nm_port_probe(port_name(lib, spec), wanted, error, _ERROR_ROOM))
    if longest < 0:
        raise NativeError(ffi.string(error).decode("utf-8", "surrogateescape"))
    return longest
