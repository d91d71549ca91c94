"""Where packets came from and where they went: read from counters in shared memory, without stopping anybody."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from nmclick.run.live import LiveElement

if TYPE_CHECKING:
    from nmclick.element import Element
    from nmclick.run.native import PortCounters
    from nmclick.run.router import RunningRouter

__all__ = ["PortReport", "Report", "Reporter", "Statistics"]

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class PortReport:
    """What went through a port of an element in some time; `drops` by reason, both directions, but for what the
    sending elements count as theirs. `missed`: frames among them that were never received."""

    element: str
    port: str
    rx_packets: int
    rx_bytes: int
    tx_packets: int
    tx_bytes: int
    drops: Mapping[str, int]
    missed: int


@dataclass(frozen=True, slots=True)
class Report:
    """What happened in `seconds` (of wall-clock time; `until` is since the start). `made` and `discarded` are packets
    of sources and sinks without a port, by element; `drops` are by element and reason. `queued` is what is in queues
    and rings at the end of the time, `queued_more` by how much that grew. `no_buffer` counts packets lost or
    never made because the pool was empty."""

    seconds: float
    until: float
    ports: list[PortReport]
    made: Mapping[str, int]
    discarded: Mapping[str, int]
    drops: Mapping[str, Mapping[str, int]]
    queued: int
    queued_more: int
    no_buffer: int

    @property
    def packets_in(self) -> int:
        return sum(port.rx_packets for port in self.ports) + sum(self.made.values())

    @property
    def packets_out(self) -> int:
        return sum(port.tx_packets for port in self.ports)

    @property
    def missed(self) -> int:
        """Frames that came to a port and were never received; they are among those dropped."""
        return sum(port.missed for port in self.ports)

    @property
    def dropped(self) -> int:
        by_elements = sum(sum(reasons.values()) for reasons in self.drops.values())
        return by_elements + sum(sum(port.drops.values()) for port in self.ports)

    @property
    def inside(self) -> int:
        """Packets that elements made (copies, replies, fragments) less those they consumed: what is left when all
        that is counted is taken together. 0 means that every packet is accounted for."""
        gone = self.packets_out + sum(self.discarded.values()) + self.dropped + self.queued_more
        return gone - self.packets_in - self.missed

    def as_json(self) -> dict[str, Any]:
        return {
            "time": round(self.until, 6),
            "seconds": round(self.seconds, 6),
            "in": self.packets_in,
            "missed": self.missed,
            "out": self.packets_out,
            "discarded": sum(self.discarded.values()),
            "dropped": self.dropped,
            "queued": self.queued,
            "inside": self.inside,
            "no_buffer": self.no_buffer,
            "ports": [
                {
                    "element": port.element,
                    "port": port.port,
                    "rx_packets": port.rx_packets,
                    "rx_bytes": port.rx_bytes,
                    "tx_packets": port.tx_packets,
                    "tx_bytes": port.tx_bytes,
                    "drops": dict(port.drops),
                }
                for port in self.ports
            ],
            "made": dict(self.made),
            "discarded_by": dict(self.discarded),
            "drops": {element: dict(reasons) for element, reasons in self.drops.items()},
        }


class Reporter(Protocol):
    """Shows reports: one an interval, and at the end that of the whole run with the values that were asked for."""

    def report(self, report: Report) -> None: ...
    def finish(self, report: Report) -> None: ...


@dataclass(frozen=True, slots=True)
class _Sample:
    when: int
    ports: list[PortCounters]
    made: dict[str, int]
    discarded: dict[str, int]
    drops: dict[str, dict[str, int]]
    queued: int
    no_buffer: int


class Statistics:
    """Counts from the moment it is made, before the router runs."""

    def __init__(self, router: RunningRouter) -> None:
        self._router = router
        self._sinks = [element for element in router.elements if _is_sink(element)]
        with_port = {wish.element for wish in router.ports if wish.read}
        self._sources = [
            (task, router.elements[index].name)
            for task, index in enumerate(router.program.tasks)
            if router.elements[index].is_source and index not in with_port
        ]
        self._idle_buffers = router.native.worker_counters().free_buffers
        self._first = self._last = self._sample()

    def interval(self) -> Report:
        """What happened since the last call."""
        before, self._last = self._last, self._sample()
        return self._report(before, self._last)

    def total(self) -> Report:
        """What happened since the start."""
        return self._report(self._first, self._sample())

    def _sample(self) -> _Sample:
        router, native = self._router, self._router.native
        worker = native.worker_counters()
        ports = [native.port_counters(port) for port in native.distinct_ports()]
        drops = {element.name: dict(element.live.drops()) for element in router.elements}
        return _Sample(
            time.monotonic_ns(),
            ports,
            {name: native.task_counters(task).packets for task, name in self._sources},
            {element.name: LiveElement(native, router.program, element).peek("count") for element in self._sinks},
            {name: reasons for name, reasons in drops.items() if reasons},
            max(0, self._idle_buffers - worker.free_buffers) + sum(port.waiting for port in ports),
            worker.no_buffer,
        )

    def _report(self, old: _Sample, new: _Sample) -> Report:
        drops = {name: _grown(reasons, old.drops.get(name, {})) for name, reasons in new.drops.items()}
        return Report(
            (new.when - old.when) / _NS,
            (new.when - self._first.when) / _NS,
            [
                self._port(number, before, after)
                for number, before, after in zip(
                    self._router.native.distinct_ports(), old.ports, new.ports, strict=True
                )
            ],
            {name: count - old.made[name] for name, count in new.made.items()},
            {name: count - old.discarded[name] for name, count in new.discarded.items()},
            {name: reasons for name, reasons in drops.items() if reasons},
            new.queued,
            new.queued - old.queued,
            new.no_buffer - old.no_buffer,
        )

    def _port(self, number: int, old: PortCounters, new: PortCounters) -> PortReport:
        wish = self._router.ports[number]
        return PortReport(
            self._router.elements[wish.element].name,
            wish.name,
            new.rx_packets - old.rx_packets,
            new.rx_bytes - old.rx_bytes,
            new.tx_packets - old.tx_packets,
            new.tx_bytes - old.tx_bytes,
            {reason: n for reason, n in _grown(new.drops, old.drops).items() if reason not in new.told},
            new.rx_drops - old.rx_drops,
        )


def _grown(new: Mapping[str, int], old: Mapping[str, int]) -> dict[str, int]:
    return {reason: count - old.get(reason, 0) for reason, count in new.items() if count > old.get(reason, 0)}


def _is_sink(element: Element) -> bool:
    """Packets end here and are counted: it has a `count` and no outputs, and opens no port."""
    return bool(
        element.n_inputs and not element.n_outputs and "count" in type(element).handlers and not element.devices()
    )
