"""Queue and SimpleQueue, which behave alike."""

from __future__ import annotations

import pytest

from tests.elements.harness import Case, configuration_errors, run_cases, run_config

PACKETS = [b"", *(bytes([i]) for i in range(20)), bytes(1500)]
COUNTS = ("length", "highwater_length", "capacity", "drops")


@pytest.mark.parametrize("name", ["Queue", "SimpleQueue"])
def test_packets_wait_in_order_and_leave_by_output_1_when_there_is_no_room(name: str) -> None:
    results = run_cases(
        {
            "enough room": Case(name, PACKETS, after="Unqueue", handlers=COUNTS),
            "no puller": Case(f"{name}(5)", PACKETS, after="Unqueue(ACTIVE false)", handlers=COUNTS),
            "no capacity": Case(f"{name}(0)", PACKETS, after="Unqueue", handlers=COUNTS),
            "shrunk": Case(f"{name}(5)", PACKETS, after="Unqueue(0)", writes=["capacity 3"], handlers=COUNTS),
        }
    )
    assert [result.outputs for result in results.values()] == [[PACKETS], [[]], [[]], [[]]]
    assert results["no puller"].handlers == dict(zip(COUNTS, ["5", "5", "5", "17"], strict=True))
    assert results["no capacity"].handlers == dict(zip(COUNTS, ["0", "0", "0", "22"], strict=True))
    assert results["shrunk"].handlers == dict(zip(COUNTS, ["3", "3", "3", "19"], strict=True))
    assert results["enough room"].handlers["length"] == "0"
    assert results["enough room"].stderr.endswith(
        ":\n  warning: BURST size 0, no packets will be pulled\nx1: overflow\nx3: overflow\n"
    )


@pytest.mark.parametrize("name", ["Queue", "SimpleQueue"])
def test_the_overflow_output_and_the_handlers(name: str) -> None:
    result = run_config(
        f"""
        f :: FromDump(in.pcap, END_CALL dm.step) -> q :: {name}(8);
        q [0] -> u :: Unqueue(ACTIVE false) -> ToDump(out.pcap);
        q [1] -> ToDump(over.pcap);
        i :: InfiniteSource(z, 2, ACTIVE false, END_CALL dm.step) -> q;
        dm :: DriverManager(
            pause, print $(q.length) $(q.highwater_length) $(q.drops),
            write q.capacity 6, print $(q.length) $(q.capacity),
            write q.capacity 100, write i.active true, pause, print $(q.length) $(q.highwater_length),
            write u.active true, wait 1ms, print $(q.length) $(q.highwater_length) $(q.drops),
            write q.reset_counts, print $(q.highwater_length) $(q.drops),
            write u.active false, write i.reset, pause, write q.reset, print $(q.length), stop);
        """,
        {"in": PACKETS},
        args=["--simtime"],
    )
    assert result.stdout == "8 8 14\n6 6\n8 8\n0 8 14\n0 0\n0\n"
    assert result.data("out") == [*PACKETS[:6], b"z", b"z"]
    assert result.data("over") == PACKETS[8:]


def test_a_queue_wraps_around_many_times() -> None:
    packets = [i.to_bytes(4, "big") for i in range(5000)]
    result = run_config(
        "FromDump(in.pcap, END_CALL dm.step) -> q :: Queue(300) -> Unqueue -> ToDump(out.pcap);"
        "dm :: DriverManager(pause, wait 1ms, stop);",
        {"in": packets},
        handlers=["q.drops", "q.length"],
        args=["--simtime"],
    )
    assert result.data("out") == packets
    assert result.handlers == {"q.drops": "0", "q.length": "0"}


def test_capacities_are_numbers() -> None:
    assert configuration_errors("Queue(-5) -> Unqueue") == [
        "config:1: While configuring 'Queue@2 :: Queue':\n"
        "  CAPACITY: invalid number\nRouter could not be initialized!\n"
    ]
