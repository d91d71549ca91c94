"""Measure generated pipelines against hand-written C over the same rings: ``python -m tests.bench [NAME ...]``.

Every workload runs several times, ours and the reference in turn; what is printed is ns of processor time a packet,
the best of the runs, and the median of the ratios. The source alone (S0) is part of every figure.
"""

from __future__ import annotations

import ctypes
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmclick.compile.cc import RuntimeBuild, compile_shared, native_folder
from nmclick.lang.diagnostics import Diagnostics
from nmclick.run.load import Input, load
from nmclick.run.loop import run_until_stopped
from nmclick.run.ports import Substitution
from nmclick.run.start import Settings, start

from . import devices, provider, traces, workloads

RUNS = 5
PACKETS = 10_000_000
NO_REFERENCE = -1
SCALED = ("W2 router, 2 interfaces",)


@dataclass(frozen=True)
class Workload:
    """A configuration, its captures, and the number of the hand-written loop that does the same."""

    name: str
    text: str
    captures: Sequence[str]
    reference: int = NO_REFERENCE
    hosts: int = 0


def cases() -> list[Workload]:
    """All workloads, in the order they are printed."""
    two, four = ["rtr2_0", "rtr2_1"], [f"rtr4_{k}" for k in range(4)]
    hundred = workloads.firewall(traces.hundred_rules())
    return [
        Workload("S0 source alone", workloads.SOURCE, ["fwd"], 0),
        Workload("W0 count", workloads.COUNT, ["fwd"], 1),
        Workload("F0 forward, two memory ports", workloads.FORWARD, ["fwd"]),
        Workload("W1 mirror", workloads.MIRROR, ["fwd"], 2),
        Workload("W2 router, 2 interfaces", workloads.router(2), two, 3, 1024),
        Workload("W2 router, 4 interfaces", workloads.router(4), four, 3, 512),
        Workload("W2 2 interfaces, queues", workloads.router(2, queues=True), two, hosts=1024),
        Workload("W2 2 interfaces, RadixIPLookup", workloads.router(2, lookup="RadixIPLookup"), two, hosts=1024),
        *(Workload(f"W3 17 rules, {kind}", workloads.firewall(), [f"fw {kind}"]) for kind in ("early", "last", "none")),
        *(Workload(f"W3 100 rules, {kind}", hundred, [f"fw {kind} of 100"]) for kind in ("first", "last")),
        Workload("W8 tee, queues, scheduler", workloads.TEE, ["fwd"]),
    ]


def write_captures(folder: Path) -> None:
    """Every capture that a workload names."""
    traces.write(folder / "fwd.pcap", traces.forwarding())
    for interfaces, hosts in ((2, 1024), (4, 512)):
        for k in range(interfaces):
            traces.write(folder / f"rtr{interfaces}_{k}.pcap", traces.routed(interfaces, k, hosts))
    for kind in ("early", "last", "none", "first of 100", "last of 100"):
        traces.write(folder / f"fw {kind}.pcap", traces.firewall(kind))


def specs(workload: Workload, folder: Path, packets: int) -> list[str]:
    share = packets // len(workload.captures)
    return [f"replay:{folder}/{name}.pcap,limit={share}" for name in workload.captures]


@dataclass(frozen=True)
class Measured:
    """ns a packet: of all processors' time, and on the clock."""

    spent: float
    passed: float


