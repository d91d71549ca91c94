"""How statistics look."""

import io
import json
from typing import Any

import pytest

from nmclick.cli.statistics import JsonReporter, PlainReporter, balance, scaled, summary
from nmclick.run.statistics import PortReport, Report


def report(**changes: Any) -> Report:
    values: dict[str, Any] = {
        "seconds": 2.0,
        "until": 6.0,
        "ports": [
            PortReport("in", "pcap:a.pcap", 3_000_000, 192_000_000, 0, 0, {"the frame is longer than a buffer": 4}, 4),
            PortReport("out", "eth1", 0, 0, 2_000_000, 128_000_000, {}, 0),
        ],
        "made": {"s": 10},
        "discarded": {"d": 999_000},
        "drops": {"c": {"checksum": 1000}},
        "queued": 10,
        "queued_more": 10,
        "no_buffer": 0,
    }
    return Report(**{**values, **changes})


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (7, "7"), (7.25, "7.25"), (999, "999"), (1000, "1.00 k"), (14_880_952, "14.9 M"),
        (148_809_520, "149 M"), (1.5e9, "1.50 G"), (2e15, "2000 T"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits_and_a_unit(number: float, text: str) -> None:
    assert scaled(number) == text


def test_the_summary_shows_ports_drops_and_the_balance() -> None:
    assert summary(report()) == (
        "statistics of 2.000 s\n"
        "  in (pcap:a.pcap)  in        3000000  1.50 Mpps  768 Mbit/s\n"
        "  out (eth1)        out       2000000  1.00 Mpps  512 Mbit/s\n"
        "  s                 in             10  5 pps\n"
        "  d                 end        999000  500 kpps\n"
        "  c                 drop         1000  checksum\n"
        "  in (pcap:a.pcap)  drop            4  the frame is longer than a buffer\n"
        "  3000010 in and 4 missed, 2000000 out, 999000 discarded, 1004 dropped, 10 queued: "
        "every packet is accounted for\n"
    )


def test_copies_and_losses_inside_are_named() -> None:
    assert balance(report(discarded={"d": 999_005})).endswith("10 queued, 5 made inside")
    assert balance(report(discarded={"d": 998_999})).endswith("10 queued, 1 consumed inside")
    assert balance(report(no_buffer=3)).endswith("3 times no buffer was free: every packet is accounted for")


def test_plain_reports_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    PlainReporter().report(report())
    assert capsys.readouterr().err == (
        "     6.0 s  in (pcap:a.pcap) in 1.50 Mpps  768 Mbit/s; out (eth1) out 1.00 Mpps  512 Mbit/s; s in 5 pps; "
        "d end 500 kpps; dropped 1004; queued 10\n"
    )


def test_json_reports_are_objects(capsys: pytest.CaptureFixture[str]) -> None:
    JsonReporter().report(report())
    JsonReporter().finish(report())
    first, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert last == {"total": True, **first}
    assert first["time"] == 6.0
    assert first["ports"][1] == {
        "element": "out", "port": "eth1", "rx_packets": 0, "rx_bytes": 0, "tx_packets": 2_000_000,
        "tx_bytes": 128_000_000, "drops": {},
    }  # fmt: skip
    assert first["drops"] == {"c": {"checksum": 1000}}


def test_the_live_table_holds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    from nmclick.cli.statistics import LiveReporter

    out = io.StringIO()
    reporter = LiveReporter()
    monkeypatch.setattr(reporter, "_console", Console(file=out, width=120))
    reporter.finish(report())
    text = out.getvalue()
    for part in ("in (pcap:a.pcap)", "3,000,000", "1.50 Mpps  768 Mbit/s", "checksum", "every packet is accounted for"):
        assert part in text
