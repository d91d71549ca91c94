"""The work of building a graph grows with its size, not with its square: counted, not timed."""

from __future__ import annotations

import sys
import time
from types import FrameType
from typing import Any

import pytest
from graph_stubs import StubRegistry, flat, load

from nmclick.graph.build import build
from nmclick.graph.cycles import back_edges
from nmclick.lang.diagnostics import Diagnostics


def lines_run(text: str) -> int:
    """How many lines of nmclick.graph run while a configuration is built and its cycles are cut."""
    configuration = flat(text)
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        if "nmclick/graph/" not in frame.f_code.co_filename:
            return None
        if event == "line":
            count += 1
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        graph = build(configuration, StubRegistry(), Diagnostics())
        assert graph is not None
        back_edges(graph)
    finally:
        sys.settrace(previous)
    return count


def chain(size: int) -> str:
    names = [f"n{i}" for i in range(size)]
    return "\n".join(["s :: Source", "d :: Discard", *(f"{n} :: Null" for n in names), " -> ".join(["s", *names, "d"])])


def upstream_chain(size: int) -> str:
    """Pull spreads against the order in which connections are looked at."""
    names = [f"n{i}" for i in range(size)]
    return "\n".join(
        ["s :: PullSource", "k :: Sink", *(f"{n} :: Null" for n in names)]
        + [f"{a} -> {b}" for a, b in reversed(list(zip(["s", *names], [*names, "k"], strict=True)))]
    )


def fan(size: int) -> str:
    return "\n".join(
        ["s :: Source", "t :: Tee", "j :: Null", "d :: Discard", "s -> t", "j -> d"]
        + [f"n{i} :: Null" for i in range(size)]
        + [f"t [{i}] -> n{i} -> j" for i in range(size)]
    )


def loops(size: int) -> str:
    return "\n".join(
        ["s :: Source", *(f"l{i} :: Lookup" for i in range(size)), "d :: Discard", "s -> l0"]
        + [f"l{i} -> l{i + 1}" for i in range(size - 1)]
        + [f"l{size - 1} -> d", *(f"l{i} [1] -> l{i - i % 10}" for i in range(size))]
    )


@pytest.mark.parametrize("shape", [chain, upstream_chain, fan, loops])
def test_four_times_the_elements_take_little_more_than_four_times_the_work(shape: Any) -> None:
    small, large = lines_run(shape(200)), lines_run(shape(800))
    assert large < 4.6 * small


def test_a_thousand_elements_are_built_at_once() -> None:
    text = loops(1000)
    began = time.perf_counter()
    graph = load(text).sound
    back_edges(graph)
    # The bound leaves room for a busy machine; alone it takes some 50 ms.
    assert time.perf_counter() - began < 1.5
