"""How diagnostics look: pretty, as Click prints them, and as JSON."""

from __future__ import annotations

import json

import pytest
from language import elaborate

from nmclick.lang.diagnostics import ConfigurationError, Diagnostics, suggest
from nmclick.lang.source import LineMap, Source, Span


def span(text: str, part: str, name: str = "F") -> Span:
    start = text.index(part)
    return LineMap(Source(name, text)).span(start, start + len(part))


def test_pretty_shows_the_line_a_caret_and_a_hint() -> None:
    _, diagnostics = elaborate("// comment\na :: CheckIPHeadr(14);", name="router.click")
    assert diagnostics.render("pretty") == (
        "router.click:2: unknown element class 'CheckIPHeadr'\n"
        "  a :: CheckIPHeadr(14);\n"
        "       ^^^^^^^^^^^^\n"
        "  hint: did you mean `CheckIPHeader`?\n"
    )
    assert diagnostics.render("click") == "router.click:2: unknown element class 'CheckIPHeadr'\n"


def test_pretty_points_into_the_configuration_below_a_context_that_is_said_once() -> None:
    text = "a :: Strip(x, y);\nb :: Strip;"
    diagnostics = Diagnostics()
    context = "While configuring 'a :: Strip':"
    diagnostics.error(span(text, "a"), "LENGTH: invalid number", context=context, caret=span(text, "x"))
    diagnostics.error(span(text, "a"), "too many arguments", context=context, caret=span(text, "y"))
    diagnostics.warning(span(text, "b"), "old", context="While configuring 'b :: Strip':", hint="newer")
    diagnostics.not_initialized = True
    assert diagnostics.render("pretty") == (
        "F:1: While configuring 'a :: Strip':\n"
        "  LENGTH: invalid number\n"
        "  a :: Strip(x, y);\n"
        "             ^\n"
        "  too many arguments\n"
        "  a :: Strip(x, y);\n"
        "                ^\n"
        "F:2: While configuring 'b :: Strip':\n"
        "  warning: old\n"
        "  b :: Strip;\n"
        "  ^\n"
        "  hint: newer\n"
        "Router could not be initialized!\n"
    )
    assert diagnostics.render("click") == (
        "F:1: While configuring 'a :: Strip':\n"
        "  LENGTH: invalid number\n"
        "  too many arguments\n"
        "F:2: While configuring 'b :: Strip':\n"
        "  warning: old\n"
        "Router could not be initialized!\n"
    )
    assert diagnostics.errors == 2


def test_json_has_one_object_a_message() -> None:
    text = "a :: Idle;\n  a :: Null;"
    _, diagnostics = elaborate(text)
    assert json.loads(diagnostics.render("json")) == [
        {
            "file": "F",
            "line": 2,
            "column": 3,
            "endcolumn": 4,
            "severity": "error",
            "message": "redeclaration of element 'a'",
            "context": None,
            "hint": None,
        },
        {
            "file": "F",
            "line": 1,
            "column": 1,
            "endcolumn": 2,
            "severity": "note",
            "message": "element 'a' previously declared here",
            "context": None,
            "hint": None,
        },
    ]


def test_json_without_a_place() -> None:
    diagnostics = Diagnostics()
    diagnostics.error(None, "x: No such file or directory")
    (message,) = json.loads(diagnostics.render("json"))
    assert (message["file"], message["line"], message["column"], message["endcolumn"]) == (None, None, None, None)


def test_several_lines_share_a_landmark() -> None:
    diagnostics = Diagnostics()
    diagnostics.error(span("a", "a"), "one\ntwo")
    diagnostics.error(None, "three\nfour", context="Context:")
    assert diagnostics.render("click") == "F:1: one\nF:1: two\nContext:\n  three\n  four\n"


def test_the_same_error_at_the_same_place_is_said_once() -> None:
    diagnostics = Diagnostics()
    for _ in range(2):
        diagnostics.error(span("a", "a"), "one")
        diagnostics.error(None, "two")
    assert diagnostics.render("click") == "F:1: one\ntwo\ntwo\n"
    assert diagnostics.errors == 3


def test_color_is_only_there_when_wanted() -> None:
    _, diagnostics = elaborate("a :: Ide;")
    assert "\x1b" not in diagnostics.render("pretty")
    assert diagnostics.render("pretty", color=True) == (
        "\x1b[1;31mF:1: unknown element class 'Ide'\x1b[0m\n"
        "  a :: Ide;\n"
        "       \x1b[1;32m^^^\x1b[0m\n"
        "\x1b[36m  hint: did you mean `Idle`?\x1b[0m\n"
    )


def test_tabs_stay_so_that_the_caret_is_below_its_text() -> None:
    diagnostics = Diagnostics()
    diagnostics.error(span("\ta\t:: X", "X"), "m")
    assert diagnostics.render("pretty") == "F:1: m\n  \ta\t:: X\n  \t \t   ^\n"


def test_of_a_long_line_only_the_neighbourhood_is_shown() -> None:
    text = "a" * 500 + "X" + "b" * 500
    diagnostics = Diagnostics()
    diagnostics.error(span(text, "X"), "m")
    _, line, caret = diagnostics.render("pretty").splitlines()
    assert len(line) == 122
    assert line[caret.index("^")] == "X"
    assert json.loads(diagnostics.render("json"))[0]["column"] == 501


def test_control_characters_of_a_file_do_not_reach_the_terminal() -> None:
    _, diagnostics = elaborate("a :: \x1b[31mX\udcff;")
    assert diagnostics.render("pretty").isascii()
    assert "\x1b" not in diagnostics.render("pretty")


def test_a_configuration_error_carries_everything() -> None:
    diagnostics = Diagnostics()
    diagnostics.error(span("a", "a"), "one")
    error = ConfigurationError(diagnostics)
    assert error.diagnostics is diagnostics
    assert str(error) == "F:1: one"


@pytest.mark.parametrize(
    ("word", "candidates", "hint"),
    [
        ("CheckIPHeadr", ["CheckIPHeader", "CheckIPHeader2"], "did you mean `CheckIPHeader`?"),
        ("checkipheader", ["CheckIPHeader"], "did you mean `CheckIPHeader`?"),
        ("Xyzzy", ["CheckIPHeader", "Idle"], None),
        ("", ["Idle"], None),
        ("a" * 1000, ["a" * 999], None),
    ],
)
def test_suggestions(word: str, candidates: list[str], hint: str | None) -> None:
    assert suggest(word, candidates) == hint


def test_line_directives_count_from_the_next_line() -> None:
    lines = LineMap(Source("F", 'a\n# 7 "G"\nb\r\nc\rd'))
    lines.add_directive(2, "G", 7)
    assert [lines.locate(offset) for offset in (0, 10, 13, 15)] == [("F", 1), ("G", 7), ("G", 8), ("G", 9)]


def test_landmarks_of_odd_file_names() -> None:
    source = Source("F", "")
    assert Span(source, 0, 0, "x", 0).landmark == "x"
    assert Span(source, 0, 0, "x:", 3).landmark == "x:3"
    assert Span(source, 0, 0, "line ", 3).landmark == "line 3"
