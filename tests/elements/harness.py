"""Run configurations end to end from tests: packets in, packets and handler values out.

``run_config`` runs one configuration text in a folder of its own. ``run_cases`` puts many small cases into
one configuration, so that a whole table costs one compilation::

    results = run_cases({
        "past the end": Case("Strip(9)", [b"abc"]),
        "two outputs": Case("CheckLength(3)", [b"abcd", b"abc"], outputs=2, handlers=("length",)),
    })
    assert results["two outputs"].outputs == [[b"abc"], [b"abcd"]]
    assert results["two outputs"].handlers == {"length": "3"}
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nmclick.lang.diagnostics import Diagnostics
from nmclick.run.load import Input, load

PCAP_NANOSECONDS = 0xA1B23C4D
ETHERNET = 1


@dataclass(frozen=True, slots=True)
class Captured:
    """A packet of a capture file. `wire_length`: 0 for the same as the data; `time` in ns since the epoch."""

    data: bytes
    wire_length: int = 0
    time: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What a run left behind.

    `outputs`: every capture file it wrote, by its name without ".pcap". `handlers`: the values asked for,
    each without its final newline. `files`: every other file it wrote, as text.
    """

    status: int
    outputs: Mapping[str, list[Captured]]
    handlers: Mapping[str, str]
    files: Mapping[str, str]
    stdout: str
    stderr: str

    def data(self, output: str) -> list[bytes]:
        """The bytes of each packet in one output."""
        return [packet.data for packet in self.outputs[output]]


def write_pcap(path: Path, packets: Sequence[bytes | Captured], link_type: int = ETHERNET) -> None:
    """A pcap file with nanosecond stamps; plain bytes are stamped one microsecond apart."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", PCAP_NANOSECONDS, 2, 4, 0, 0, 262144, link_type))
        for number, packet in enumerate(packets):
            if isinstance(packet, bytes):
                packet = Captured(packet, 0, 1_000_000_000_000_000_000 + 1000 * number)
            seconds, fraction = divmod(packet.time, 10**9)
            wire = packet.wire_length or len(packet.data)
            file.write(struct.pack("<IIII", seconds, fraction, len(packet.data), wire) + packet.data)


def read_pcap(path: Path) -> list[Captured]:
    """The packets of a little-endian pcap file, as this machine writes them."""
    raw = path.read_bytes()
    unit = 1 if struct.unpack_from("<I", raw)[0] == PCAP_NANOSECONDS else 1000
    packets, at = [], 24
    while at < len(raw):
        seconds, fraction, captured, wire = struct.unpack_from("<IIII", raw, at)
        at += 16
        packets.append(Captured(raw[at : at + captured], wire, seconds * 10**9 + fraction * unit))
        at += captured
    return packets


def run_config(
    text: str,
    inputs: Mapping[str, Sequence[bytes | Captured]] | None = None,
    *,
    handlers: Sequence[str] = (),
    args: Sequence[str] = (),
    link_type: int = ETHERNET,
    timeout: float = 120,
) -> Result:
    """Run `text` as ``config.click`` with ``nmclick run``, in a folder that holds each of `inputs` as
    NAME.pcap.

    `handlers` are read at the end of the run; `args` are further arguments of the command ("--simtime").
    Raises subprocess.TimeoutExpired after `timeout` seconds.
    """
    with tempfile.TemporaryDirectory(prefix="nmclick-test-") as folder:
        home = Path(folder)
        (home / "config.click").write_text(text, encoding="utf-8")
        for name, packets in (inputs or {}).items():
            write_pcap(home / f"{name}.pcap", packets, link_type)
        given = {path.name for path in home.iterdir()}
        command = [sys.executable, "-m", "nmclick", "run", *args]
        for handler in handlers:
            command += ["-h", handler]
        environment = os.environ | {"NMCLICK_DIAGNOSTICS": "click", "TZ": "UTC"}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        done = subprocess.run(
            [*command, "config.click"],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=timeout,
            check=False,
        )
        written = sorted(path for path in home.iterdir() if path.is_file() and path.name not in given)
        return Result(
            done.returncode,
            {path.stem: read_pcap(path) for path in written if path.suffix == ".pcap"},
            _handler_values(done.stdout, handlers) if done.returncode == 0 else {},
            {path.name: path.read_text(encoding="utf-8") for path in written if path.suffix != ".pcap"},
            done.stdout,
            done.stderr,
        )


def _handler_values(stdout: str, handlers: Sequence[str]) -> dict[str, str]:
    """Take the driver's report apart: one value stands alone, several come as "NAME:", value, empty line."""
    if not handlers:
        return {}
    if len(handlers) == 1:
        return {handlers[0]: stdout.removesuffix("\n")}
    values, rest = {}, stdout
    for number, handler in enumerate(handlers):
        head = f"{handler}:\n"
        assert rest.startswith(head), f"no value of {handler} in {rest!r}"
        end = rest.find(f"\n\n{handlers[number + 1]}:\n") if number + 1 < len(handlers) else len(rest.rstrip("\n"))
        values[handler] = rest[len(head) : end].removesuffix("\n")
        rest = rest[end:].lstrip("\n")
    return values


