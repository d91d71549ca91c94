"""ARPQuerier's table in plain Python: what is sent, held and dropped at which millisecond."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.elements.harness import Captured

#: (Ethernet destination, packet): what leaves by output 0.
Sent = tuple[bytes, Captured]


@dataclass
class Entry:
    ip: bytes
    live: int
    polled: int
    ether: bytes | None = None
    polls: int = 0
    waiting: list[Captured] = field(default_factory=list)


@dataclass
class ArpModel:
    """Times are ms since the element started; 0 stands for never, as in its arguments."""

    timeout: int
    poll_timeout: int
    capacity: int = 2048
    entry_capacity: int = 0
    entry_packet_capacity: int = 0
    capacity_slim_factor: int = 2
    entries: list[Entry] = field(default_factory=list)  # the oldest first
    queries: int = 0
    drops: int = 0
    next_slim: int = field(init=False)

    def __post_init__(self) -> None:
        self.next_slim = self.timeout

    def _expired(self, entry: Entry, now: int) -> bool:
        return bool(self.timeout) and entry.live + self.timeout < now

    def _waiting(self) -> int:
        return sum(len(entry.waiting) for entry in self.entries)

    def _slim(self, now: int, coming_entries: int = 0, coming_packets: int = 0) -> None:
        def surplus() -> bool:
            return bool(self.entry_capacity) and len(self.entries) + coming_entries > self.entry_capacity

        while self.entries and (self._expired(self.entries[0], now) or surplus()):
            self.drops += len(self.entries.pop(0).waiting)
        if self.capacity and self._waiting() + coming_packets > self.capacity:
            keep = max(self.capacity - self.capacity // self.capacity_slim_factor, 1)
            for entry in self.entries:
                while entry.waiting and self._waiting() + coming_packets > keep:
                    entry.waiting.pop(0)
                    self.drops += 1

    def _timer(self, now: int) -> None:
        while self.timeout and self.next_slim <= now:
            self._slim(self.next_slim)
            self.next_slim += self.timeout // 1000 * 1000 + 1000

    def _ensure(self, ip: bytes, now: int) -> Entry:
        for entry in self.entries:
            if entry.ip == ip:
                return entry
        if self.entry_capacity and len(self.entries) + 1 > self.entry_capacity:
            self._slim(now, coming_entries=1)
        self.entries.append(Entry(ip, now, now - 1000))
        return self.entries[-1]

    def _may_ask(self, entry: Entry, now: int) -> bool:
        if now - entry.polled < (2000 if entry.polls >= 10 else 100):
            return False
        entry.polled = now
        entry.polls += 1
        self.queries += 1
        return True

    def reply(self, ip: bytes, ether: bytes, now: int) -> list[Sent]:
        self._timer(now)
        entry = self._ensure(ip, now)
        entry.ether, entry.live, entry.polls, entry.polled = ether, now, 0, now - 1000
        self.entries.remove(entry)
        self.entries.append(entry)
        released, entry.waiting = entry.waiting, []
        return [(ether, packet) for packet in released]

    def send(self, ip: bytes, packet: Captured, now: int) -> list[Sent]:
        self._timer(now)
        known = next((entry for entry in self.entries if entry.ip == ip), None)
        if known is not None and known.ether is not None and not self._expired(known, now):
            if self.poll_timeout and now >= known.live + self.poll_timeout:
                self._may_ask(known, now)
            return [(known.ether, packet)]
        entry = self._ensure(ip, now)
        if self._expired(entry, now):
            entry.ether, entry.live = None, now - self.timeout
            self.entries.remove(entry)
            place = next((i for i, other in enumerate(self.entries) if other.live >= entry.live), len(self.entries))
            self.entries.insert(place, entry)
        if self.entry_packet_capacity and len(entry.waiting) >= self.entry_packet_capacity:
            self.drops += 1
            return []
        if self.capacity and self._waiting() + 1 > self.capacity:
            self._slim(now, coming_packets=1)
        entry.waiting.append(packet)
        self._may_ask(entry, now)
        return []
