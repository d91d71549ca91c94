"""How ``nmclick ports`` looks: sections of rows, as aligned text or as tables on a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nmclick.cli.statistics import scaled
from nmclick.run.census import AttachedPort, Census, Counts, Rate, rate

__all__ = ["Section", "as_data", "plain", "print_tables", "sections"]

_UNKNOWN = "-"
_TITLES = {"pipe": "pipes", "monitor": "monitors", "null": "regions without rings"}


@dataclass(frozen=True, slots=True)
class Section:
    """A table. Columns from `numbers` on are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: int


def sections(before: Census | None, now: Census) -> list[Section]:
    """What is shown; the rates are those since `before`."""
    return [*_attached(before, now), *_regions(now), *_devices(before, now)]


def _attached(before: Census | None, now: Census) -> Iterator[Section]:
    groups: dict[str, list[AttachedPort]] = {}
    for port in sorted(now.ports, key=lambda port: (port.kind != "vale", port.kind, port.name)):
        where = "" if port.provider == "user space" else " in the kernel"
        title = f"switch {port.switch}{where}" if port.switch else _TITLES.get(port.kind, port.kind)
        groups.setdefault(title, []).append(port)
    columns = ("port", "process", "rings", "slots", "region", "buffers", "waiting", "rx", "tx", "dropped")
    earlier = {} if before is None else {(port.provider, port.name): port.counts for port in before.ports}
    for title, ports in groups.items():
        rows = []
        for port in ports:
            old = earlier.get((port.provider, port.name))
            rows.append(_port_row(port, _rate(old, port.counts, before, now)))
        yield Section(title, columns, tuple(rows), 1)


def _rate(old: Counts | None, new: Counts | None, before: Census | None, now: Census) -> Rate | None:
    return None if before is None else rate(old, new, now.time - before.time)


def _port_row(port: AttachedPort, now: Rate | None) -> tuple[str, ...]:
    counts = port.counts
    return (
        port.name,
        str(port.pid) if port.pid else _UNKNOWN,
        f"{port.tx_rings} tx {port.rx_rings} rx",
        f"{port.tx_slots} tx {port.rx_slots} rx",
        str(port.region),
        _UNKNOWN if port.buffers is None else str(port.buffers),
        _UNKNOWN if counts is None else str(counts.waiting),
        _UNKNOWN if now is None else _pps(now.rx),
        _UNKNOWN if now is None else _pps(now.tx),
        _UNKNOWN if counts is None else str(counts.dropped),
    )


def _pps(packets: float) -> str:
    text = scaled(round(packets) if packets >= 10 else round(packets, 1))
    return f"{text}{'pps' if text[-1].isalpha() else ' pps'}"


def _regions(now: Census) -> Iterator[Section]:
    rows = tuple(
        (
            str(region.id),
            str(region.pid) if region.pid else _UNKNOWN,
            f"{region.size / 1e6:.1f} MB",
            f"{region.in_use} of {region.buffers}",
        )
        for region in now.regions
    )
    if rows:
        yield Section("memory regions", ("region", "process", "size", "buffers in use"), rows, 1)


def _devices(before: Census | None, now: Census) -> Iterator[Section]:
    earlier = {} if before is None else {each.interface.name: each.counts for each in before.devices}
    rows = []
    for device in now.devices:
        interface = device.interface
        speed = _rate(earlier.get(interface.name), device.counts, before, now)
        rows.append(
            (
                interface.name,
                " ".join(f"{kind}:{interface.name}" for kind in device.kinds),
                "up" if interface.up else "down",
                interface.driver or _UNKNOWN,
                str(interface.mtu),
                f"{interface.rx_queues} rx {interface.tx_queues} tx",
                _UNKNOWN if speed is None else _pps(speed.rx),
                _UNKNOWN if speed is None else _pps(speed.tx),
            )
        )
    if rows:
        columns = ("interface", "ports", "", "driver", "MTU", "queues", "rx", "tx")
        yield Section("network interfaces", columns, tuple(rows), 4)


def nothing_attached(now: Census) -> str:
    """A line that says so where there is no port at all; empty otherwise, and where that is not known."""
    if now.ports or now.notes:
        return ""
    kernel = "the kernel's netmap has no switch in use" if now.kernel else "no kernel netmap"
    process = f"switch process {now.provider_pid} has none" if now.provider_pid else "no switch process runs"
    return f"no switches, pipes or attached ports ({process}; {kernel})"


def plain(before: Census | None, now: Census) -> str:
    """Aligned text."""
    blocks = [note + "\n" for note in (*now.notes, nothing_attached(now)) if note]
    for section in sections(before, now):
        table = [section.columns, *section.rows]
        widths = [max(len(row[column]) for row in table) for column in range(len(section.columns))]
        lines = [section.title, *(_line(row, widths, section.numbers) for row in table)]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _line(row: Sequence[str], widths: Sequence[int], numbers: int) -> str:
    cells = [
        text.rjust(width) if column >= numbers else text.ljust(width)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"  {'  '.join(cells)}".rstrip()


def print_tables(before: Census | None, now: Census) -> None:
    """On a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    for note in (*now.notes, nothing_attached(now)):
        if note:
            console.print(Text(note, style="yellow"))
    for section in sections(before, now):
        table = Table(title=section.title, title_justify="left", title_style="bold")
        for number, column in enumerate(section.columns):
            table.add_column(column, justify="right" if number >= section.numbers else "left")
        for row in section.rows:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)


def as_data(before: Census | None, now: Census) -> dict[str, Any]:
    """For programs: rates are packets a second, null where they are not known."""
    ports = {} if before is None else {(port.provider, port.name): port.counts for port in before.ports}
    devices = {} if before is None else {each.interface.name: each.counts for each in before.devices}
    return {
        "switch_process": now.provider_pid or None,
        "kernel_netmap": now.kernel,
        "notes": list(now.notes),
        "ports": [
            {
                **asdict(port),
                "switch": port.switch or None,
                "pid": port.pid or None,
                "rates": _rates(_rate(ports.get((port.provider, port.name)), port.counts, before, now)),
            }
            for port in now.ports
        ],
        "regions": [asdict(region) for region in now.regions],
        "interfaces": [
            {
                **asdict(device.interface),
                "kinds": list(device.kinds),
                "counts": {"rx": device.counts.rx, "tx": device.counts.tx},
                "rates": _rates(_rate(devices.get(device.interface.name), device.counts, before, now)),
            }
            for device in now.devices
        ],
    }


def _rates(found: Rate | None) -> dict[str, float] | None:
    return None if found is None else asdict(found)
