"""Tokens and syntax trees: what the elaborator gets to see, whatever the text."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nmclick.lang import ast
from nmclick.lang.lexer import END, Lexer
from nmclick.lang.parser import MAX_TOKENS, ParsedFile, parse
from nmclick.lang.source import Source
from nmclick.lang.tables import tables_path


def tokens(text: str, *, config: bool = False) -> list[tuple[str, str]]:
    lexer = Lexer(Source("F", text))
    result = []
    while (token := lexer.next(lambda: config)).type != END:
        result.append((token.type, str(token)))
    return result


def parsed(text: str) -> ParsedFile:
    return parse(Source("F", text))


def statement(text: str) -> ast.Statement:
    (only,) = parsed(text).statements
    return only


def test_identifiers_have_at_signs_and_single_slashes_inside() -> None:
    assert tokens("a/b@1 a//b\n/a a/ b_9") == [
        *(("IDENTIFIER", "a/b@1"), ("IDENTIFIER", "a")),
        *(("UNKNOWN", "/"), ("IDENTIFIER", "a"), ("IDENTIFIER", "a"), ("UNKNOWN", "/"), ("IDENTIFIER", "b_9")),
    ]


def test_punctuation_and_keywords() -> None:
    assert [kind for kind, _ in tokens(":: -> => || ... [ ] { } ( ) , ; | - : =")] == [
        *("_DECLARE", "ARROW", "FAT_ARROW", "OR", "ELLIPSIS", "LSQB", "RSQB", "LBRACE", "RBRACE", "LPAR", "RPAR"),
        *("COMMA", "_SEMICOLON", "_BAR", "DASH", "UNKNOWN", "UNKNOWN"),
    ]
    assert [kind for kind, _ in tokens("elementclass require define provide $x $")] == [
        *("ELEMENTCLASS", "REQUIRE", "DEFINE", "UNKNOWN", "VARIABLE", "VARIABLE")
    ]


@pytest.mark.parametrize(
    "config",
    [
        "",
        " a, (b), c ",
        "'(' \")\" /* ) */ // )\n",
        '"\\")"',
        "\\<29 /* > ) */ 29>",
        "'\\'",
        '"a\\<22>)"',
        "a / b",
    ],
)
def test_a_configuration_string_ends_at_its_own_parenthesis(config: str) -> None:
    assert tokens(f"a({config}) b", config=True) == [("IDENTIFIER", "a"), ("CONFIG", config), ("IDENTIFIER", "b")]


@pytest.mark.parametrize("text", ["a('b)", 'a("b)', 'a("b\\")', "a(/* )", "a(\\<00 )", "a(((b))"])
def test_an_unclosed_configuration_string_takes_the_rest_and_is_said_so(text: str) -> None:
    assert tokens(text, config=True) == [("IDENTIFIER", "a"), ("CONFIG", text[2:])]
    assert [problem.message for problem in parsed(text).problems] == ["expected ')'"]


def test_parentheses_are_groups_where_no_configuration_may_be() -> None:
    for text in ("(a)", "a -> (b)", "[1] (a)", "a; (b)", "elementclass F { } (a)", "elementclass F G (a)", "a, (b)"):
        connection = parsed(text).statements[-1]
        assert isinstance(connection, ast.Connection)
        elements = connection.links[-1].elements if connection.links else connection.first
        assert elements is not None
        assert isinstance(elements.elements[-1].subject, ast.Group), text
        assert parsed(text).problems == ()


def test_parentheses_are_configurations_after_names_compounds_groups_and_classes() -> None:
    for text in ("a (b)", "a :: B (b)", "{ } (b)", "a :: { } (b)", "(a) (b)", "[0] a (b)"):
        connection = statement(text)
        assert isinstance(connection, ast.Connection)
        assert connection.first is not None
        config = connection.first.elements[0].config
        assert config is not None
        assert (config.text, text[config.start : config.end]) == ("b", "(b)")


def test_statements_without_semicolons() -> None:
    kinds = [type(each) for each in parsed("a b -> c require(d) define(e) elementclass F G a :: b [0] c").statements]
    assert kinds == [
        *(ast.Connection, ast.Connection, ast.Require, ast.Define, ast.ClassDefinition, ast.Connection, ast.Connection)
    ]


def test_places_are_offsets_of_the_source() -> None:
    text = "  [1] name /* x */ :: Class (conf) [2] , b -> c"
    connection = statement(text)
    assert isinstance(connection, ast.Connection)
    assert text[connection.start : connection.end] == text[2:]
    assert connection.first is not None
    first = connection.first.elements[0]
    assert text[first.start : first.end] == "[1] name /* x */ :: Class (conf) [2]"
    assert isinstance(first.subject, ast.Name)
    assert text[first.subject.start : first.subject.end] == "name"


def test_compounds_have_branches_with_formals() -> None:
    definition = statement("elementclass F { $a, K $b | x || y || ... }")
    assert isinstance(definition, ast.ClassDefinition)
    assert isinstance(definition.body, ast.Compound)
    first, second, third = definition.body.branches
    assert [(formal.keyword, formal.name) for formal in first.formals] == [("", "a"), ("K", "b")]
    assert (len(first.statements), len(second.statements), len(third.statements)) == (1, 1, 0)
    assert third.extends is not None


def test_parsing_goes_on_after_every_error() -> None:
    file = parsed("a -> ) ; elementclass ; b [ ; require ; { $x, } c :: ; d")
    assert [problem.message for problem in file.problems] == [
        "syntax error near ')'",
        "expected element type name",
        "syntax error near ';'",
        "syntax error: expected port number",
        "expected '('",
        "expected variable",
        "missing element type in declaration",
    ]
    last = file.statements[-1]
    assert isinstance(last, ast.Connection)
    assert last.first is not None
    assert isinstance(last.first.elements[0].subject, ast.Name)
    assert last.first.elements[0].subject.text == "d"


def test_too_many_tokens_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_TOKENS == 400_000
    monkeypatch.setattr("nmclick.lang.parser.MAX_TOKENS", 100)
    file = parsed("a :: Idle;\n" * 100)
    assert file.truncated
    assert [problem.message for problem in file.problems] == ["configuration too large: more than 100 tokens"]


def test_tables_are_kept_in_a_folder_of_the_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cache"
    monkeypatch.setenv("NMCLICK_CACHE", str(folder))
    path = tables_path("grammar")
    assert path is not None
    assert path.parent == folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert tables_path("another") != path
    folder.chmod(0o777)
    assert tables_path("grammar") is None
    monkeypatch.setenv("NMCLICK_CACHE", os.devnull)
    assert tables_path("grammar") is None
