"""netmap's port names, and the ports over a netmap that records its calls: the tests written in C, under the
sanitizers."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from native_build import Build

HERE = Path(__file__).parent
PROGRAMS = ["names.c", "driver.c"]
TESTS = [(p, name) for p in PROGRAMS for name in re.findall(r"^TEST\((\w+)\)", (HERE / p).read_text(), re.MULTILINE)]


@pytest.mark.parametrize(("program", "name"), TESTS, ids=[name for _, name in TESTS])
def test(build: Build, program: str, name: str) -> None:
    binary = build.program(str(HERE / program))
    done = subprocess.run([binary, name], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
