"""What all tests share: golden files, and the switch that writes them anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

# Configurations of tests run for a moment: what counts is the time to compile them.
os.environ.setdefault("NMCLICK_CFLAGS", "-O1")

Golden = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing with them")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """golden(path, text) asserts that the file holds the text, or writes it with --update-golden
    (NMCLICK_UPDATE_GOLDEN=1)."""
    update = request.config.getoption("--update-golden") or os.environ.get("NMCLICK_UPDATE_GOLDEN") == "1"

    def check(path: Path, text: str) -> None:
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path} is missing: run pytest --update-golden and look at what it writes"
        assert text == path.read_text(encoding="utf-8")

    return check
