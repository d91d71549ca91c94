"""Small routers whose expected results were recorded from the Click modular router (see check.py)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conformance import check

HERE = Path(__file__).parent
CASES = sorted(str(path.parent.relative_to(HERE)) for path in HERE.glob("*/*/case.toml"))


@pytest.mark.parametrize("case", CASES)
def test_the_router_gives_what_click_gives(case: str) -> None:
    assert check.run_case(str(HERE / case), [sys.executable, "-m", "nmclick", "run"], False) == []


def test_the_whole_language_area_is_here() -> None:
    assert sum(case.startswith("lang/") for case in CASES) == 30
