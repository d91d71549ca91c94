"""The user-space provider under the sanitizers, a switch process for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from provider_lab import SWITCH, Lab, compile_c


@pytest.fixture(scope="session")
def provider_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    return (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "provider-build"


@pytest.fixture
def lab(provider_build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    switch = compile_c(provider_build / "switch", *SWITCH)
    lab = Lab(provider_build, switch, tmp_path / "netmap", tmp_path / "logs")
    lab.logs.mkdir()
    monkeypatch.setenv("NMCLICK_NETMAP", str(lab.folder))
    yield lab
    lab.wait_for_end()
    assert lab.complaints() == ""
