"""InfiniteSource and RatedSource."""

from __future__ import annotations

import pytest

from tests.elements.harness import configuration_errors, run_config

SENTENCE = b"Random bullshit in a packet, at least 64 bytes long. Well, now it is."
START = 1_000_000_000 * 10**9


def test_an_infinitesource_sends_data_up_to_its_limit() -> None:
    table = {
        "LIMIT 2": [SENTENCE] * 2,
        "LIMIT 0": [],
        r"\<01 02 03>, 1000, 7": [b"\1\2\3"] * 1000,
        '"", 1': [b""],
        "abc, 1, LENGTH 8": [b"abcabcab"],
        "abc, 1, DATASIZE 2": [b"ab"],
        '"", 1, LENGTH 3': [bytes(3)],
        "LIMIT 1, LENGTH 1500": [(SENTENCE * 22)[:1500]],
        "LIMIT 1, LENGTH 2048": [(SENTENCE * 30)[:2048]],
    }
    lines = [
        f"i{n} :: InfiniteSource({arguments}, END_CALL dm.step) -> ToDump(out{n}.pcap, SNAPLEN 65535);"
        for n, arguments in enumerate(table)
    ]
    lines.append(f"dm :: DriverManager({'pause, ' * len(table)} stop);")
    result = run_config("\n".join(lines), handlers=[f"i{n}.count" for n in range(len(table))])
    assert [result.data(f"out{n}") for n in range(len(table))] == list(table.values())
    assert list(result.handlers.values()) == [str(len(packets)) for packets in table.values()]


def test_a_source_stops_the_run_or_not() -> None:
    result = run_config("i :: InfiniteSource(LIMIT 7, STOP true) -> d :: Discard;", handlers=["i.count", "d.count"])
    assert result.handlers == {"i.count": "7", "d.count": "7"}
    result = run_config(
        "InfiniteSource(LIMIT 7) -> d :: Discard; DriverManager(wait 3s, stop);",
        handlers=["d.count"],
        args=["--simtime"],
    )
    assert result.handlers == {"d.count": "7"}


def test_an_infinitesource_answers_pulls() -> None:
    result = run_config("InfiniteSource(abc, 5, STOP true) -> Unqueue -> ToDump(out.pcap);")
    assert result.data("out") == [b"abc"] * 5


def test_an_infinitesource_calls_a_handler_at_its_end_and_can_be_set_while_running() -> None:
    result = run_config(
        """
        i :: InfiniteSource(ab, 2, ACTIVE false, END_CALL dm.step) -> ToDump(out.pcap);
        dm :: DriverManager(
            print $(i.data) $(i.limit) $(i.burst) $(i.active) $(i.count) $(i.length),
            write i.active true, pause, print $(i.count) $(i.active),
            write i.data xyz, write i.reset, pause, print $(i.data) $(i.count),
            write i.length 5, write i.limit 3, pause, print $(i.length) $(i.datasize) $(i.limit) $(i.count),
            write i.burst 9, print $(i.burstsize),
            stop);
        """
    )
    assert result.stdout == "ab 2 1 false 0 -1\n2 true\nxyz 2\n5 5 3 3\n9\n"
    assert result.data("out") == [b"ab", b"ab", b"xyz", b"xyz", b"xyzxy"]


def test_the_timestamp_can_be_left_unset() -> None:
    result = run_config(
        """
        InfiniteSource(a, 1, END_CALL dm.step) -> ToDump(set.pcap);
        InfiniteSource(a, 1, TIMESTAMP false, END_CALL dm.step) -> Print(T, TIMESTAMP true) -> Discard;
        dm :: DriverManager(pause, pause, stop);
        """,
        args=["--simtime"],
    )
    assert [packet.time for packet in result.outputs["set"]] == [START]
    assert result.stderr == "T: 0.000000000:    1 | 61\n"


def test_what_a_handler_cannot_take_is_refused() -> None:
    result = run_config(
        """
        i :: InfiniteSource(ACTIVE false) -> Discard;
        DriverManager(write i.limit x, write i.burst 0, write i.active maybe, write i.length y,
                      write i.length 100000, stop);
        """
    )
    assert [line.strip() for line in result.stderr.splitlines() if "While" not in line] == [
        "limit parameter must be integer",
        "burstsize parameter must be integer >= 1",
        "active parameter must be boolean",
        "length must be integer",
        "packets of 100000 bytes do not fit in a buffer",
    ]


