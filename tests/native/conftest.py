"""The native sources under the sanitizers, and a program that drives ports for the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from native_build import Build
from port_tool import PortTool


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
