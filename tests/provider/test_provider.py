"""The tests written in C, each with a switch process of its own, and the sources under both compilers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from provider_lab import CLIENT, HERE, NATIVE, SWITCH, Lab

PROGRAMS = ["register.c", "vale.c", "pipes.c"]
TESTS = [(p, name) for p in PROGRAMS for name in re.findall(r"^TEST\((\w+)\)", (HERE / p).read_text(), re.MULTILINE)]


@pytest.mark.parametrize(("program", "name"), TESTS, ids=[name for _, name in TESTS])
def test(lab: Lab, program: str, name: str) -> None:
    lab.run(program, name)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_sources_compile_without_warnings(compiler: str, tmp_path: Path) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-fsyntax-only", "-fPIC"]
    command = [compiler, *flags, f"-I{NATIVE / 'include'}", *map(str, [*CLIENT, *SWITCH])]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
