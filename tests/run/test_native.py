"""The worker loop, the clock and the control plane's calls, on a program written by hand (machine.c)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nmclick.compile.cc import compile_shared, runtime_library
from nmclick.run.native import Event, EventKind, Native, NativeError

NAMES = ["source", "sink", "clocked"]
FIELDS = ["credit", "queued", "moved", "interval", "ticks", "last_tick", "ask", "answer", "timer_runs"]
FIELDS += ["timer_interval", "spin", "timer_last"]
SECOND = 10**9


class Machine(Native):
    def get(self, field: str) -> int:
        return int.from_bytes(self.read_state(0, self.program.field_offsets[FIELDS.index(field)], 8), "little")

    def set(self, field: str, value: int) -> None:
        self.write_state(0, self.program.field_offsets[FIELDS.index(field)], value.to_bytes(8, "little"))

    def wait_until(self, field: str, value: int) -> None:
        end = time.monotonic() + 5
        while time.monotonic() < end:
            with self.held():
                if self.get(field) == value:
                    return
            time.sleep(0.001)
        raise AssertionError(f"{field} stays {self.get(field)}, not {value}")


@pytest.fixture(scope="module")
def program() -> Path:
    return compile_shared([Path(__file__).with_name("machine.c")], flags=("-Werror",))


def make(program: Path, *, simulate: int | None = None, start: bool = True) -> Machine:
    machine = Machine(runtime_library(), buffers=128, buffer_size=2048)
    if simulate is not None:
        machine.simulate(simulate)
    machine.load(program, NAMES)
    if start:
        machine.start()
    return machine


@pytest.fixture
def machine(program: Path) -> Iterator[Machine]:
    machine = make(program)
    yield machine
    machine.stop()
    machine.close()


@pytest.fixture
def simulated(program: Path) -> Iterator[Machine]:
    machine = make(program, simulate=SECOND)
    yield machine
    machine.stop()
    machine.close()


def test_nothing_runs_before_unpark(machine: Machine) -> None:
    machine.set("credit", 100)
    time.sleep(0.02)
    assert machine.get("credit") == 100
    machine.unpark()
    machine.wait_until("moved", 100)


def test_every_task_moves_what_there_is_and_is_counted(machine: Machine) -> None:
    machine.set("credit", 100)
    machine.unpark()
    machine.wait_until("moved", 100)
    assert machine.task_counters(0).packets == 100
    assert machine.task_counters(1).packets == 100
    assert machine.task_counters(1).calls - machine.task_counters(1).idle_calls == 34
    assert machine.task_counters(2).packets == 0
    assert machine.task_counters(99).packets == 0


def test_a_parked_worker_stays_parked_through_nested_holds(machine: Machine) -> None:
    machine.unpark()
    with machine.held():
        with machine.held():
            machine.set("credit", 50)
        time.sleep(0.01)
        assert machine.get("credit") == 50
    machine.wait_until("moved", 50)


def test_an_idle_worker_uses_no_processor(machine: Machine) -> None:
    machine.unpark()
    time.sleep(0.05)
    before, used = machine.worker_counters().rounds, time.process_time()
    time.sleep(0.3)
    assert machine.worker_counters().rounds == before
    assert time.process_time() - used < 0.1


def test_a_clocked_task_is_woken_in_time(machine: Machine) -> None:
    machine.set("interval", 20_000_000)
    machine.unpark()
    time.sleep(0.3)
    with machine.held():
        assert 10 <= machine.get("ticks") <= 15
        assert machine.worker_counters().rounds < 200


def test_timers_run_at_the_start_and_when_they_asked_for(machine: Machine) -> None:
    machine.set("timer_interval", 20_000_000)
    machine.unpark()
    time.sleep(0.3)
    with machine.held():
        assert 10 <= machine.get("timer_runs") <= 16


def test_an_unscheduled_task_does_not_run(machine: Machine) -> None:
    machine.schedule(0, False)
    machine.set("credit", 10)
    machine.unpark()
    time.sleep(0.02)
    with machine.held():
        assert machine.get("credit") == 10
        assert not machine.scheduled(0)
        assert machine.scheduled(1)
        machine.schedule(0, True)
    machine.wait_until("moved", 10)


def test_wait_ends_at_its_deadline(machine: Machine) -> None:
    machine.unpark()
    deadline = machine.now() + 30_000_000
    assert machine.wait(deadline).kind is EventKind.NONE
    assert 0 <= machine.now() - deadline < 20_000_000


def test_wake_ends_a_wait_and_is_not_lost(machine: Machine) -> None:
    machine.unpark()
    machine.wake()
    assert machine.wait().kind is EventKind.WAKE
    threading.Timer(0.05, machine.wake).start()
    assert machine.wait().kind is EventKind.WAKE


def test_an_upcall_waits_for_its_answer(machine: Machine) -> None:
    machine.set("ask", 5)
    machine.unpark()
    event = machine.wait(machine.now() + 5 * SECOND)
    assert event == Event(EventKind.UPCALL, 0, 1, 5, 77)
    with machine.held():  # counts as parked
        machine.set("credit", 6)
    machine.reply(event.worker, 42)
    machine.wait_until("answer", 42)
    machine.wait_until("moved", 6)


def test_a_worker_held_in_an_upcall_goes_on_only_after_unpark(machine: Machine) -> None:
    machine.set("ask", 5)
    machine.unpark()
    event = machine.wait(machine.now() + 5 * SECOND)
    with machine.held():
        machine.reply(event.worker, 7)
        time.sleep(0.02)
        assert machine.get("answer") == 0
    machine.wait_until("answer", 7)


def test_stop_ends_a_worker_that_waits_for_an_answer(machine: Machine) -> None:
    machine.set("ask", 5)
    machine.unpark()
    machine.wait(machine.now() + 5 * SECOND)
    assert machine.stop() == []
    assert machine.get("answer") == 2**64 - 1


def test_an_upcall_outside_a_worker_is_refused(machine: Machine) -> None:
    assert machine.call(0, 1, b"", 0) == (-1, b"")


def test_calls_pass_bytes_in_and_out_and_logs_are_whole_lines(
    machine: Machine, capfd: pytest.CaptureFixture[str]
) -> None:
    assert machine.call(0, 0, b"abcdef", 4) == (6, b"abcd")
    assert machine.call(0, 99, b"", 0) == (-1, b"")
    assert capfd.readouterr().err == "sink: took one\n"


def test_draining_runs_all_but_the_skipped_until_nothing_moves(machine: Machine) -> None:
    machine.set("spin", 1)
    machine.unpark()
    time.sleep(0.005)
    with machine.held():
        machine.set("queued", 300)
    machine.drain([True, False, False])
    assert machine.wait(machine.now() + 5 * SECOND).kind is EventKind.DRAINED
    assert machine.get("queued") == 0
    calls = machine.task_counters(0).calls
    time.sleep(0.01)
    assert machine.task_counters(0).calls == calls
    machine.resume()
    time.sleep(0.01)
    assert machine.task_counters(0).calls > calls


def test_draining_ends_when_packets_go_round_for_ever(machine: Machine) -> None:
    machine.set("spin", 1)
    machine.unpark()
    machine.drain([False, False, False])
    assert machine.wait(machine.now() + 5 * SECOND).kind is EventKind.DRAINED


def test_simulated_time_jumps_from_tick_to_tick(simulated: Machine) -> None:
    simulated.set("interval", 10 * SECOND)
    simulated.unpark()
    began = time.monotonic()
    assert simulated.wait(1001 * SECOND + 500).kind is EventKind.NONE
    assert simulated.now() == 1001 * SECOND + 500
    assert simulated.get("ticks") == 100
    assert simulated.get("last_tick") == 1001 * SECOND
    assert time.monotonic() - began < 2


def test_simulated_time_stands_still_outside_wait(simulated: Machine) -> None:
    simulated.set("interval", SECOND)
    simulated.unpark()
    simulated.wait(5 * SECOND)
    now, ticks = simulated.now(), simulated.get("ticks")
    time.sleep(0.02)
    assert (simulated.now(), simulated.get("ticks")) == (now, ticks) == (5 * SECOND, ticks)
    simulated.wait(6 * SECOND)
    assert simulated.get("ticks") == ticks + 1


def test_a_busy_round_takes_a_simulated_microsecond(simulated: Machine) -> None:
    simulated.set("spin", 1)
    simulated.unpark()
    simulated.wait(SECOND + 1_000_000)
    assert simulated.now() == SECOND + 1_000_000
    assert simulated.task_counters(0).calls in range(999, 1002)


def test_simulated_timers_run_exactly_when_asked(simulated: Machine) -> None:
    simulated.set("timer_interval", SECOND)
    simulated.unpark()
    simulated.wait(4 * SECOND + 500_000_000)
    assert simulated.get("timer_runs") == 4
    assert 4 * SECOND <= simulated.get("timer_last") < 4 * SECOND + 1_000_000


def test_an_upcall_under_simulated_time(simulated: Machine) -> None:
    simulated.set("ask", 3)
    simulated.unpark()
    event = simulated.wait(2 * SECOND)
    assert (event.kind, event.call_kind) == (EventKind.UPCALL, 3)
    simulated.reply(event.worker, 9)
    assert simulated.wait(2 * SECOND).kind is EventKind.NONE
    assert simulated.get("answer") == 9


def test_simulated_time_drains_without_passing(simulated: Machine) -> None:
    simulated.set("queued", 100)
    simulated.unpark()
    simulated.drain([True, False, False])
    assert simulated.wait().kind is EventKind.DRAINED
    assert (simulated.now(), simulated.get("queued")) == (SECOND, 0)
    simulated.resume()
    assert simulated.wait(2 * SECOND).kind is EventKind.NONE


def test_time_runs_faster_when_warped(machine: Machine) -> None:
    machine.unpark()
    machine.warp(100.0, jump=False)
    began, now = time.monotonic(), machine.now()
    machine.wait(now + 10 * SECOND)
    assert 0.05 < time.monotonic() - began < 1
    assert machine.now() >= now + 10 * SECOND


def test_warped_time_can_skip_waits(machine: Machine) -> None:
    machine.set("interval", SECOND)
    machine.unpark()
    machine.warp(1.0, jump=True)
    began, now = time.monotonic(), machine.now()
    machine.wait(now + 1000 * SECOND)
    assert time.monotonic() - began < 2
    with machine.held():
        assert machine.get("ticks") in range(999, 1003)


def test_a_refused_init_names_the_element(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MACHINE_REFUSES", "no such thing")
    machine = Machine(runtime_library(), buffers=128, buffer_size=2048)
    with pytest.raises(NativeError) as caught:
        machine.load(program, NAMES)
    assert (str(caught.value), caught.value.element) == ("no such thing", 2)
    assert machine.close() == 0


def test_bad_buffer_sizes_are_refused_with_a_reason() -> None:
    with pytest.raises(NativeError, match=r"^cannot make 128 packet buffers of 32 bytes$"):
        Native(runtime_library(), buffers=128, buffer_size=32)


def test_an_unknown_port_is_refused_with_a_reason(program: Path) -> None:
    machine = Native(runtime_library(), buffers=128, buffer_size=2048)
    with pytest.raises(NativeError, match=r"^nosuch:x: unknown kind of port 'nosuch'"):
        machine.open_port("nosuch:x", read=True, write=False, options={})
    machine.close()


def test_buffers_that_nobody_gives_back_are_found(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = make(program)
    assert machine.worker_counters().buffers == 126
    assert machine.worker_counters().free_buffers == 126
    machine.call(0, 0, b"", 0)
    assert machine.worker_counters().free_buffers == 125
    machine.stop()
    assert machine.close() == 0
    leaking = make(program)
    leaking.call(0, 0, b"", 0)
    monkeypatch.setenv("MACHINE_LEAKS", "1")
    assert leaking.close() == 1


def test_hundreds_of_parks_under_load(machine: Machine) -> None:
    machine.set("spin", 1)
    machine.unpark()
    began = time.monotonic()
    for _ in range(500):
        with machine.held():
            pass
    assert time.monotonic() - began < 5


SIGNALS = """
import signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from nmclick.compile.cc import runtime_library
from nmclick.run.native import Native
native = Native(runtime_library(), buffers=128, buffer_size=2048)
native.load(Path(sys.argv[1]), ["a", "b", "c"])
native.start(); native.unpark()
for number in (signal.SIGINT, signal.SIGTERM): native.catch_signal(number, once=True)
native.catch_signal(signal.SIGUSR1, once=False)
print("ready", flush=True)
for _ in range(3):
    native.wait(); print(native.signals_caught(), flush=True)
time.sleep(20)
"""


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_wakes_and_the_second_kills(program: Path, second: signal.Signals) -> None:
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", SIGNALS, str(program), root]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for number in (signal.SIGUSR1, signal.SIGUSR1, signal.SIGTERM):
            os.kill(process.pid, number)
            assert process.stdout.readline() == f"[{number.value}]\n"
        os.kill(process.pid, second)
        assert process.wait(5) == -second
