"""The netmap ports over the netmaps that there are: the user-space provider, and the kernel's where it has one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live import HERE, NAMES, NATIVE, SKIPPED, script
from live import build as build_static

if TYPE_CHECKING:
    from native_build import Build

needs_kernel = pytest.mark.skipif(not Path("/dev/netmap").exists(), reason="the kernel has no netmap")


@pytest.fixture(scope="session")
def provider(build: Build) -> Path:
    """The switch process, under the sanitizers."""
    parts = [*(NATIVE / "provider").glob("*.c"), NATIVE / "netmap" / "pool.c"]
    return build.compile("provider", f"-I{NATIVE}", *sorted(parts))


@pytest.mark.parametrize("name", NAMES)
def test_user_space(build: Build, provider: Path, tmp_path: Path, name: str) -> None:
    private = tmp_path / "netmap"
    private.mkdir(mode=0o700)
    environment = os.environ | {
        "NM_PROVIDER": "user",
        "NMCLICK_PROVIDER": str(provider),
        "NMCLICK_NETMAP": str(private),
    }
    command = [build.program(str(HERE / "live.c")), name]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    if done.returncode == SKIPPED:
        pytest.skip("there are no interfaces in user space")
    assert done.returncode == 0, done.stdout + done.stderr


@needs_kernel
def test_kernel(tmp_path: Path) -> None:
    program = tmp_path / "live"
    build_static(program)
    done = subprocess.run(["sh", "-c", script(str(program))], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_program_for_other_machines_is_static(tmp_path: Path) -> None:
    program = tmp_path / "live"
    build_static(program)
    done = subprocess.run([program, "no_such_test"], capture_output=True, text=True, env={}, check=False)
    assert (done.returncode, done.stderr) == (2, "no such test\n")
    headers = subprocess.run(["readelf", "-l", program], capture_output=True, text=True, check=True).stdout
    assert "INTERP" not in headers
