"""Several processes on one switch process: wake-ups, idleness, deaths, and one that writes wherever it can."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from provider_lab import Lab

from nmclick.run.provider import Provider, provider_ports, read_provider


def line(peers: subprocess.Popen[str]) -> str:
    assert peers.stdout is not None
    return peers.stdout.readline().strip()


def go_on(peers: subprocess.Popen[str]) -> None:
    assert peers.stdin is not None
    peers.stdin.write("\n")
    peers.stdin.flush()


def finish(peers: subprocess.Popen[str]) -> str:
    out, errors = peers.communicate("\n", timeout=30)
    assert peers.returncode == 0, errors
    return out.strip()


def provider() -> Provider:
    found = read_provider()
    assert found is not None
    return found


def settled(expected: set[str]) -> Provider:
    """What there is once the dead are gone."""
    deadline = time.monotonic() + 5
    while True:
        found = provider()
        if {port.name for port in found.ports} == expected or time.monotonic() > deadline:
            return found
        time.sleep(0.01)


def check_survivors() -> None:
    found = settled({"vale0:r", "vale0:s", "load{1", "load}1"})
    assert {port.name: port.pid > 0 for port in found.ports} == {
        "vale0:r": True,
        "vale0:s": True,
        "load{1": True,
        "load}1": False,
    }
    in_use = {region.id: region.in_use for region in found.regions}
    used = {port.name: in_use[port.region] for port in found.ports}
    assert used == {"vale0:r": 256, "vale0:s": 256, "load{1": 128 + 16, "load}1": 128 + 16}


def test_a_peer_killed_200_times_under_load_leaves_nothing(lab: Lab) -> None:
    peers = lab.start("peers.c", "kills")
    result = line(peers)
    assert result == "1 0", "many packets, none broken"
    check_survivors()
    finish(peers)


def test_a_process_that_scribbles_everywhere_spoils_its_own_packets_only(lab: Lab) -> None:
    peers = lab.start("peers.c", "fuzz")
    result = line(peers)
    assert result == "1 0", "many packets, none broken" + lab.complaints()
    check_survivors()
    finish(peers)


def test_a_sleeper_is_woken_within_microseconds(lab: Lab) -> None:
    median = int(lab.run("peers.c", "wakes"))
    assert median < 2000, f"{median} us"  # 20 on a quiet machine without sanitizers


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_nobody_uses_the_processor_while_nothing_happens(lab: Lab) -> None:
    peers = lab.start("peers.c", "idles")
    assert line(peers) == "begin"
    switch = provider().pid
    before = cpu_ticks(switch)
    go_on(peers)
    assert line(peers) == "1"
    assert cpu_ticks(switch) - before <= os.sysconf("SC_CLK_TCK") // 20
    finish(peers)


def test_poll_takes_ordinary_descriptors_too(lab: Lab) -> None:
    assert lab.run("peers.c", "mixes") == "fine\n"


def test_the_death_of_the_switch_process_is_an_error(lab: Lab) -> None:
    peers = lab.start("peers.c", "orphan")
    assert line(peers) == "begin"
    os.kill(provider().pid, signal.SIGKILL)
    assert finish(peers) == "fine"


def test_other_processes_get_no_memory_of_ours(lab: Lab) -> None:
    assert lab.run("peers.c", "strangers") == "fine\n"


def test_one_switch_process_is_started_by_many(lab: Lab) -> None:
    assert lab.run("peers.c", "races") == "fine\n"


def test_ports_are_listed_with_counters(lab: Lab) -> None:
    assert provider_ports() == []
    peers = lab.start("peers.c", "idles")
    assert line(peers) == "begin"
    ports = {port.name: port for port in provider_ports()}
    finish(peers)
    assert sorted(ports) == ["p{1", "p}1", "vale0:a", "vale0:b"]
    a, b, m, s = (ports[name] for name in ("vale0:a", "vale0:b", "p{1", "p}1"))
    assert (a.kind, a.switch, a.tx_rings, a.rx_slots, a.buffers) == ("vale", "vale0", 1, 1024, 2048)
    assert (a.tx_packets, a.tx_bytes, b.rx_packets, b.rx_bytes, b.rx_waiting) == (1, 60, 1, 60, 0)
    assert (m.kind, m.switch, m.tx_packets, s.rx_packets, s.rx_waiting) == ("pipe", None, 15, 15, 15)
