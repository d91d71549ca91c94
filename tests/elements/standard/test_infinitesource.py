"""InfiniteSource and RatedSource."""

from __future__ import annotations

import pytest

from tests.elements.harness import configuration_errors, run_config

SENTENCE = b"Random bullshit in a packet, at least 64 bytes long. Well, now it is."
START = 1_000_000_000 * 10**9


@pytest.mark.parametrize(
    ("arguments", "packets"),
    [
        ("LIMIT 2, STOP true", [SENTENCE] * 2),
        ("LIMIT 0, STOP true", []),
        (r"\<01 02 03>, 1000, 7, STOP true", [b"\1\2\3"] * 1000),
        ('"", 1, STOP true', [b""]),
        ("abc, 1, LENGTH 8, STOP true", [b"abcabcab"]),
        ("abc, 1, DATASIZE 2, STOP true", [b"ab"]),
        ('"", 1, LENGTH 3, STOP true', [bytes(3)]),
        ("LIMIT 1, LENGTH 1500, STOP true", [(SENTENCE * 22)[:1500]]),
        ("LIMIT 1, LENGTH 2048, STOP true", [(SENTENCE * 30)[:2048]]),
    ],
)
def test_an_infinitesource_sends_data_up_to_its_limit_and_stops_the_run(arguments: str, packets: list[bytes]) -> None:
    result = run_config(f"i :: InfiniteSource({arguments}) -> ToDump(out.pcap);", handlers=["i.count"])
    assert result.data("out") == packets
    assert result.handlers == {"i.count": str(len(packets))}


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
    sources = ("InfiniteSource(BURST 0)", "InfiniteSource(STOP true, END_CALL stop)", "RatedSource(RATE x)")
    expected = (
        "burst size must be >= 1",
        "END_CALL and STOP are mutually exclusive",
        "RATE: invalid number",
    )
    for source, message in zip(sources, expected, strict=True):
        result = run_config(f"{source} -> Discard;")
        name = source.split("(")[0]
        assert result.stderr == (
            f"config.click:1: While configuring '{name}@1 :: {name}':\n  {message}\nRouter could not be initialized!\n"
        )
    assert configuration_errors() == []


@pytest.mark.parametrize(
    ("rate", "limit", "seconds"),
    [("RATE 10", 5, [0, 0, 0.1, 0.2, 0.3]), ("RATE 3", 4, [0, 0, 1 / 3, 2 / 3]), ("BANDWIDTH 8kbps", 3, [0, 0, 0.01])],
)
def test_a_ratedsource_sends_at_exact_times(rate: str, limit: int, seconds: list[float]) -> None:
    result = run_config(
        f"RatedSource(0123456789, {rate}, LIMIT {limit}, STOP true) -> ToDump(out.pcap);", args=["--simtime"]
    )
    times = [packet.time for packet in result.outputs["out"]]
    assert times == [pytest.approx(START + second * 1e9, abs=1000) for second in seconds]
    assert result.data("out") == [b"0123456789"] * limit


@pytest.mark.parametrize(("rate", "wait", "count"), [(1000, "2s", 2010), (100_000, "1s", 101_000), (0, "5s", 1)])
def test_a_ratedsource_keeps_its_rate(rate: int, wait: str, count: int) -> None:
    result = run_config(
        f"r :: RatedSource(a, {rate}) -> Discard; DriverManager(wait {wait}, stop);",
        handlers=["r.count"],
        args=["--simtime"],
    )
    assert int(result.handlers["r.count"]) == pytest.approx(count, abs=1000)


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
