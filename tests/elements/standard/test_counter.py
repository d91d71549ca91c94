"""Counter: counts, triggers, rates."""

from __future__ import annotations

import pytest

from tests.elements.harness import Captured, Case, configuration_errors, run_cases, run_config

PACKETS = [b"", b"a", b"bcd"]
BOTH = ("count", "byte_count")


def test_packets_and_bytes_are_counted_and_pass_unchanged() -> None:
    results = run_cases(
        {
            "nothing": Case("Counter", [], handlers=(*BOTH, "rate", "count_call")),
            "three": Case("Counter", PACKETS, handlers=BOTH),
            "pull": Case("Counter", PACKETS, before="Queue", after="Unqueue", handlers=BOTH),
            "snapped": Case("Counter", [Captured(b"ab", 100)], handlers=BOTH),
            "many": Case("Counter", [bytes(60)] * 10_000, handlers=BOTH),
        }
    )
    assert [result.outputs[0] for result in results.values()][1:4] == [PACKETS, PACKETS, [b"ab"]]
    assert {name: tuple(result.handlers.values()) for name, result in results.items()} == {
        "nothing": ("0", "0", "0", ""),
        "three": ("3", "4"),
        "pull": ("3", "4"),
        "snapped": ("1", "2"),
        "many": ("10000", "600000"),
    }


def test_a_trigger_acts_before_the_packet_that_pulls_it_goes_on() -> None:
    packets = [bytes([i % 256, i // 256]) * 5 for i in range(5500)]
    table = {
        "COUNT_CALL 1": 1,
        "COUNT_CALL 3": 3,
        "COUNT_CALL 300": 300,
        "COUNT_CALL 5000": 5000,
        "COUNT_CALL 0": 5501,
        "BYTE_COUNT_CALL 101": 11,
        "BYTE_COUNT_CALL 0": 1,
    }
    lines = ["FromDump(in.pcap, STOP true) -> t :: Tee;"]
    for n, argument in enumerate(table):
        lines.append(f"t [{n}] -> c{n} :: Counter({argument} s{n}.switch 1) -> s{n} :: Switch;")
        lines.append(f"s{n} [0] -> ToDump(a{n}.pcap); s{n} [1] -> ToDump(b{n}.pcap);")
    result = run_config("\n".join(lines), {"in": packets}, handlers=[f"c{n}.count" for n in range(len(table))])
    for n, first in enumerate(table.values()):
        assert result.data(f"a{n}") == packets[: first - 1]
        assert result.data(f"b{n}") == packets[first - 1 :]
    assert set(result.handlers.values()) == {"5500"}


def test_triggers_can_be_set_while_running_and_are_armed_again_by_a_reset() -> None:
    result = run_config(
        """
        i :: InfiniteSource(LIMIT 10, ACTIVE false, END_CALL dm.step) -> c :: Counter -> Discard;
        n :: Script(TYPE PASSIVE, print "fired");
        dm :: DriverManager(
            write c.count_call 4 n.run, write i.active true, pause, print $(c.count) $(c.count_call),
            write i.reset, pause, print $(c.count),
            write c.reset, write i.reset, pause, print $(c.count) $(c.byte_count),
            write c.reset_counts, write c.byte_count_call 70, print $(c.count) $(c.byte_count), stop);
        """
    )
    assert result.stdout == "fired\n10 4\n20\nfired\n10 690\n0 0\n"


def test_rates_are_moving_averages_over_milliseconds() -> None:
    result = run_config(
        """
        r :: RatedSource(LENGTH 100, RATE 1000) -> c :: Counter -> Discard;
        DriverManager(wait 2s, print $(c.rate) $(c.byte_rate) $(c.bit_rate),
                      write r.active false, wait 50ms, print $(gt $(c.rate) 10) $(lt $(c.rate) 100),
                      wait 1s, print $(c.rate) $(c.byte_rate), stop);
        """,
        args=["--simtime"],
    )
    lines = result.stdout.splitlines()
    packets, bytes_, bits = map(float, lines[0].split())
    assert packets == pytest.approx(1000, rel=0.02)
    assert bytes_ == pytest.approx(100_000, rel=0.02)
    assert bits == pytest.approx(8 * bytes_, rel=0.001)
    assert lines[1:] == ["true true", "0 0"]


def test_bad_triggers_are_refused() -> None:
    assert configuration_errors(
        "Counter(COUNT_CALL x stop)", "Counter(BYTE_COUNT_CALL -1 stop)", "Counter(COUNT_CALL 3 nobody.reset)"
    ) == [
        "config:1: While configuring 'Counter@2 :: Counter':\n"
        "  COUNT_CALL type mismatch\nRouter could not be initialized!\n",
        "config:1: While configuring 'Counter@2 :: Counter':\n"
        "  BYTE_COUNT_CALL type mismatch\nRouter could not be initialized!\n",
        "config:1: While configuring 'Counter@2 :: Counter':\n"
        "  COUNT_CALL: no element named 'nobody'\nRouter could not be initialized!\n",
    ]
