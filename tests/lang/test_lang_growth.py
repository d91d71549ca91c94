"""Ten times the file costs ten times the work, counted in calls of Python functions."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from language import elaborate

from nmclick.lang.flatten import flat_text


def calls(work: Callable[[], object]) -> int:
    """How many calls `work` makes."""
    count = 0

    def tick(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(tick)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def declarations(n: int) -> str:
    return "".join(
        f"s{i} :: Idle; d{i} :: Discard(x {i});\ns{i} -> Counter -> [0] d{i}; // comment\n" for i in range(n)
    )


def compounds(n: int) -> str:
    head = "elementclass P { $a | input -> Print($a) -> c :: Counter -> output }\n"
    return head + "".join(f"Idle -> P(x{i}) -> {{ -> Null -> }} -> Discard;\n" for i in range(n))


def classes(n: int) -> str:
    return "".join(f"elementclass C{i} {{ $a | Message($a) }} C{i}({i});\n" for i in range(n))


def groups(n: int) -> str:
    return "".join("Idle -> ( -> Null -> ) -> Discard;\n" for i in range(n))


def chain(n: int) -> str:
    return "Idle -> " + "{ -> } -> " * n + "Discard"


def fan(n: int) -> str:
    return "t :: Tee; " + "t [] => " + ", ".join("Discard" for _ in range(n)) + ";"


def lists(n: int) -> str:
    return ", ".join(f"e{i}" for i in range(n)) + " :: Message(1);"


def long_config(n: int) -> str:
    return "define($x 1) c :: Classifier(" + ", ".join(f"12/{i:04x} $x '$x' /* */" for i in range(n)) + ");"


@pytest.mark.parametrize("text", [declarations, compounds, classes, groups, chain, fan, lists, long_config])
def test_cost_grows_in_proportion(text: Callable[[int], str]) -> None:
    def run(n: int) -> None:
        configuration, diagnostics = elaborate(text(n))
        assert configuration is not None, diagnostics.render("click")
        flat_text(configuration)

    run(10)
    small, large = calls(lambda: run(40)), calls(lambda: run(400))
    assert large < small * 11
