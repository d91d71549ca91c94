"""Two workers under ThreadSanitizer: on one queue, on one router with its shared ARP tables, on one transmit ring."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.traces import routed, write
from tests.bench.workloads import hosts, router
from tests.cli.command import ROOT

QUEUE = """a :: InfiniteSource(LIMIT 50000, STOP true) -> in :: Counter(COUNT_CALL 70000 s.run) -> q :: Queue(100)
  -> u :: Unqueue -> Counter -> Discard;
b :: InfiniteSource(LIMIT 50000, STOP true) -> in;
s :: Script(TYPE PASSIVE, print "called");
StaticThreadSched(a 0, b 1, u 1);
DriverManager(pause, pause, wait 20ms, print $(in.count), stop);
"""


#: One thread pushes into a ring that the other draws packets for.
SHARED_RING = """a :: InfiniteSource(LIMIT 30000, STOP true) -> pushed :: ToNetmap(pipe:p{1);
b :: InfiniteSource(LIMIT 30000, STOP true) -> q :: Queue(100) -> drawn :: ToNetmap(pipe:p{1);
FromNetmap(pipe:p}1) -> c :: Counter -> Discard;
StaticThreadSched(a 0, b 1, drawn 1);
DriverManager(pause, pause, wait 100ms, print $(sub $(c.count) $(pushed.count)) $(drawn.count), stop);
"""


def tsan() -> list[str]:
    """What a program runs under whose parts are compiled with ThreadSanitizer."""
    if shutil.which("gcc") is None or shutil.which("setarch") is None:
        pytest.skip("ThreadSanitizer is gcc's, and needs setarch")
    command = ["gcc", "-print-file-name=libtsan.so"]
    library = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    if not Path(library).is_absolute():
        pytest.skip("gcc has no ThreadSanitizer")
    return ["setarch", "-R", "env", f"LD_PRELOAD={library}", "TSAN_OPTIONS=exitcode=66"]


def run_without_races(folder: Path, text: str) -> str:
    (folder / "x.click").write_text(text)
    done = subprocess.run(
        [*tsan(), sys.executable, "-m", "nmclick", "run", "-j", "2", "x.click"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NMCLICK_SANITIZE": "thread", "CC": "gcc"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "unexpected memory mapping" in done.stderr or "failed to set personality" in done.stderr:
        pytest.skip("ThreadSanitizer does not run on this machine")
    assert "ThreadSanitizer" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_queue_between_two_workers(tmp_path: Path) -> None:
    assert run_without_races(tmp_path, QUEUE) == "called\n100000\n"


def test_a_ring_that_one_worker_pushes_to_and_another_draws_for(tmp_path: Path) -> None:
    assert run_without_races(tmp_path, SHARED_RING) == "30000 30000\n"


@pytest.mark.parametrize("interfaces", [2, 3])
def test_a_router_with_tables_that_change(tmp_path: Path, interfaces: int) -> None:
    """ARP entries are learnt, aged and asked for while the other worker looks them up; both send by one ring. Of three
    interfaces, the output sides are one bundle."""
    for k in range(interfaces):
        write(tmp_path / f"in{k}.pcap", routed(interfaces, k, 64))
    text = router(interfaces)
    for k in range(interfaces):
        source = f'f{k} :: FromNetmap("replay:in{k}.pcap,limit={300000 // interfaces}", ACTIVE false, STOP true)'
        text = text.replace(f"FromNetmap(port{k}, STOP true)", source)
        text = text.replace(f"out{k} :: Discard;", f"out{k} :: ToNetmap(null:);")
        mine = f"ARPQuerier({k + 1}.0.0.1, 00:00:c0:00:00:{k + 1:02x}"
        text = text.replace(mine, f"{mine}, TIMEOUT 2s, POLL_TIMEOUT 1s")
    some = " ".join(f"write {handler} {value}," for handler, value in list(hosts(interfaces, 64))[::2])
    started = " ".join(f"write f{k}.active true," for k in range(interfaces))
    script = f"""DriverManager({some} {started} wait 30ms, {some}
      write arp0.clear, wait 30ms, {"pause, " * interfaces} print "end", stop);"""
    assert run_without_races(tmp_path, text + script) == "end\n"
