"""The native sources under the sanitizers, and a program that drives ports for the tests."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from port_tool import PortTool

HERE = Path(__file__).parent
NATIVE = HERE.parents[1] / "native"
FLAGS = [
    *("-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-march=native"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"),
    *(f"-I{NATIVE / 'include'}", f"-I{NATIVE / 'netmap'}"),
]


def sources() -> list[Path]:
    return sorted([*NATIVE.glob("netmap/*.c"), *NATIVE.glob("ports/*.c")])


class Build:
    """Compiles once a session, shared by parallel test processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def compile(self, name: str, *inputs: Path | str) -> Path:
        text = b"".join(
            path.read_bytes() for path in sorted([*NATIVE.rglob("*.[ch]"), *HERE.glob("*.[ch]")]) if path.is_file()
        )
        output = self.folder / f"{name}-{hashlib.sha256(text).hexdigest()[:16]}"
        if not output.exists():
            self.folder.mkdir(exist_ok=True)
            partial = output.with_suffix(f".{os.getpid()}")
            command = ["gcc", *FLAGS, *map(str, inputs), "-o", str(partial), "-lpthread"]
            done = subprocess.run(command, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            partial.rename(output)
        return output

    def library(self) -> Path:
        return self.compile("libports.so", "-shared", "-fPIC", *sources())

    def program(self, source: str) -> Path:
        library = self.library()
        return self.compile(Path(source).stem, HERE / source, library, f"-Wl,-rpath,{library.parent}")


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    base = tmp_path_factory.getbasetemp()
    return Build((base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "native-build")


@pytest.fixture(scope="session")
def port_tool_path(build: Build) -> Path:
    return build.program("port_tool.c")


@pytest.fixture(scope="session")
def ports(port_tool_path: Path) -> Iterator[PortTool]:
    with PortTool(port_tool_path) as tool:
        yield tool