def test_bad_source_arguments_are_refused() -> None:
    sources = {
        "InfiniteSource(BURST 0)": "burst size must be >= 1",
        "InfiniteSource(STOP true, END_CALL stop)": "END_CALL and STOP are mutually exclusive",
        "InfiniteSource(LIMIT many)": "LIMIT: invalid number",
        "RatedSource(RATE x)": "RATE: invalid number",
        "RatedSource(LENGTH 0, BANDWIDTH 1Mbps)": "BANDWIDTH needs packets of at least one byte",
    }
    names = [source.split("(")[0] for source in sources]
    assert configuration_errors(*sources, chain="{} -> Discard;") == [
        f"config:1: While configuring '{name}@1 :: {name}':\n  {message}\nRouter could not be initialized!\n"
        for name, message in zip(names, sources.values(), strict=True)
    ]


def test_a_ratedsource_sends_at_exact_times() -> None:
    table = {
        "RATE 10, LIMIT 5": [0, 0, 0.1, 0.2, 0.3],
        "RATE 3, LIMIT 4": [0, 0, 1 / 3, 2 / 3],
        "BANDWIDTH 8kbps, LIMIT 3": [0, 0, 0.01],
        "RATE 0": [0],
        "RATE 1000": [*[0] * 10, *(n / 1000 for n in range(1, 1501))],
    }
    lines = [f"RatedSource(0123456789, {arguments}) -> ToDump(out{n}.pcap);" for n, arguments in enumerate(table)]
    lines.append("DriverManager(wait 1500.5ms, stop);")
    result = run_config("\n".join(lines), args=["--simtime"])
    for n, seconds in enumerate(table.values()):
        times = [packet.time - START for packet in result.outputs[f"out{n}"]]
        assert times == [pytest.approx(second * 1e9, abs=1000) for second in seconds]
        assert set(result.data(f"out{n}")) == {b"0123456789"}


def test_a_ratedsource_keeps_high_rates_and_stops_the_run() -> None:
    result = run_config(
        "r :: RatedSource(a, 100000, 101000, STOP true) -> Discard; s :: Script(TYPE PASSIVE, return $(now));",
        handlers=["r.count", "s.run"],
        args=["--simtime"],
    )
    assert result.handlers["r.count"] == "101000"
    assert float(result.handlers["s.run"]) == pytest.approx(1e9 + 1, abs=1e-3)


def test_a_ratedsource_can_be_set_while_running() -> None:
    result = run_config(
        """
        r :: RatedSource(ab, 5000, 4, ACTIVE false) -> ToDump(out.pcap);
        DriverManager(
            print $(r.rate) $(r.limit) $(r.active) $(r.data) $(r.length) $(r.count),
            write r.active true, wait 1s, print $(r.count),
            write r.rate 10, write r.length 3, write r.reset, wait 10s, print $(r.rate) $(r.count),
            write r.limit -5, write r.data xy, print $(r.limit) $(r.data), wait 1050ms, print $(r.count), stop);
        """,
        args=["--simtime"],
    )
    assert result.stdout == "5002 4 false ab -1 0\n4\n10 4\n-1 xy\n16\n"
    assert result.data("out") == [b"ab"] * 4 + [b"aba"] * 4 + [b"xyx"] * 12


def test_it_waits_while_all_queues_are_full() -> None:
    """As Click's full notifiers have it: one queue never overflows, and of several the fastest decides."""
    one = """s :: InfiniteSource(LIMIT 3000, STOP true) -> Counter -> q :: Queue(50) -> Unqueue -> c :: Counter
      -> Discard; DriverManager(pause, wait 50ms, stop);"""
    assert run_config(one, handlers=["c.count", "q.drops"]).handlers == {"c.count": "3000", "q.drops": "0"}
    two = """s :: InfiniteSource(LIMIT 3000, STOP true) -> t :: Tee(2);
    t[0] -> q :: Queue(50) -> Unqueue -> c :: Counter -> Discard;
    t[1] -> slow :: Queue(10) -> Idle; DriverManager(pause, wait 50ms, stop);"""
    handlers = ["c.count", "q.drops", "slow.drops"]
    assert list(run_config(two, handlers=handlers).handlers.values()) == ["3000", "0", "2990"]


def test_a_queue_behind_another_or_on_a_pull_path_is_not_heeded() -> None:
    text = """s :: InfiniteSource(LIMIT 300, STOP true) -> q :: Queue(500) -> Unqueue -> r :: Queue(10) -> Idle;
    DriverManager(pause, wait 50ms, stop);"""
    assert run_config(text, handlers=["s.count", "r.drops"]).handlers == {"s.count": "300", "r.drops": "290"}


def test_a_long_packet_has_long_buffers_and_a_longer_one_is_refused() -> None:
    text = "s :: InfiniteSource(LENGTH 9000, LIMIT 2, STOP true) -> c :: Counter -> Discard;"
    assert run_config(text, handlers=["c.byte_count"]).handlers == {"c.byte_count": "18000"}
    [error] = configuration_errors("InfiniteSource(LENGTH 2147483647)", chain="{} -> Discard;")
    assert "packets of 2147483647 bytes do not fit in any buffer; 262144 is the most" in error
