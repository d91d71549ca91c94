"""Talks to port_tool.c: what a port delivers, as Python values."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from pathlib import Path
from types import TracebackType
from typing import IO


@dataclass(frozen=True)
class Packet:
    """A packet as a port delivers it; the time in ns since the epoch."""

    timestamp: int
    wire_length: int
    data: bytes


@dataclass(frozen=True)
class Outcome:
    """What came, and how it ended. Drops by reason, in the order of enum nm_drop_reason."""

    packets: list[Packet]
    link_type: int
    count: int
    index: int
    length: int
    long: int
    link: int
    write: int
    system: int
    full: int
    chain: int
    finished: bool
    warning: str


class PortError(Exception):
    """The port could not be opened; the text is its message."""


def read_answer(lines: IO[str]) -> Outcome | int:
    packets: list[Packet] = []
    for line in lines:
        kind, *fields = line.rstrip("\n").split("\t")
        if kind == "P":
            packet = Packet(int(fields[0]), int(fields[1]), bytes.fromhex(fields[3]))
            assert len(packet.data) == int(fields[2])
            packets.append(packet)
        elif kind == "N":
            return int(fields[0])
        elif kind == "X":
            raise PortError(fields[0])
        else:
            names = [field.name for field in dataclass_fields(Outcome)][1:-2]
            counts = dict(zip(names, map(int, fields[:-2]), strict=True))
            return Outcome(packets, **counts, finished=fields[-2] == "1", warning=fields[-1])
    raise AssertionError("the program that drives the ports has died")


class PortTool:
    """A running port_tool. After a crash every further use fails with what it said."""

    def __init__(self, program: Path) -> None:
        self.process = subprocess.Popen(
            [program, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def __enter__(self) -> PortTool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _, errors = self.process.communicate()
        assert self.process.returncode == 0, errors

    def ask(self, *fields: object) -> Outcome | int:
        assert self.process.stdin and self.process.stdout and self.process.stderr
        self.process.stdin.write("\t".join(map(str, fields)) + "\n")
        self.process.stdin.flush()
        try:
            return read_answer(self.process.stdout)
        except AssertionError:
            raise AssertionError(self.process.stderr.read()) from None

    def read(self, spec: str, slots: int = 16, buffer_size: int = 66000) -> Outcome:
        """Everything that the port delivers."""
        outcome = self.ask("read", spec, slots, buffer_size)
        assert isinstance(outcome, Outcome)
        return outcome

    def copy(
        self,
        source: str,
        to: str,
        *,
        nanoseconds: bool = False,
        snap: int = 0,
        link_type: int = 0,
        unbuffered: bool = False,
    ) -> Outcome:
        """Every packet from one port to the other; the outcome is that of the second."""
        outcome = self.ask("copy", source, to, int(nanoseconds), snap, link_type, int(unbuffered))
        assert isinstance(outcome, Outcome)
        return outcome

    def probe(self, spec: str) -> int:
        """The longest frame at the file's start."""
        longest = self.ask("probe", spec)
        assert isinstance(longest, int)
        return longest