def ours(workload: Workload, ports: Sequence[str], workers: int = 1, cpu: int = -1) -> Measured:
    """What the generated pipeline takes, its workers on processor `cpu` and up, or wherever."""
    diagnostics = Diagnostics()
    loaded = load(Input(workload.text, is_expression=True), diagnostics)
    substitutions = [Substitution.parse(f"port{k}={spec}") for k, spec in enumerate(ports)]
    router = (
        start(loaded, Settings(substitutions=substitutions, workers=workers), RuntimeBuild(), diagnostics)
        if loaded
        else None
    )
    if router is None:
        raise SystemExit(diagnostics.render("pretty"))
    for element in router.elements:
        element.started()
    for handler, value in workloads.hosts(len(ports), workload.hosts):
        router.write(handler, value)
    router.native.start(cpu)
    clock, began = time.monotonic(), time.process_time()
    run_until_stopped(router)
    clock, spent = time.monotonic() - clock, time.process_time() - began
    moved = sum(int(router.read(f"{e.name}.count")) for e in router.elements if type(e).__name__ == "FromNetmap")
    router.native.stop()
    router.native.close()
    return Measured(spent * 1e9 / moved, clock * 1e9 / moved)


def reference_library() -> Callable[[Workload, Sequence[str]], float]:
    """The hand-written loops, as a function like `ours`."""
    native = native_folder()
    sources = [p for part in ("netmap", "ports") for p in sorted((native / part).rglob("*.c"))]
    path = compile_shared(
        [Path(__file__).parent / "reference.c", *sources],
        flags=("-I", str(native)),
        depends=sorted(native.rglob("*.h")),
        name="reference",
    )
    library = ctypes.CDLL(str(path))
    library.reference_run.restype = ctypes.c_long

    def run(workload: Workload, ports: Sequence[str]) -> float:
        names = (ctypes.c_char_p * len(ports))(*(port.encode() for port in ports))
        packets, sent = ctypes.c_uint64(), (ctypes.c_uint64 * 4)()
        error = ctypes.create_string_buffer(256)
        began = time.process_time()
        result = library.reference_run(
            workload.reference, names, len(ports), workload.hosts, ctypes.byref(packets), sent, error, len(error)
        )
        spent = time.process_time() - began
        if result < 0:
            raise SystemExit(error.value.decode())
        return spent * 1e9 / packets.value

    return run


def main(wanted: Iterable[str]) -> None:
    """Run the workloads whose names begin with one of `wanted`, all if there is none; "devices": interfaces;
    "provider": the user-space netmap."""
    chosen = [c for c in cases() if not wanted or any(c.name.startswith(w) for w in wanted)]
    if chosen:
        pipelines(chosen)
    if not wanted or "devices" in wanted:
        devices.run(lambda line: print(line, flush=True))
    if not wanted or "provider" in wanted:
        provider.run(lambda line: print(line, flush=True))


def pipelines(chosen: Sequence[Workload]) -> None:
    """Measure generated pipelines, and the hand-written C beside them."""
    reference = reference_library()
    print(f"{'ns a packet, 64-byte frames':34}{'ours':>8}{'C':>8}{'ratio':>8}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_captures(folder)
        for workload in chosen:
            ports = specs(workload, folder, PACKETS)
            mine, theirs = [], []
            for _ in range(RUNS):
                mine.append(ours(workload, ports).spent)
                if workload.reference != NO_REFERENCE:
                    theirs.append(reference(workload, ports))
            line = f"{workload.name:34}{min(mine):8.1f}"
            if theirs:
                ratio = statistics.median(a / b for a, b in zip(mine, theirs, strict=True))
                line += f"{min(theirs):8.1f}{ratio:8.2f}"
            print(line, flush=True)
        for workload in chosen:
            if workload.name in SCALED:
                print(scaling(workload, specs(workload, folder, 4 * PACKETS)), flush=True)


def scaling(workload: Workload, ports: Sequence[str]) -> str:
    """How much more two workers move than one."""
    pairs = [(ours(workload, ports, 1, 0).passed, ours(workload, ports, 2, 0).passed) for _ in range(RUNS)]
    one, two = (1e3 / min(each) for each in zip(*pairs, strict=True))
    ratio = statistics.median(one / two for one, two in pairs)
    return f"{workload.name + ', 2 workers':34}  {one:.1f} Mpps with one, {two:.1f} Mpps with two: {ratio:.2f} times"


if __name__ == "__main__":
    main(sys.argv[1:])
