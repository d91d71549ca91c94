"""Builds the native sources for tests, with the sanitizers."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
NATIVE = HERE.parents[1] / "native"
FLAGS = [
    *("-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-march=native"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"),
    *(f"-I{NATIVE / 'include'}", f"-I{NATIVE / 'netmap'}"),
]


def sources() -> list[Path]:
    return sorted([*NATIVE.glob("netmap/*.c"), *NATIVE.glob("ports/**/*.c")])


class Build:
    """Compiles each thing once a session, shared by parallel test processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def compile(self, name: str, *inputs: Path | str) -> Path:
        output = self.folder / name
        if not output.exists():
            self.folder.mkdir(exist_ok=True)
            partial = output.with_suffix(f".{os.getpid()}")
            command = ["gcc", *FLAGS, *map(str, inputs), "-o", str(partial), "-lpthread"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            partial.rename(output)
        return output

    def library(self) -> Path:
        """The regions, rings and ports."""
        return self.compile("libports.so", "-shared", "-fPIC", *sources())

    def program(self, source: str) -> Path:
        """A C file of this folder, linked with them."""
        library = self.library()
        return self.compile(Path(source).stem, HERE / source, library, f"-Wl,-rpath,{library.parent}")
