"""The C that plans become: golden texts, and what never may be in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from build import graph_of

from nmclick.compile.emit import emit_program
from nmclick.compile.plan import make_plan

GOLDEN = Path(__file__).parent / "golden"

CASES = {
    "chain": "FromNetmap(null:, STOP true) -> c :: Counter -> Strip(14) -> CheckIPHeader -> d :: Discard;",
    "pull": """InfiniteSource -> q :: Queue(10) -> n :: Counter -> u :: Unqueue -> t :: Tee;
t[0] -> Discard; t[1] -> ToNetmap(null:);""",
    "cycle": """FromNetmap(null:) -> Strip(14) -> CheckIPHeader -> rt :: StaticIPLookup(10.0.0.0/8 0, 0/0 1.2.3.4 1);
rt[0] -> ttl :: DecIPTTL -> Discard; ttl[1] -> ICMPError(10.0.0.1, timeexceeded) -> rt; rt[1] -> Discard;""",
}


@pytest.mark.parametrize("name", CASES)
def test_generated_c_is_as_it_was(name: str, golden: object) -> None:
    text = emit_program(make_plan(graph_of(CASES[name])), 32)
    golden(GOLDEN / f"{name}.c.txt", text)  # type: ignore[operator]


def test_no_text_of_a_configuration_reaches_c() -> None:
    text = emit_program(
        make_plan(
            graph_of('InfiniteSource(DATA "evil */ text") -> Print("*/ int main(void) { }") -> ToNetmap(null:evil);')
        ),
        32,
    )
    assert "evil" not in text
    assert "main" not in text


def test_comments_hold_element_names_only() -> None:
    text = emit_program(
        make_plan(graph_of("elementclass A { input -> c :: Counter -> output } InfiniteSource -> A -> Discard")), 32
    )
    for comment in re.findall(r"/\*(.*?)\*/", text, re.S):
        assert re.fullmatch(r"[\w\s@/:,.;()-]*", comment), comment
    assert "A@2/c :: Counter" in text
