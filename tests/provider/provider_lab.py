"""The user-space provider under the sanitizers, in a folder of each test's own."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
NATIVE = HERE.parents[1] / "native"
FLAGS = [
    *("-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-march=native"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"),
    *(f"-I{NATIVE / 'include'}", f"-I{NATIVE}"),
]
CLIENT = [
    *sorted((NATIVE / "ports" / "netmap").glob("user*.c")),
    *(NATIVE / "netmap" / f"{name}.c" for name in ("ring", "region", "pool")),
]
SWITCH = [*sorted((NATIVE / "provider").glob("*.c")), NATIVE / "netmap" / "pool.c"]


def compile_c(output: Path, *inputs: Path | str) -> Path:
    """Compile to a program, once; several processes may want it at the same time."""
    if not output.exists():
        output.parent.mkdir(exist_ok=True)
        partial = output.with_suffix(f".{os.getpid()}")
        command = ["gcc", *FLAGS, *map(str, inputs), "-o", str(partial), "-lpthread"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        partial.rename(output)
    return output


@dataclass(frozen=True)
class Lab:
    """Test programs, the switch process's program, and the folder where it serves."""

    build: Path
    switch: Path
    folder: Path
    logs: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "NMCLICK_NETMAP": str(self.folder),
            "NMCLICK_PROVIDER": str(self.switch),
            "ASAN_OPTIONS": f"log_path={self.logs / 'asan'}:detect_leaks=1",
            "UBSAN_OPTIONS": f"log_path={self.logs / 'ubsan'}:print_stacktrace=1",
        }

    def program(self, source: str) -> Path:
        library = compile_c(self.build / "libuser.so", "-shared", "-fPIC", *CLIENT)
        return compile_c(self.build / Path(source).stem, HERE / source, library, f"-Wl,-rpath,{self.build}")

    def start(self, source: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [self.program(source), *arguments],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, source: str, *arguments: str, seconds: float = 60) -> str:
        done = subprocess.run(
            [self.program(source), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, done.stderr + self.complaints()
        return done.stdout

    def complaints(self) -> str:
        """What the sanitizers found."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.logs.iterdir()))

    def wait_for_end(self) -> None:
        """The switch process leaves by itself when nobody needs it."""
        for process in self.started:
            process.kill()
            process.communicate()
        deadline = time.monotonic() + 10
        while (self.folder / "switch").exists():
            assert time.monotonic() < deadline, "the switch process stays"
            time.sleep(0.02)
