"""Arguments, words, quotes and data of configuration strings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmclick.lang.configstring import (
    argument_spans,
    is_word,
    join_arguments,
    parse_string,
    parse_word,
    quote,
    shift_word,
    split_arguments,
    split_keyword,
    split_words,
    uncomment,
    unquote,
    unquote_bytes,
)
from nmclick.lang.source import Source, Span, decode

ANY_TEXT = st.binary(max_size=60).map(decode) | st.text("ab ,/*\\<>\"'$\n\r\t", max_size=60)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("", []),
        ("a, b, c", ["a", "b", "c"]),
        ("10,", ["10"]),
        (",", [""]),
        (",,a", ["", "", "a"]),
        (" a  b ,\tc\n", ["a  b", "c"]),
        ("\"x, y\", 'z, w', \\<2c , 2c>", ['"x, y"', "'z, w'", "\\<2c , 2c>"]),
        ("a /* , */ b, c // , \n d", ["a b", "c d"]),
        ("a/* x */b", ["a b"]),
        ("/* only */", []),
        ("/* first */ , b", ["", "b"]),
        ('"/* no comment */ // neither"', ['"/* no comment */ // neither"']),
        ('"open, string', ['"open, string']),
        ('"a\\", b", c', ['"a\\", b"', "c"]),
        ("\\<00 // >\n 01>, x", ["\\<00 // >\n 01>", "x"]),
        ("a / b, //x", ["a / b"]),
    ],
)
def test_arguments_are_split_at_top_level_commas(text: str, arguments: list[str]) -> None:
    assert split_arguments(text) == arguments


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("a  b\tc\n", ["a", "b", "c"]),
        ("a, b", ["a,", "b"]),
        ("'a b'c \"d e\"\\<00 01> f", ["'a b'c", '"d e"\\<00 01>', "f"]),
        ("a/* x */b // y", ["a", "b"]),
        ("a/b", ["a/b"]),
    ],
)
def test_words_are_split_at_unquoted_spaces(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_the_first_word_is_taken_from_the_rest() -> None:
    assert shift_word(" export  x   a  b ") == ("export", "x   a  b ")
    assert shift_word("'a b'/**/c") == ("'a b'", "c")
    assert shift_word(" ") == ("", "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("abc", b"abc"),
        (" abc  d ", b"abc  d"),
        ('abc"d e"f', b"abcd ef"),
        ("'raw \\n \"x\"'", b'raw \\n "x"'),
        (r'"\a\b\f\n\r\t\v"', b"\a\b\f\n\r\t\v"),
        (r'"\0\12\1018\377\777"', b"\0\nA8\xff\xff"),
        (r'"\x41;\x0000142\x"', b"A;B\0"),
        (r'"\<41 42 /* 43 */ 4>"', b"AB"),
        (r"\<41 42>C", b"ABC"),
        (r"\<4 // 5>" + "\n" + "1>", b"A"),
        (r"\n", b"\\n"),
        ('"a\\\nb\\\r\nc"', b"abc"),
        (r'"\\\"\$\,\q"', b'\\"$,q'),
        ('"end\\', b"end\\"),
        ('"é"', "é".encode()),
        ('""', b""),
        ('a"b"\'c\'/* x */"d"', b"abc d"),
    ],
)
def test_quotes_and_escapes_are_resolved(text: str, value: bytes) -> None:
    assert unquote_bytes(text) == value
    assert unquote(text) == decode(value)


def test_quoting() -> None:
    assert quote("") == '""'
    assert quote("plain text") == '"plain text"'
    assert quote('a"b\\c$d\te\nf\rg\x01é') == r'"a\"b\\c\$d\te\nf\rg\001\303\251"'
    assert quote("a\nb", newlines=True) == '"a\nb"'


@given(ANY_TEXT)
def test_unquote_turns_quote_back(text: str) -> None:
    assert unquote(quote(text)) == text
    assert unquote(quote(text, newlines=True)) == text


@given(ANY_TEXT)
def test_arguments_split_again_into_the_same(text: str) -> None:
    arguments = split_arguments(text)
    joined = join_arguments([*arguments, "end"])
    one_kind = "'" not in text or '"' not in text  # a quote inside quotes may leave one open
    if one_kind and text.count("'") % 2 == 0 and text.count('"') % 2 == 0 and "\\" not in text:
        assert split_arguments(joined) == [*arguments, "end"]


@given(ANY_TEXT)
def test_no_text_breaks_any_of_them(text: str) -> None:
    split_words(text)
    uncomment(text)
    shift_word(text)
    parse_word(text)
    unquote_bytes(text)


def test_strings_and_words() -> None:
    assert parse_string('"a b"c') == "a bc"
    assert parse_string('""') == ""
    assert parse_string("a b") is None
    assert parse_string("") is None
    assert parse_word("a!b") == "a!b"
    assert parse_word('"a b"') is None
    assert not is_word("a,b")
    assert not is_word("é")


def test_keywords() -> None:
    assert split_keyword("LIMIT 10") == ("LIMIT", "10")
    assert split_keyword("STOP") == ("STOP", "")
    assert split_keyword("a.b:c?d!_9   x y ") == ("a.b:c?d!_9", "x y ")
    assert split_keyword('"LIMIT" 10') is None
    assert split_keyword(" LIMIT 10") is None
    assert split_keyword("") is None


def span_of(text: str, part: str) -> Span:
    source = Source("F", text)
    start = text.index(part)
    return Span(source, start, start + len(part), "F", text.count("\n", 0, start) + 1)


def test_arguments_know_where_they_stand() -> None:
    config = ' a ,\n "b, c" /* x */ d,, e'
    spans = argument_spans(config, span_of(f"x :: X({config});", config))
    assert [(span.text, span.landmark) for span in spans] == [
        ("a", "F:1"),
        ('"b, c" /* x */ d', "F:2"),
        (config, "F:1"),
        ("e", "F:2"),
    ]


def test_arguments_from_variables_stand_where_the_string_stands() -> None:
    span = span_of("x :: X($a, 1);", "$a, 1")
    assert [each.text for each in argument_spans("1, 2, 1", span)] == ["$a, 1"] * 3
    assert [each.text for each in argument_spans("7, 1", span)] == ["$a", "1"]
    assert argument_spans("", None) == []
    assert argument_spans("1", None) == []


@given(st.text(alphabet="a1. \t\n,/x", max_size=30))
def test_plain_text_is_split_like_any_other(text: str) -> None:
    """Where there is nothing to skip a shorter way is taken; a quoted argument in front makes it the long one."""
    plain = text.replace("//", "/").replace("/*", "/")
    assert split_arguments('"",' + plain + ",x")[1:] == split_arguments(plain + ",x")
    assert split_arguments('"",' + plain)[1:] == split_arguments(plain)