@dataclass(frozen=True, slots=True)
class Case:
    """Packets through one element: `config` is its declaration ("Strip(14)").

    `before` is a chain in front of it ("Paint(3)"), `after` one behind each of its outputs; `handlers` are
    read at the end from the element; `writes` are done before the packets come ("length 20"). `inputs` and
    `outputs` count its ports; every input receives all the packets.
    """

    config: str
    packets: Sequence[bytes | Captured] = ()
    outputs: int = 1
    before: str = ""
    after: str = ""
    handlers: Sequence[str] = ()
    writes: Sequence[str] = ()


@dataclass(slots=True)
class CaseResult:
    """`outputs`: the bytes of the packets that left by each port. `captured`: the same with lengths and
    times."""

    captured: list[list[Captured]] = field(default_factory=list)
    handlers: dict[str, str] = field(default_factory=dict)
    stderr: str = ""

    @property
    def outputs(self) -> list[list[bytes]]:
        return [[packet.data for packet in port] for port in self.captured]


def run_cases(cases: Mapping[str, Case]) -> dict[str, CaseResult]:
    """Run all cases, one after the other, as parts of one configuration; `stderr` is that of the whole run.

    Time is simulated: it passes only when nothing is left to do, so queues and schedulers have come to rest
    in between.
    """
    lines, inputs, wanted, setup = [], {}, [], []
    for number, case in enumerate(cases.values()):
        element = f"x{number}"
        inputs[f"in{number}"] = list(case.packets)
        before = f"-> {case.before} " if case.before else ""
        after = f"-> {case.after} " if case.after else ""
        lines.append(f"{element} :: {case.config};")
        lines.append(f"f{number} :: FromDump(in{number}.pcap, ACTIVE false, END_CALL dm.step) {before}-> {element};")
        lines += [
            f"{element} [{port}] {after}-> ToDump(out{number}_{port}.pcap, SNAPLEN 65535);"
            for port in range(case.outputs)
        ]
        setup += [f"write {element}.{write}" for write in case.writes]
        setup += [f"write f{number}.active true", "pause", "wait 1ms"]
        wanted += [f"{element}.{handler}" for handler in case.handlers]
    lines.append(f"dm :: DriverManager({', '.join(setup)}, stop);")
    result = run_config("\n".join(lines) + "\n", inputs, handlers=wanted, args=["--simtime"])
    assert result.status == 0, result.stderr
    found = {}
    for number, (name, case) in enumerate(cases.items()):
        captured = [result.outputs[f"out{number}_{port}"] for port in range(case.outputs)]
        values = {handler: result.handlers[f"x{number}.{handler}"] for handler in case.handlers}
        found[name] = CaseResult(captured, values, result.stderr)
    return found


def configuration_errors(*declarations: str, chain: str = "Idle -> {} -> Discard;") -> list[str]:
    """The messages, as Click prints them, for configurations that must be refused: `chain` with each declaration in
    turn. Nothing is compiled."""
    messages = []
    for declaration in declarations:
        diagnostics = Diagnostics()
        loaded = load(Input(chain.format(declaration), is_expression=True), diagnostics)
        assert loaded is None, f"{declaration} was not refused"
        messages.append(diagnostics.render("click", color=False))
    return messages
