"""The C programs of this folder are built like those of tests/native."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "native")]

if TYPE_CHECKING:
    from native_build import Build


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    from native_build import Build

    base = tmp_path_factory.getbasetemp()
    return Build((base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "native-build")
