"""Classifier's pattern language."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmclick.classify import compile_classifier
from nmclick.classify.patterns import Base


def output(patterns: list[str], data: str) -> int:
    program, errors, _ = compile_classifier(patterns)
    assert errors == []
    headers = {Base.DATA: bytes.fromhex(data)}
    assert program.walk(headers) == program.evaluate(headers)
    return program.walk(headers)


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("0/0800", "0800", "0806"),
        ("1/ff", "00ff", "ff00"),
        ("0/0?0?", "0908", "1908"),
        ("0/??06", "1206", "1207"),
        ("0/0011%00f0", "aa1f", "aa2f"),
        ("0/1?%ff", "1f", "2f"),
        ("0/01 1/02", "0102", "0103"),
        ("0/01  !1/02", "0103", "0102"),
        ("! 0/01", "02", "01"),
        ("0/0102030405060708090a", "0102030405060708090a", "0102030405060708090b"),
        ("3/0102030405", "0000000102030405", "0000000102030406"),
        ("-", "", None),
        ("", "12", None),
        ("0/????", "", None),
        ("0/12%00", "", None),
    ],
)
def test_a_clause_matches(pattern: str, yes: str, no: str | None) -> None:
    assert output([pattern], yes) == 0
    assert no is None or output([pattern], no) == -1


def test_a_clause_past_the_end_fails_and_its_negation_succeeds() -> None:
    assert output(["2/00", "-"], "0000") == 1
    assert output(["!2/00", "-"], "0000") == 0
    assert output(["0/0000??", "-"], "0000") == 0


def test_the_first_pattern_that_matches_takes_the_packet() -> None:
    patterns = ["12/0806 20/0001", "12/0806 20/0002", "12/0800", "-"]
    start = "00" * 12
    assert [output(patterns, start + rest) for rest in ("0806" + "00" * 6 + "0001", "0806" + "00" * 6 + "0002")] == [
        0,
        1,
    ]
    assert [output(patterns, start + rest) for rest in ("0800", "0806", "86dd", "")] == [2, 3, 3, 3]


@pytest.mark.parametrize(
    ("pattern", "messages", "place"),
    [
        ("12/08zz", ["expected a digit"], (5, 6)),
        ("twelve/0800", ["expected a digit"], (0, 1)),
        ("12 0800", ["expected '/'"], (2, 3)),
        ("12/8", ["value has less than 2 hex digits"], (3, 4)),
        ("12/", ["value has less than 2 hex digits"], (3, 3)),
        ("12/080", ["value has odd number of hex digits"], (3, 6)),
        ("12/0800%ff", ["mask has too few hex digits"], (8, 10)),
        ("12/08%ffff", ["mask has too many hex digits"], (6, 10)),
        ("!", ["expected a digit"], (1, 1)),
        ("- 12/08", ["expected a digit"], (0, 1)),
        ("99999/00", ["offset 99999 out of range, bound 65535"], (0, 5)),
        ("1/0 2/000", ["value has less than 2 hex digits", "value has odd number of hex digits"], (2, 3)),
    ],
)
def test_a_broken_pattern_has_clicks_message_and_its_place(
    pattern: str, messages: list[str], place: tuple[int, int]
) -> None:
    _, errors, _ = compile_classifier(["-", pattern])
    assert [error.message for error in errors] == [f"pattern 1: {message}" for message in messages]
    assert (errors[0].argument, errors[0].start, errors[0].end) == (1, *place)


def test_patterns_that_can_match_nothing_are_warned_of() -> None:
    _, errors, warnings = compile_classifier(["12/0800", "12/0800 20/01", "12/0806 12/0807", "-", "-"])
    assert errors == []
    assert [(warning.argument, warning.message) for warning in warnings] == [
        (1, "output 1 matches no packets"),
        (2, "output 2 matches no packets"),
        (4, "output 4 matches no packets"),
    ]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=20), st.text("0123456789abcf?/%! -", max_size=30)), max_size=4))
def test_any_text_gives_a_program_or_errors_with_places(patterns: list[str]) -> None:
    program, errors, warnings = compile_classifier(patterns)
    for message in errors + warnings:
        assert message.start is not None
        assert message.end is not None
        assert 0 <= message.start <= message.end <= len(patterns[message.argument])
    if not errors:
        program.emit_c("f")
        program.text()
