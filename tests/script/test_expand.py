"""Substitution and its quotes, as Click's cp_expand has them."""

from __future__ import annotations

import pytest

from nmclick.script.expand import expand

VARIABLES = {"x": "5", "empty": "", "q": '"two words"', "s": 'a b\n"c" $', "1": "one", "?": "-22", "#": "3", "$": "99"}


def lookup(name: str, is_call: bool) -> str | None:
    if is_call:
        return None if name.startswith("nope") else f"<{name}>"
    return VARIABLES.get(name)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("$x", "5"),
        ("${x}b $xb", "5b $xb"),
        ("$x$x", "55"),
        ("$?/$#/$$/$1", "-22/3/99/one"),
        ("$unknown ${unknown} ${x }", "$unknown ${unknown} ${x }"),
        ("$", "$"),
        ("a$", "a$"),
        ("$-", "$-"),
        ("'$x' $x", "'$x' 5"),
        (r'"\$x" \$x', r'"\$x" \5'),
        ('"$q"', r'"\"two words\""'),
        ("$q", '"two words"'),
        ('"$s"', r'"a b\n\"c\" \$"'),
        ("$(add $x 1)", "<add 5 1>"),
        ("$(add $(sub $x 1) 2)", "<add <sub 5 1> 2>"),
        ('$(length ")")', '<length ")">'),
        (r'$(length "\")")', r'<length "\")">'),
        ("$(add (2) $x)", "<add (2) 5>"),
        ("$(nope)", "$(nope)"),
        ("$(nope $x) $x", "$(nope 5) 5"),
        ("$(unclosed $x", "$(unclosed $x"),
        ("$x ${unclosed $x", "5 ${unclosed $x"),
        ("/* $x */ $x // $x", "/* $x */ 5 // $x"),
        ("http:/$x", "http:/5"),
    ],
)
def test_references_are_replaced(text: str, value: str) -> None:
    assert expand(text, lookup) == value


def test_a_text_that_begins_with_something_empty_is_left_alone_as_in_click() -> None:
    assert expand("$empty", lookup) == "$empty"
    assert expand("$empty $x", lookup) == " 5"
    assert expand("a$empty", lookup) == "a"
    assert expand('"$empty"', lookup) == '""'


def test_values_are_quoted_where_a_layer_of_quotes_will_be_taken_off() -> None:
    assert expand("$q and $empty", lookup, quote_values=True) == r'"\"two words\"" and ""'
    assert expand('"$q"', lookup, quote_values=True) == r'"\"two words\""'


def test_nesting_ends_somewhere() -> None:
    assert "$x" in expand("$(" * 30 + "$x" + ")" * 30, lookup)
    assert expand("$(" * 50_000, lookup) == "$(" * 50_000
