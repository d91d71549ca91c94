"""Configurations over netmap ports in user space: processes joined by a switch and by a pipe, rings, mixtures."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live import NATIVE

if TYPE_CHECKING:
    from native_build import Build

ROOT = Path(__file__).parents[2]
BROADCAST = "EtherEncap(0x88b5, 2:0:0:0:0:1, ff:ff:ff:ff:ff:ff)"
LIMIT = 60

pytestmark = pytest.mark.skipif(Path("/dev/netmap").exists(), reason="the kernel's netmap would be used")


class Machine:
    """Runs nmclick with a switch process of its own."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment

    def start(self, text: str, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "nmclick", "run", *options, "-e", text]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )

    def run(self, text: str, *options: str) -> tuple[int, str, str]:
        return finish(self.start(text, *options))


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, errors = process.communicate(timeout=LIMIT)
    return process.returncode, out, errors


@pytest.fixture
def machine(build: Build, tmp_path: Path) -> Iterator[Machine]:
    parts = [*(NATIVE / "provider").glob("*.c"), NATIVE / "netmap" / "pool.c"]
    private = tmp_path / "netmap"
    private.mkdir(mode=0o700)
    provider = build.compile("provider", f"-I{NATIVE}", *sorted(parts))
    yield Machine(
        os.environ | {"NMCLICK_PROVIDER": str(provider), "NMCLICK_NETMAP": str(private), "PYTHONPATH": str(ROOT)}
    )


def wait_for(path: Path) -> None:
    until = time.monotonic() + LIMIT
    while not path.exists():
        assert time.monotonic() < until, f"{path} did not appear"
        time.sleep(0.02)


def receiver(port: str, ready: Path, packets: int, *, through: str = "") -> str:
    """Stops when all have come; `ready` is there once the port is open."""
    return (
        f'FromNetmap({port}) -> {through} c :: Counter(COUNT_CALL {packets} stop) -> Discard;\nScript(save "" {ready});'
    )


@pytest.mark.parametrize(
    ("source", "sink"),
    [("vale0:a", "vale0:b@conf:slots=4096"), ("netmap:p{1", "netmap:p}1@conf:slots=4096")],
    ids=["switch", "pipe"],
)
def test_two_processes_are_joined(machine: Machine, tmp_path: Path, source: str, sink: str) -> None:
    ready = tmp_path / "ready"
    text = receiver(sink, ready, 4000) + "\nDriverManager(wait_stop, print c.count, print c.byte_count);"
    receiving = machine.start(text)
    wait_for(ready)
    sending = machine.run(
        f"RatedSource(LENGTH 60, RATE 40000, LIMIT 4000, STOP true) -> {BROADCAST} -> ToNetmap({source});"
    )
    assert sending == (0, "", "")
    assert finish(receiving) == (0, "4000\n296000\n", "")


def test_a_pipe_pushes_back_into_the_other_process(machine: Machine, tmp_path: Path) -> None:
    """Far more than the pipe holds, as fast as can be: a pull path loses nothing."""
    ready = tmp_path / "ready"
    text = receiver("netmap:p}1@conf:slots=64", ready, 50000) + "\nDriverManager(wait_stop, print c.count);"
    receiving = machine.start(text)
    wait_for(ready)
    sending = machine.run(
        "s :: InfiniteSource(LENGTH 60, LIMIT 50000) -> q :: Queue(60000) -> c :: Counter(COUNT_CALL 50000 stop)"
        " -> t :: ToNetmap(netmap:p{1);"
        "DriverManager(wait_stop, label sending, wait 1ms, goto sending $(lt $(t.count) 50000),"
        " print q.drops, print t.count);"
    )
    assert sending == (0, "0\n50000\n", "")
    assert finish(receiving) == (0, "50000\n", "")


def test_rings_are_read_one_by_one(machine: Machine) -> None:
    port = "vale0:m@conf:rings=2"
    text = (
        f"FromNetmap({port}, 0) -> a :: Counter -> Discard; FromNetmap({port}, 1) -> b :: Counter -> Discard;"
        f"RatedSource(LIMIT 40, RATE 1000) -> {BROADCAST} -> ToNetmap(vale0:x@conf:rings=2);"
        "Script(wait 1s, print $(add $(a.count) $(b.count)), stop);"
    )
    assert machine.run(text) == (0, "40\n", "")


def test_the_options_of_names_reach_the_port(machine: Machine) -> None:
    status, out, errors = machine.run("FromNetmap(vale0:a@conf:rings=2, 2) -> Discard;")
    assert (status, out) == (1, "")
    assert "vale0:a@conf:rings=2 has no receive ring 2, only 2" in errors


def test_capture_files_and_netmap_ports_share_a_pipeline(machine: Machine, tmp_path: Path) -> None:
    """A capture is sent through a switch, a pipe of one process and back into a capture."""
    original = ROOT / "tests" / "data" / "lan0-in.pcap"
    copy = tmp_path / "copy.pcap"
    text = (
        f"FromDump({original}, TIMING false, STOP false) -> ToNetmap(vale0:a);"
        "FromNetmap(vale0:b) -> ToNetmap(netmap:x{1);"
        f"FromNetmap(netmap:x}}1) -> c :: Counter -> ToDump({copy});"
        "Script(wait 1s, print c.count, stop);"
    )
    status, out, errors = machine.run(text)
    assert (status, errors) == (0, "")
    assert int(out) > 0
    sent, arrived = (
        subprocess.run(["tcpdump", "-ntxx", "-r", str(path)], capture_output=True, text=True, check=True).stdout
        for path in (original, copy)
    )
    assert arrived == sent


def test_large_buffers_are_the_pipelines_own(machine: Machine) -> None:
    """netmap's buffers of 2048 bytes are too small: packets are copied between."""
    text = (
        "RatedSource(LENGTH 1400, LIMIT 10, RATE 1000) -> ToNetmap(vale0:a);"
        "FromNetmap(vale0:b) -> c :: Counter -> Discard;"
        "Script(wait 1s, print c.byte_count, stop);"
    )
    assert machine.run(text, "--buffer-size", "9216") == (0, "14000\n", "")


@pytest.mark.parametrize(
    ("port", "message"),
    [
        ("netmap:br-lan", "netmap:br-lan: the number of a ring is expected at 'lan'"),
        ("vale0:a^", "vale0:a^: host rings belong to network interfaces; this is a port in software"),
        (
            "netmap:nothere7",
            "netmap:nothere7: there is no network interface 'nothere7'; without a kernel netmap there are VALE ports"
            " and pipes",
        ),
        (
            "netmap:lo",
            "netmap:lo: the kernel has no netmap, and the user-space provider has only VALE ports and pipes: load it"
            " with 'modprobe netmap' (github.com/luigirizzo/netmap), or use xdp:lo or packet:lo",
        ),
    ],
)
def test_what_cannot_be_opened_is_told_at_its_place(machine: Machine, port: str, message: str) -> None:
    assert machine.run(f"FromNetmap({port}) -> Discard;") == (
        1,
        "",
        "config:1: While initializing 'FromNetmap@1 :: FromNetmap':\n"
        f"  {message}\n"
        f"  FromNetmap({port}) -> Discard;\n"
        "  ^^^^^^^^^^\n"
        "Router could not be initialized!\n",
    )
