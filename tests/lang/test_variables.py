"""Substitution of variables in configuration strings."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmclick.lang.variables import ExpansionError, Scope


def scope(**variables: str) -> Scope:
    result = Scope()
    for name, value in variables.items():
        result.define(name, value)
    return result


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$a", "1"),
        ("$a$a-$ab", "11-$ab"),
        ("${a}b", "1b"),
        ("${ a }", "1"),
        ("$A", "$A"),
        ("$", "$"),
        ("$$", "$$"),
        ("${a", "${a"),
        ("${b-x y}", "x y"),
        ("${a-x}", "1"),
        ("${b-$a}", "1"),
        ("${b}", "${b}"),
        ("${b$a}", "${b1}"),
        ("${words[0]}", "X"),
        ("${words[0x1]}", "'Y Z'"),
        ("${words[2]}", "W"),
        ("${words[3]}", ""),
        ("${words[99999999999999999999999]}", ""),
        ("${words[$a]}", "'Y Z'"),
        ("${words[x]}", "X 'Y Z'  W"),
        ("'$a'", "'$a'"),
        ('"$a"', '"1"'),
        ('"\\$a"', '"\\$a"'),
        ("\\$a", "\\1"),
        ('"$quoted"', '"say \\"hi\\""'),
        ("$quoted", 'say "hi"'),
        ("\"'$a'\"", "\"'1'\""),
        ("$a /* $a */ $a // $a", "1 /* $a */ 1 // $a"),
        ("$a/$a", "1/1"),
        ("$empty", ""),
        ("$later", "<1>"),
        ("$(a)", "1"),
        ("$(x $a)", "$(x 1)"),
        ("$(x", "$(x"),
    ],
)
def test_expands(text: str, expected: str) -> None:
    variables = scope(a="1", words="X 'Y Z'  W", quoted='say "hi"', empty="", later="<${later2}>", later2="$a")
    assert variables.expand(text) == expected


def test_inner_scopes_hide_outer_ones() -> None:
    outer = scope(a="1", b="2")
    inner = Scope(outer)
    inner.define("a", "3")
    assert inner.expand("$a $b") == "3 2"
    assert outer.expand("$a $b") == "1 2"
    assert inner.enclosing(1) is outer
    assert outer.enclosing(0) is None


def test_a_value_that_mentions_itself_stops_at_depth_ten() -> None:
    assert scope(a="x$a").expand("$a") == "x" * 11 + "$a"


def test_values_that_double_are_refused() -> None:
    with pytest.raises(ExpansionError):
        scope(a="$a" * 8).expand("$a")


@given(st.text("ab$ ${}()[]-0/*\\\"'", max_size=40), st.text("ab$ ${}()[]-0/*\\\"'", max_size=12))
def test_any_text_expands_or_is_refused(text: str, value: str) -> None:
    with suppress(ExpansionError):
        scope(a=value, b=text).expand(text)
