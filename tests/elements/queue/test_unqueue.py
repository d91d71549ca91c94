"""Unqueue, RoundRobinSched, PrioSched."""

from __future__ import annotations

import pytest

from tests.elements.harness import Case, run_cases, run_config

PACKETS = [bytes([i]) for i in range(10)]
SHOWN = ("count", "active", "limit", "burst")


def test_an_unqueue_draws_up_to_its_limit_while_it_is_active() -> None:
    results = run_cases(
        {
            "all": Case("Unqueue", PACKETS, before="Queue", handlers=SHOWN),
            "limited": Case("Unqueue(LIMIT 3, BURST 2)", PACKETS, before="Queue", handlers=SHOWN),
            "asleep": Case("Unqueue(ACTIVE false)", PACKETS, before="Queue", handlers=SHOWN),
            "no burst": Case("Unqueue(0)", PACKETS, before="Queue", handlers=SHOWN),
            "endless burst": Case("Unqueue(-1)", PACKETS, before="Queue", handlers=SHOWN),
            "written": Case(
                "Unqueue(0, ACTIVE false)",
                PACKETS,
                before="Queue",
                writes=["burst -7", "limit 4", "active true"],
                handlers=SHOWN,
            ),
        }
    )
    assert [len(result.outputs[0]) for result in results.values()] == [10, 3, 0, 0, 10, 4]
    assert results["written"].outputs == [PACKETS[:4]]
    assert results["no burst"].stderr.count("  warning: BURST size 0, no packets will be pulled\n") == 2
    assert [tuple(result.handlers.values()) for result in results.values()] == [
        ("10", "true", "-1", "1"),
        ("3", "true", "3", "2"),
        ("0", "false", "-1", "1"),
        ("0", "true", "-1", "0"),
        ("10", "true", "-1", "2147483647"),
        ("4", "true", "4", "2147483647"),
    ]


def test_a_reset_lets_as_many_packets_pass_again() -> None:
    result = run_config(
        """
        FromDump(in.pcap, END_CALL dm.step) -> Queue -> u :: Unqueue(LIMIT 3) -> ToDump(out.pcap);
        dm :: DriverManager(pause, wait 1ms, print $(u.count), write u.reset, wait 1ms, print $(u.count),
                            write u.reset_counts, write u.limit 2, wait 1ms, print $(u.count), stop);
        """,
        {"in": PACKETS},
        args=["--simtime"],
    )
    assert result.stdout == "3\n3\n2\n"
    assert result.data("out") == PACKETS[:8]


@pytest.mark.parametrize(
    ("scheduler", "order"),
    [("RoundRobinSched", "a b c a b a a"), ("PrioSched", "a a a a b b c")],
)
def test_a_scheduler_chooses_for_every_packet(scheduler: str, order: str) -> None:
    result = run_config(
        f"""
        a :: InfiniteSource(a, 4, END_CALL dm.step) -> qa :: Queue -> [0] s :: {scheduler};
        b :: InfiniteSource(b, 2, END_CALL dm.step) -> qb :: Queue -> [1] s;
        c :: InfiniteSource(c, 1, END_CALL dm.step) -> qc :: Queue -> [2] s;
        s -> u :: Unqueue(ACTIVE false) -> ToDump(out.pcap);
        dm :: DriverManager(pause, pause, pause, write u.active true, wait 1ms, stop);
        """,
        args=["--simtime"],
    )
    assert b" ".join(result.data("out")).decode() == order


def test_round_robin_goes_on_where_it_was() -> None:
    result = run_config(
        """
        InfiniteSource(a, 4, END_CALL dm.step) -> Queue -> [0] s :: RoundRobinSched;
        InfiniteSource(b, 4, END_CALL dm.step) -> Queue -> [1] s;
        s -> u :: Unqueue(ACTIVE false, LIMIT 3) -> ToDump(out.pcap);
        dm :: DriverManager(pause, pause, write u.active true, wait 1ms, write u.reset, wait 1ms, stop);
        """,
        args=["--simtime"],
    )
    assert b"".join(result.data("out")) == b"ababab"
