"""Builds the syntax tree while the parser reduces: one method a rule of grammar.lark."""

from __future__ import annotations

from typing import TypeAlias

from lark import Token, Transformer

from nmclick.lang import ast

Node: TypeAlias = (
    Token
    | ast.Element
    | ast.ElementList
    | ast.Link
    | ast.Ports
    | ast.Branch
    | ast.Compound
    | ast.Group
    | ast.Formal
    | ast.Statement
    | tuple[ast.Formal, ...]
    | None
)

SUPPLIED = "supplied"
"""The text of a closing bracket that is not in the source."""


class TreeBuilder(Transformer[Token, tuple[ast.Statement, ...]]):
    """Callbacks that get the parts of a rule, optional ones as None."""

    def start(self, parts: list[ast.Statement]) -> tuple[ast.Statement, ...]:
        return tuple(parts)

    def connection(self, parts: list[Node]) -> ast.Connection:
        first = parts[0] if isinstance(parts[0], ast.ElementList) else None
        links = tuple(part for part in parts if isinstance(part, ast.Link))
        return ast.Connection(first, links, first.start if first else links[0].start, links[-1].end)

    def declaration(self, parts: list[ast.ElementList]) -> ast.Connection:
        return ast.Connection(parts[0], (), parts[0].start, parts[0].end)

    def link(self, parts: list[Node]) -> ast.Link:
        connector, elements = parts
        assert isinstance(connector, Token)
        elements = elements if isinstance(elements, ast.ElementList) else None
        start, end = _place(connector)
        return ast.Link(connector.type == "FAT_ARROW", elements, start, elements.end if elements else end)

    def elements(self, parts: list[Node]) -> ast.ElementList:
        elements = tuple(part for part in parts if isinstance(part, ast.Element))
        last = parts[-1]
        end = _place(last)[1] if isinstance(last, Token) else elements[-1].end
        return ast.ElementList(elements, elements[0].start, end)

    def element(self, parts: list[Node]) -> ast.Element:
        in_ports, subject, declared, config, out_ports = parts
        name = _name(subject) if isinstance(subject, Token) else subject
        type_ = _name(declared) if isinstance(declared, Token) else declared
        string = None
        if isinstance(config, Token):
            string = ast.Config(str(config), *_place(config))
        assert isinstance(name, ast.Name | ast.Compound | ast.Group)
        assert isinstance(type_, ast.Name | ast.Compound | None)
        first = in_ports if isinstance(in_ports, ast.Ports) else None
        final = out_ports if isinstance(out_ports, ast.Ports) else None
        last = final or string or type_ or name
        return ast.Element(first, name, type_, string, final, (first or name).start, last.end)

    def implicit(self, parts: list[ast.Ports]) -> ast.Element:
        ports = parts[0]
        return ast.Element(ports, None, None, None, None, ports.start, ports.end)

    def ports(self, parts: list[Token]) -> ast.Ports:
        closed = str(parts[-1]) != SUPPLIED
        names = tuple(_name(token) for token in parts[1:-1])
        return ast.Ports(names, closed, _place(parts[0])[0], _place(parts[-1])[1])

    def group(self, parts: list[Node]) -> ast.Group:
        first, last = parts[0], parts[-1]
        assert isinstance(first, Token) and isinstance(last, Token)
        return ast.Group(tuple(_statements(parts)), _place(first)[0], _place(last)[1])

    def compound(self, parts: list[Node]) -> ast.Compound:
        first, last = parts[0], parts[-1]
        assert isinstance(first, Token) and isinstance(last, Token)
        branches = []
        for opening, branch, closing in zip(parts[:-1:2], parts[1::2], parts[2::2], strict=True):
            assert isinstance(opening, Token) and isinstance(branch, ast.Branch) and isinstance(closing, Token)
            start, end = _place(opening)[1], _place(closing)[0]
            branches.append(ast.Branch(branch.extends, branch.formals, branch.statements, start, end))
        return ast.Compound(tuple(branches), _place(first)[0], _place(last)[1])

    body = compound

    def branch(self, parts: list[Node]) -> ast.Branch:
        extends, formals = parts[:2]
        return ast.Branch(
            _name(extends) if isinstance(extends, Token) else None,
            formals if isinstance(formals, tuple) else (),
            tuple(_statements(parts[2:])),
            0,
            0,
        )

    def formals(self, parts: list[Node]) -> tuple[ast.Formal, ...]:
        return tuple(part for part in parts if isinstance(part, ast.Formal) and part.name)

    def formal(self, parts: list[Token | None]) -> ast.Formal:
        keyword, variable = parts
        assert variable is not None
        start, end = _place(variable)
        return ast.Formal(str(keyword or ""), variable[1:], _place(keyword)[0] if keyword else start, end)

    def class_definition(self, parts: list[Node]) -> ast.ClassDefinition:
        keyword, name, body = parts
        assert isinstance(keyword, Token) and isinstance(name, Token)
        place = _place(keyword)[0], _place(body)[1] if isinstance(body, Token) else getattr(body, "end", 0)
        if isinstance(body, ast.Compound):
            return ast.ClassDefinition(_name(name), body, *place)
        known = isinstance(body, Token) and body.type == "IDENTIFIER"
        return ast.ClassDefinition(_name(name), _name(body) if isinstance(body, Token) and known else None, *place)

    def require(self, parts: list[Token]) -> ast.Require:
        keyword, config = parts
        return ast.Require(ast.Config(str(config), *_place(config)), _place(keyword)[0], _place(config)[1])

    def define(self, parts: list[Token]) -> ast.Define:
        keyword, config = parts
        return ast.Define(ast.Config(str(config), *_place(config)), _place(keyword)[0], _place(config)[1])


def _place(token: Token) -> tuple[int, int]:
    assert token.start_pos is not None and token.end_pos is not None
    return token.start_pos, token.end_pos


def _name(token: Token) -> ast.Name:
    return ast.Name(str(token), *_place(token))


def _statements(parts: list[Node]) -> list[ast.Statement]:
    return [part for part in parts if isinstance(part, ast.Statement)]
