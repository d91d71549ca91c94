"""Fixtures of the command line's tests."""

from pathlib import Path

import pytest

from tests.cli.command import Command


@pytest.fixture
def nmclick(tmp_path: Path) -> Command:
    """The command, run in an empty folder."""
    return Command(tmp_path)
