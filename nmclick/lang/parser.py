"""Source text to syntax tree, through the LALR tables that lark makes of grammar.lark.

Tokens are fed one by one: the lexer asks the parser whether a `(` starts a configuration string, and a token that
fits nowhere is repaired instead of ending the parse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lark import Lark, Token, UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from nmclick.lang import ast
from nmclick.lang.builder import SUPPLIED, TreeBuilder
from nmclick.lang.diagnostics import MAX_ERRORS
from nmclick.lang.lexer import END, Lexer, Problem
from nmclick.lang.recovery import Place, Repair, repair
from nmclick.lang.source import LineMap, Source, Span
from nmclick.lang.tables import tables_path

MAX_NESTING = 50
"""Compounds, groups and libraries inside each other; Click's limit."""

MAX_TOKENS = 400_000

_MAX_REPAIRS = 8
_BRACKETS = {"LBRACE": "element", "LPAR": "group"}
_VIRTUAL_TEXT = {"RSQB": SUPPLIED, "VARIABLE": "$"}


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A source and its statements. `problems` are the errors of syntax, in order.

    `truncated` says that parsing stopped before the end, so that the statements are not worth looking at.
    """

    source: Source
    statements: tuple[ast.Statement, ...]
    problems: tuple[Problem, ...]
    truncated: bool
    lines: LineMap
    following: Callable[[int], tuple[int, int]]

    def span(self, start: int, end: int) -> Span:
        return self.lines.span(start, end)

    def after(self, offset: int) -> Span:
        """The token that follows `offset`, which Click's parser has read when it reports what stands before it."""
        start, end = self.following(offset)
        return self.lines.span(start, end)

    def end(self) -> Span:
        return self.lines.span(len(self.source.text), len(self.source.text))


def parse(source: Source, *, nesting: int = 0) -> ParsedFile:
    """The syntax tree of `source`. `nesting` counts the groups and libraries that it is required from."""
    return _Parse(source, nesting).run()


@cache
def _tables() -> Lark:
    grammar = files("nmclick.lang").joinpath("grammar.lark").read_text("utf-8")
    path = tables_path(grammar)
    return Lark(
        grammar,
        parser="lalr",
        lexer="basic",
        transformer=TreeBuilder(),
        maybe_placeholders=True,
        cache=str(path) if path else False,
    )


class _Parse:
    """One run of the parser over one source."""

    def __init__(self, source: Source, nesting: int) -> None:
        self._source = source
        self._lexer = Lexer(source)
        self._parser: InteractiveParser = _tables().parse_interactive("")
        self._choices: Callable[[], Mapping[str, object]] = self._parser.choices
        self._nesting = nesting
        self._brackets: list[Token] = []
        self._before = Token("_SEMICOLON", "", start_pos=0, end_pos=0)
        self._muted = False
        self._statements: tuple[ast.Statement, ...] | None = None

    def run(self) -> ParsedFile:
        lexer = self._lexer
        while True:
            token = lexer.next(self._accepts_config)
            if token.type in _BRACKETS and len(self._brackets) + self._nesting + 1 >= MAX_NESTING:
                self._give_up(token, f"maximum compound {_BRACKETS[token.type]} nesting depth exceeded")
            elif lexer.tokens > MAX_TOKENS:
                self._give_up(token, f"configuration too large: more than {MAX_TOKENS} tokens")
            elif len(lexer.problems) >= MAX_ERRORS:
                self._muted = True
            if self._muted:
                token = Token(END, "", start_pos=token.start_pos, end_pos=token.start_pos)
            self._feed(token)
            if token.type == END:
                break
        truncated = self._muted or self._statements is None
        problems = tuple(sorted(lexer.problems, key=lambda problem: problem.offset))
        statements = self._statements or ()
        return ParsedFile(self._source, statements, problems, truncated, lexer.lines, lexer.following)

    def _accepts_config(self) -> bool:
        return "CONFIG" in self._choices()

    def _give_up(self, token: Token, message: str) -> None:
        if not self._muted:
            self._report(token, Repair(message))
        self._muted = True

    def _feed(self, token: Token) -> None:
        """Feed a token of the source, after repairs if it does not fit."""
        for _ in range(_MAX_REPAIRS + len(self._brackets)):
            if self._accepted(token):
                return
            bracket = self._brackets[-1].type if self._brackets else None
            fix = repair(token, self._choices(), self._before.type, bracket)
            self._report(token, fix)
            for terminal in fix.supply:
                self._accepted(_virtual(terminal, self._before))
            if not fix.keep:
                return

    def _accepted(self, token: Token) -> bool:
        try:
            result = self._parser.feed_token(token)
        except UnexpectedToken:
            return False
        self._before = token
        if token.type in _BRACKETS:
            self._brackets.append(token)
        elif token.type in ("RBRACE", "RPAR"):
            self._brackets.pop()
        elif token.type == END:
            self._statements = result
        return True

    def _report(self, token: Token, fix: Repair) -> None:
        if self._muted:
            return
        before = self._before
        assert token.start_pos is not None
        at = before if fix.place is Place.BEFORE else token
        span = self._lexer.landmark(at.start_pos or 0, at.end_pos or 0)
        caret, hint = None, fix.hint
        if token.type == END and self._brackets and fix.message.startswith("expected"):
            opening = self._brackets[-1]
            caret = self._lexer.lines.span(opening.start_pos or 0, opening.end_pos or 0)
            hint = f"this `{opening}` is never closed"
        order = token.start_pos - fix.early
        self._lexer.problem(order, span, fix.message, caret=caret, hint=hint)


def _virtual(terminal: str, before: Token) -> Token:
    """A token that is not in the source, placed after `before`."""
    return Token(terminal, _VIRTUAL_TEXT.get(terminal, ""), start_pos=before.end_pos, end_pos=before.end_pos)
