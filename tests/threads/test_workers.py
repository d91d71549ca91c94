"""Several workers on one configuration: what runs where, that nothing is lost, and what handlers show."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from nmclick.compile.plan import Plan, make_plan
from nmclick.compile.threads import EVERY_WORKER
from tests.bench.traces import routed, write
from tests.bench.workloads import hosts, router
from tests.cli.command import Command
from tests.compile.build import graph_of

CROSSING = """a :: InfiniteSource(LIMIT 200000, STOP true) -> in :: Counter -> q :: Queue(1000) -> u :: Unqueue
  -> out :: Counter -> d :: Discard;
b :: InfiniteSource(LIMIT 200000, STOP true) -> in;
StaticThreadSched(a 0, b 1, u 1);
DriverManager(pause, pause, wait 20ms, stop);
"""


@pytest.fixture
def nmclick(tmp_path: Path) -> Command:
    return Command(tmp_path)


def plan_of(text: str, workers: int = 2) -> Plan:
    return make_plan(graph_of(text), workers)


def names(plan: Plan, indexes: frozenset[int]) -> set[str]:
    return {plan.elements[index].name for index in indexes}


def workers_of(plan: Plan) -> dict[str, int]:
    return {plan.elements[t.element].name: w for t, w in zip(plan.tasks, plan.threads.tasks, strict=True)}


def test_a_task_runs_where_it_is_put_and_else_on_the_first_worker() -> None:
    plan = plan_of(CROSSING + "c :: InfiniteSource -> Discard;")
    assert workers_of(plan) == {"a": 0, "b": 1, "u": 1, "c": 0}


def test_a_source_over_all_rings_runs_on_every_worker_and_one_over_a_ring_does_not() -> None:
    plan = plan_of("f :: FromNetmap(null:) -> Discard; g :: FromNetmap(null:, 0) -> Discard;")
    assert workers_of(plan) == {"f": EVERY_WORKER, "g": 0}


def test_what_two_workers_reach_is_shared_as_its_class_says() -> None:
    plan = plan_of(CROSSING)
    assert names(plan, plan.threads.per_worker) == {"in", "out", "d"}
    assert names(plan, plan.threads.locked) == {"q"}
    assert plan.threads.crossing


def test_what_one_worker_reaches_is_not_locked() -> None:
    plan = plan_of("a :: InfiniteSource -> q :: Queue -> u :: Unqueue -> Discard; b :: InfiniteSource -> Discard;")
    assert not plan.threads.locked
    assert not plan.threads.crossing


def test_one_worker_shares_nothing() -> None:
    threads = plan_of(CROSSING, 1).threads
    assert (threads.workers, threads.per_worker, threads.locked, threads.crossing) == (1, set(), set(), False)


def test_packets_that_change_workers_are_all_accounted_for(nmclick: Command) -> None:
    nmclick.write("x.click", CROSSING)
    shown = [word for name in ("in.count", "out.count", "d.count", "q.drops", "q.length") for word in ("-h", name)]
    result = nmclick("run", "-j", "2", "x.click", *shown)
    came, left, ended, dropped, waiting = map(int, re.findall(r"^(\d+)$", result.out, re.M))
    assert came == 400000
    assert left == ended == came - dropped - waiting
    assert left > 0


def test_a_source_put_on_one_worker_reads_every_ring(nmclick: Command) -> None:
    write(nmclick.folder / "in.pcap", routed(2, 0, 16, 100))
    text = "f :: FromNetmap(pcap:in.pcap, STOP true) -> c :: Counter -> Discard; StaticThreadSched(f 1);"
    nmclick.write("x.click", text)
    assert nmclick.fine("run", "-j", "2", "x.click", "-h", "c.count") == "100\n"


def test_a_ring_is_not_read_on_two_workers(nmclick: Command) -> None:
    nmclick.write(
        "x.click",
        """a :: FromNetmap(pipe:x{1) -> Discard; b :: FromNetmap(pipe:x{1) -> Discard;
        InfiniteSource(LIMIT 5, STOP true) -> ToNetmap(pipe:x}1); StaticThreadSched(a 0, b 1);""",
    )
    result = nmclick("run", "-j", "2", "x.click", NMCLICK_DIAGNOSTICS="click")
    assert result.err == (
        "x.click:1: While initializing 'b :: FromNetmap':\n  ring 0 of pipe:x{1 is read on thread 0, too\n"
        "Router could not be initialized!\n"
    )


def test_packets_drawn_for_a_shared_ring_are_not_lost(nmclick: Command) -> None:
    """Two threads fill one ring: the one that draws only draws what fits, whatever the other pushes meanwhile."""
    nmclick.write(
        "x.click",
        """a :: InfiniteSource(LIMIT 60000, STOP true) -> pushed :: ToNetmap(pipe:p{1);
        b :: InfiniteSource(LIMIT 60000, STOP true) -> Queue(100) -> drawn :: ToNetmap(pipe:p{1);
        FromNetmap(pipe:p}1) -> c :: Counter -> Discard;
        StaticThreadSched(a 0, b 1, drawn 1);
        DriverManager(pause, pause, wait 100ms, print $(drawn.count) $(sub $(c.count) $(pushed.count)), stop);""",
    )
    assert nmclick.fine("run", "-j", "2", "x.click") == "60000 60000\n"


def test_a_processor_that_does_not_exist_is_told(nmclick: Command) -> None:
    result = nmclick("run", "-a500", "-e", "Idle -> Discard")
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith("--affinity 500: there is no processor 500\n  hint: this process may use 0")


def test_a_sleeping_worker_wakes_when_packets_come_for_it(nmclick: Command) -> None:
    nmclick.write(
        "x.click",
        """a :: RatedSource(RATE 1000, LIMIT 100, STOP true) -> q :: Queue -> u :: Unqueue -> c :: Counter -> Discard;
        StaticThreadSched(u 1);
        DriverManager(pause, wait 20ms, stop);""",
    )
    assert nmclick.fine("run", "-j", "2", "x.click", "-h", "c.count") == "100\n"


def test_two_workers_route_as_one_does(nmclick: Command) -> None:
    """The IP router over two rings: the same packets come out, whoever carries them."""
    for k in range(2):
        write(nmclick.folder / f"in{k}.pcap", routed(2, k, 16, 2000))
    text = router(2)
    for k in range(2):
        text = text.replace(
            f"FromNetmap(port{k}, STOP true)", f"f{k} :: FromNetmap(pcap:in{k}.pcap, ACTIVE false, STOP true)"
        )
        text = text.replace(f"out{k} :: Discard;", f"out{k} :: ToDump(out{k}.pcap);")
    filled = " ".join(f"write {handler} {value}," for handler, value in hosts(2, 16))
    nmclick.write(
        "r.click", f"{text}\nDriverManager({filled} write f0.active true, write f1.active true, pause, pause, stop);\n"
    )
    outcomes = []
    for workers in ("1", "2"):
        nmclick.fine("run", "-j", workers, "r.click")
        outcomes.append([Counter(packets(nmclick.folder / f"out{k}.pcap")) for k in range(2)])
    assert outcomes[0] == outcomes[1]
    assert sum(outcomes[0][0].values()) > 100


def packets(file: Path) -> list[bytes]:
    data = file.read_bytes()[24:]
    found = []
    while data:
        length = int.from_bytes(data[8:12], "little")
        found.append(data[16 : 16 + length])
        data = data[16 + length :]
    return found


# Handlers


def test_handlers_speak_for_all_workers(nmclick: Command) -> None:
    nmclick.write(
        "x.click",
        """a :: InfiniteSource(LIMIT 1000, STOP true) -> c :: Counter -> d :: Discard;
        b :: InfiniteSource(LIMIT 500, STOP true) -> c;
        StaticThreadSched(b 1);
        DriverManager(pause, pause, print $(c.count) $(d.count), write c.reset, print $(c.count),
                      write d.active false, print $(d.active), stop);""",
    )
    assert nmclick.fine("run", "-j", "2", "x.click") == "1500 1500\n0\nfalse\n"


def test_a_call_at_a_count_is_made_once_for_all_workers(nmclick: Command) -> None:
    nmclick.write(
        "x.click",
        """a :: InfiniteSource(LIMIT 100000, STOP true) -> c :: Counter(COUNT_CALL 150000 s.run) -> Discard;
        b :: InfiniteSource(LIMIT 100000, STOP true) -> c;
        s :: Script(TYPE PASSIVE, print "called");
        StaticThreadSched(b 1);
        DriverManager(pause, pause, print $(c.count), stop);""",
    )
    assert nmclick.fine("run", "-j", "2", "x.click") == "called\n200000\n"


def test_home_thread_is_the_tasks_worker(nmclick: Command) -> None:
    nmclick.write("x.click", "a :: InfiniteSource(ACTIVE false) -> Discard; StaticThreadSched(a 1); Script(stop);")
    assert nmclick.fine("run", "-j", "2", "x.click", "-h", "a.home_thread") == "1\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("nobody 1", "'nobody' does not name an element"),
        ("a x", "THREAD: invalid number"),
        ("a", "too few arguments; 'ELEMENT THREAD' expected"),
        ("a 1 2", "too many arguments"),
    ],
)
def test_a_bad_pair_of_element_and_thread_is_told(nmclick: Command, arguments: str, message: str) -> None:
    nmclick.write("x.click", f"a :: Idle -> Discard;\ns :: StaticThreadSched({arguments});\n")
    result = nmclick("check", "x.click", NMCLICK_DIAGNOSTICS="click")
    assert result.err.startswith(f"x.click:2: While configuring 's :: StaticThreadSched':\n  {message}\n")


def test_a_thread_that_does_not_exist_is_told_and_becomes_the_first(nmclick: Command) -> None:
    nmclick.write("x.click", "a :: InfiniteSource(ACTIVE false) -> Discard; s :: StaticThreadSched(a 3); Script(stop);")
    result = nmclick("run", "-j", "2", "x.click", "-h", "a.home_thread")
    assert result.out == "0\n"
    assert "thread preference 3 out of range" in result.err


# Shares of a worker

SHARES = """a :: InfiniteSource(LIMIT 40000, BURST 8, STOP true) -> Discard;
b :: InfiniteSource(BURST 8) -> c :: Counter -> Discard;
compound :: { d :: InfiniteSource(BURST 8) -> c :: Counter -> Discard; };
"""


def test_a_task_without_tickets_has_no_turn(nmclick: Command) -> None:
    nmclick.write("x.click", SHARES + "ScheduleInfo(b 0);")
    assert nmclick.fine("run", "x.click", "-h", "c.count") == "0\n"


def test_tickets_are_shares_of_the_turns(nmclick: Command) -> None:
    nmclick.write("x.click", SHARES + "ScheduleInfo(b 0.25, compound 0.5, compound/d 0.25);")
    shown = nmclick.fine("run", "x.click", "-h", "b.tickets", "-h", "c.count", "-h", "compound/c.count")
    tickets, quarter, eighth = map(int, re.findall(r"^(\d+)$", shown, re.M))
    assert tickets == 256
    assert abs(quarter - 10000) <= 256
    assert abs(eighth - 5000) <= 256


def test_tickets_can_be_set_while_running(nmclick: Command) -> None:
    nmclick.write("x.click", SHARES + "Script(write b.tickets 2048, print $(b.tickets) $(a.tickets));")
    result = nmclick("run", "x.click", "-h", "c.count")
    assert result.out.startswith("2048 1024\n")
    assert abs(int(result.out.split()[-1]) - 80000) <= 512


def test_a_bad_share_is_told(nmclick: Command) -> None:
    nmclick.write("x.click", "s :: ScheduleInfo(a);\n")
    result = nmclick("check", "x.click", NMCLICK_DIAGNOSTICS="click")
    assert result.err.startswith("x.click:1: While configuring 's :: ScheduleInfo':\n  expected 'ELEMENTNAME PARAM'\n")


# Overload


def test_no_source_starves_and_a_full_output_stalls_nobody(nmclick: Command) -> None:
    """Three sources on one worker; what the first one sends to nobody reads: its ring fills, and it loses packets."""
    write(nmclick.folder / "in.pcap", routed(2, 0, 16, 100))
    source = 'FromNetmap("replay:in.pcap,limit=1000000", STOP true)'
    nmclick.write(
        "x.click",
        f"""a :: {source} -> full :: ToNetmap(pipe:x{{1);
        b :: {source} -> free :: ToNetmap(null:);
        c :: {source} -> q :: Queue(100) -> Idle;
        Idle -> Discard; FromNetmap(pipe:x}}1, ACTIVE false) -> Discard;""",
    )
    handlers = ("a.count", "b.count", "c.count", "full.count", "free.count", "q.length")
    result = nmclick("run", "x.click", *(word for name in handlers for word in ("-h", name)), "--stats", "--json")
    values, statistics = map(json.loads, result.out.splitlines())
    *came, full, free, waiting = (values["handlers"][name] for name in handlers)
    assert min(map(int, came)) > 0.9 * max(map(int, came))
    assert (free, waiting) == (came[1], "100")
    assert 0 < int(full) < 1000
    assert statistics["in"] == statistics["out"] + statistics["dropped"] + statistics["queued"]
    assert statistics["drops"]["full"] == {"full": int(came[0]) - int(full)}


def test_the_plan_tells_who_runs_what(nmclick: Command) -> None:
    nmclick.write("x.click", CROSSING)
    lines = nmclick.fine("compile", "-j", "2", "--emit", "plan", "x.click").splitlines()
    assert "task 0: 'a :: InfiniteSource', on thread 0" in lines
    assert "task 1: 'u :: Unqueue', on thread 1" in lines
    assert "a state for each thread: in, out, d" in lines
    assert "locked: q" in lines
