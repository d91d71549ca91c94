"""How ``--stats`` looks: a live table on a terminal, plain lines elsewhere, or one JSON object a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nmclick.run.statistics import PortReport, Report, Reporter

__all__ = ["JsonReporter", "LiveReporter", "PlainReporter", "make_reporter", "scaled", "summary"]

_UNITS = ("", "k", "M", "G", "T")
_STEP = 1000.0


def make_reporter(*, json: bool) -> Reporter:
    """The reporter that suits where the output goes."""
    if json:
        return JsonReporter()
    return LiveReporter() if sys.stderr.isatty() else PlainReporter()


def scaled(number: float) -> str:
    """Three significant digits and a unit: 14.2 M."""
    for unit in _UNITS:
        if abs(number) < _STEP or unit == _UNITS[-1]:
            break
        number /= _STEP
    whole = number >= 100 or (not unit and number == int(number))
    digits = 0 if whole else 1 if number >= 10 else 2
    return f"{number:.{digits}f} {unit}".rstrip()


def _rate(packets: int, size: int, seconds: float) -> str:
    """Packets and bits a second."""
    per_second = 1 / seconds if seconds > 0 else 0
    return f"{_with_unit(packets * per_second, 'pps')}  {_with_unit(size * 8 * per_second, 'bit/s')}"


def _with_unit(number: float, unit: str) -> str:
    text = scaled(number)
    return f"{text}{unit}" if text[-1].isalpha() else f"{text} {unit}"


def _directions(port: PortReport) -> Iterator[tuple[str, int, int]]:
    if port.rx_packets or not port.tx_packets:
        yield "in", port.rx_packets, port.rx_bytes
    if port.tx_packets:
        yield "out", port.tx_packets, port.tx_bytes


def _rows(report: Report) -> Iterator[tuple[str, str, int, str]]:
    """What, which way, packets, rate: one row for each way packets come or go."""
    for port in report.ports:
        for direction, packets, size in _directions(port):
            yield f"{port.element} ({port.port})", direction, packets, _rate(packets, size, report.seconds)
    for name, packets in report.made.items():
        yield name, "in", packets, _with_unit(packets / report.seconds if report.seconds else 0, "pps")
    for name, packets in report.discarded.items():
        yield name, "end", packets, _with_unit(packets / report.seconds if report.seconds else 0, "pps")


def _drop_rows(report: Report) -> Iterator[tuple[str, str, int]]:
    """Element, reason, packets."""
    for name, reasons in report.drops.items():
        for reason, packets in reasons.items():
            yield name, reason, packets
    for port in report.ports:
        for reason, packets in port.drops.items():
            yield f"{port.element} ({port.port})", reason, packets


def summary(report: Report) -> str:
    """The plain text at the end of a run."""
    rows = list(_rows(report))
    width = max([len(name) for name, *_ in rows] + [len(name) for name, *_ in _drop_rows(report)] + [8])
    lines = [f"statistics of {report.seconds:.3f} s"]
    lines += [f"  {name:<{width}}  {way:<3}  {packets:>12}  {rate}" for name, way, packets, rate in rows]
    lines += [f"  {name:<{width}}  drop {packets:>12}  {reason}" for name, reason, packets in _drop_rows(report)]
    lines.append(f"  {balance(report)}")
    return "\n".join(lines) + "\n"


def balance(report: Report) -> str:
    """One line that accounts for every packet."""
    discarded = sum(report.discarded.values())
    missed = f" and {report.missed} missed" if report.missed else ""
    parts = [f"{report.packets_in} in{missed}", f"{report.packets_out} out"]
    parts += [f"{discarded} discarded"] if discarded else []
    parts += [f"{report.dropped} dropped", f"{report.queued} queued"]
    if report.inside > 0:
        parts.append(f"{report.inside} made inside")
    elif report.inside < 0:
        parts.append(f"{-report.inside} consumed inside")
    if report.no_buffer:
        parts.append(f"{report.no_buffer} times no buffer was free")
    return ", ".join(parts) + (": every packet is accounted for" if report.inside == 0 else "")


class PlainReporter:
    """Lines on standard error."""

    def report(self, report: Report) -> None:
        parts = [f"{name} {way} {rate}" for name, way, _, rate in _rows(report)]
        drops = sum(packets for *_, packets in _drop_rows(report))
        parts += [f"dropped {drops}"] if drops else []
        parts += [f"queued {report.queued}"] if report.queued else []
        sys.stderr.write(f"{report.until:8.1f} s  {'; '.join(parts)}\n")
        sys.stderr.flush()

    def finish(self, report: Report) -> None:
        sys.stderr.write(summary(report))
        sys.stderr.flush()


class JsonReporter:
    """Objects on standard output, a line each; the last has ``"total": true``."""

    def report(self, report: Report) -> None:
        self._write(report.as_json())

    def finish(self, report: Report) -> None:
        self._write({"total": True, **report.as_json()})

    @staticmethod
    def _write(value: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()


class LiveReporter:
    """A table that stays in its place on a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._started = False

    def report(self, report: Report) -> None:
        if not self._started:
            self._live.start()
            self._started = True
        self._live.update(self._table(report), refresh=True)

    def finish(self, report: Report) -> None:
        if self._started:
            self._live.stop()
        self._console.print(self._table(report))

    @staticmethod
    def _table(report: Report) -> Any:
        from rich.console import Group
        from rich.markup import escape
        from rich.table import Table

        table = Table(title=f"{report.until:.1f} s", title_justify="left")
        table.add_column("element")
        table.add_column("")
        table.add_column("packets", justify="right")
        table.add_column("rate", justify="right")
        for name, way, packets, rate in _rows(report):
            table.add_row(escape(name), way, f"{packets:,}", rate)
        for name, reason, packets in _drop_rows(report):
            table.add_row(escape(name), "[red]drop[/]", f"{packets:,}", escape(reason))
        return Group(table, f" {balance(report)}")
