"""Tee, Switch, StaticSwitch, Null, Idle, Suppressor, Discard: where packets go whatever they are."""

from __future__ import annotations

from tests.elements.harness import Case, configuration_errors, run_cases, run_config

PACKETS = [b"", b"a", b"bc" * 700]


def test_packets_go_to_the_outputs_that_were_chosen() -> None:
    results = run_cases(
        {
            "tee": Case("Tee", PACKETS, 3),
            "tee of one": Case("Tee(1)", PACKETS),
            "copies are apart": Case("Tee", PACKETS, 2, after=r"StoreData(0, \<21>)"),
            "switch": Case("Switch", PACKETS, 2, handlers=["switch", "config"]),
            "switch second": Case("Switch(1)", PACKETS, 2, handlers=["switch"]),
            "switch off": Case("Switch(-3)", PACKETS, 2, handlers=["switch"]),
            "switch written": Case("Switch", PACKETS, 2, writes=["switch 1"], handlers=["switch", "config"]),
            "switch written off": Case("Switch", PACKETS, 2, writes=["switch 2"], handlers=["switch"]),
            "static": Case("StaticSwitch(1)", PACKETS, 2),
            "static off": Case("StaticSwitch(-1)", PACKETS, 2),
            "static to no output": Case("StaticSwitch(2)", PACKETS, 2),
            "null": Case("Null", PACKETS),
            "null in a pull path": Case("Null", PACKETS, before="Queue", after="Unqueue"),
            "idle": Case("Idle", PACKETS, 2),
            "idle upstream": Case("Idle", PACKETS, after="Unqueue"),
            "suppressor": Case("Suppressor", PACKETS, handlers=["active0"]),
            "suppressor off": Case("Suppressor", PACKETS, writes=["active0 false"], handlers=["active0"]),
            "suppressor on": Case("Suppressor", PACKETS, writes=["active0 no", "reset"], handlers=["active0"]),
            "discard": Case("Discard", PACKETS, 0, handlers=["count"]),
            "discard pull": Case("Discard", PACKETS, 0, before="Queue", handlers=["count", "active"]),
            "discard asleep": Case("Discard(ACTIVE false)", PACKETS, 0, before="Queue", handlers=["count", "active"]),
            "discard woken": Case(
                "Discard(ACTIVE false, BURST 2)", PACKETS, 0, before="Queue", writes=["active true"], handlers=["count"]
            ),
        }
    )
    marked = [b"", b"!", b"!c" + PACKETS[2][2:]]
    assert {name: result.outputs for name, result in results.items()} == {
        "tee": [PACKETS] * 3,
        "tee of one": [PACKETS],
        "copies are apart": [marked, marked],
        "switch": [PACKETS, []],
        "switch second": [[], PACKETS],
        "switch off": [[], []],
        "switch written": [[], PACKETS],
        "switch written off": [[], []],
        "static": [[], PACKETS],
        "static off": [[], []],
        "static to no output": [[], []],
        "null": [PACKETS],
        "null in a pull path": [PACKETS],
        "idle": [[], []],
        "idle upstream": [[]],
        "suppressor": [PACKETS],
        "suppressor off": [[]],
        "suppressor on": [PACKETS],
        "discard": [],
        "discard pull": [],
        "discard asleep": [],
        "discard woken": [],
    }
    assert {name: result.handlers for name, result in results.items() if result.handlers} == {
        "switch": {"switch": "0", "config": "0"},
        "switch second": {"switch": "1"},
        "switch off": {"switch": "-3"},
        "switch written": {"switch": "1", "config": "1"},
        "switch written off": {"switch": "-1"},
        "suppressor": {"active0": "true"},
        "suppressor off": {"active0": "false"},
        "suppressor on": {"active0": "true"},
        "discard": {"count": "3"},
        "discard pull": {"count": "3", "active": "true"},
        "discard asleep": {"count": "0", "active": "false"},
        "discard woken": {"count": "3"},
    }


def test_a_copy_changed_on_one_branch_leaves_the_others_alone() -> None:
    result = run_config(
        r"""
        FromDump(in.pcap, STOP true) -> t :: Tee;
        t [0] -> StoreData(0, \<78>) -> ToDump(a.pcap);
        t [1] -> ToDump(b.pcap);
        t [2] -> Strip(1) -> Unstrip(1) -> StoreData(1, \<79>) -> ToDump(c.pcap);
        """,
        {"in": [b"", b"1", b"123"]},
    )
    assert result.data("a") == [b"", b"x", b"x23"]
    assert result.data("b") == [b"", b"1", b"123"]
    assert result.data("c")[1:] == [b"1", b"1y3"]


def test_a_suppressed_pull_port_leaves_its_packets_where_they_wait() -> None:
    result = run_config(
        """
        FromDump(in.pcap, END_CALL dm.step) -> q :: Queue -> s :: Suppressor -> u :: Unqueue -> ToDump(out.pcap);
        dm :: DriverManager(write s.active0 false, pause, wait 1ms, print $(q.length),
                            write s.active0 true, wait 1ms, print $(q.length), stop);
        """,
        {"in": PACKETS},
        args=["--simtime"],
    )
    assert result.stdout == "3\n0\n"
    assert result.data("out") == PACKETS


def test_outputs_that_do_not_exist_are_refused() -> None:
    assert configuration_errors("Switch(1)", "Tee(2)", "Switch(one)", "StaticSwitch", "Suppressor(1)") == [
        "config:1: While configuring 'Switch@2 :: Switch':\n  output must be < 1\nRouter could not be initialized!\n",
        "config:1: While configuring 'Tee@2 :: Tee':\n  1 outputs implies 1 arms\nRouter could not be initialized!\n",
        "config:1: While configuring 'Switch@2 :: Switch':\n"
        "  OUTPUT: invalid number\nRouter could not be initialized!\n",
        "config:1: While configuring 'StaticSwitch@2 :: StaticSwitch':\n"
        "  OUTPUT: required argument missing\nRouter could not be initialized!\n",
        "config:1: While configuring 'Suppressor@2 :: Suppressor':\n"
        "  too many arguments\nRouter could not be initialized!\n",
    ]
