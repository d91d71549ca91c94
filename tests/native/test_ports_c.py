"""The tests written in C, each in a process of its own, under the sanitizers; and the sources under both compilers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from native_build import HERE, NATIVE, Build, sources

PROGRAMS = ["rings.c", "pipes.c", "replay.c", "lpm.c"]
TESTS = [(p, name) for p in PROGRAMS for name in re.findall(r"^TEST\((\w+)\)", (HERE / p).read_text(), re.MULTILINE)]


@pytest.mark.parametrize(("program", "name"), TESTS, ids=[name for _, name in TESTS])
def test(build: Build, tmp_path: Path, program: str, name: str) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [build.program(program), name], capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_sources_compile_without_warnings(compiler: str, tmp_path: Path) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-fsyntax-only", "-fPIC"]
    command = [compiler, *flags, f"-I{NATIVE / 'include'}", *map(str, sources())]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
