"""The user-space netmap provider between two processes: ``python -m tests.bench provider``."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from nmclick.compile.cc import find_compiler, native_folder, provider_program

RUNS = 5
SECONDS = 1
SLOTS = (1024, 4096)


def build(folder: Path) -> Path:
    """The sender and the receiver."""
    native = native_folder()
    sources = [
        Path(__file__).parent / "provider.c",
        *sorted((native / "ports" / "netmap").glob("user*.c")),
        *(native / "netmap" / f"{name}.c" for name in ("ring", "region", "pool")),
    ]
    program = folder / "provider"
    options = ["-std=gnu11", "-O3", "-march=native", f"-I{native / 'include'}", f"-I{native}", "-pthread"]
    subprocess.run([*find_compiler().command, *options, *map(str, sources), "-o", str(program)], check=True)
    return program


def run(report: Callable[[str], None]) -> None:
    """Report the best of some runs for VALE and for a pipe, with rings of two sizes."""
    with tempfile.TemporaryDirectory() as name:
        program = build(Path(name))
        environment = os.environ | {"NMCLICK_NETMAP": f"{name}/netmap", "NMCLICK_PROVIDER": str(provider_program())}
        for kind in ("vale", "pipe"):
            for slots in SLOTS:
                command = [str(program), kind, str(SECONDS), str(slots)]
                done = [
                    subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
                    for _ in range(RUNS)
                ]
                mpps, _, ns, _ = max(done, key=lambda words: float(words[0]))
                report(f"{f'{kind}, 2 processes, {slots} slots':34}{float(ns):8.1f} ns, {mpps} Mpps")
