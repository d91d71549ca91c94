"""Connections: element lists joined by connectors, and the elements that they declare on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from nmclick.lang import ast
from nmclick.lang.compounds import Compound, ElementType, Special, has_all_digit_component
from nmclick.lang.context import Context
from nmclick.lang.ports import Member, join, port_numbers
from nmclick.lang.recovery import syntax_error
from nmclick.lang.source import Span


class Nested(Protocol):
    """What declares the statements inside an element."""

    def compound(self, node: ast.Compound, name: str) -> Compound:
        """The class that a `{ ... }` makes."""

    def group(self, node: ast.Group) -> tuple[str, int, int]:
        """The name of a group and its numbers of inputs and outputs."""


@dataclass(slots=True)
class Statements:
    """State of one list of statements. `nested` in a compound or group, where ports may be implicit."""

    nested: bool
    after_output: bool = True


@dataclass(slots=True)
class _Draft:
    """An element list's member while its declaration is being read."""

    name: str
    type: ElementType | None
    span: Span
    bare: bool
    declared: ElementType | None = None
    config: str = ""
    config_span: Span | None = None
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)


class Chains:
    """Declares the connections of the context's circuit."""

    def __init__(self, context: Context, nested: Nested) -> None:
        self._context = context
        self._nested = nested

    def connection(self, statement: ast.Connection, state: Statements) -> None:
        """Declare a connection's elements and connect them."""
        items: list[tuple[bool, ast.ElementList | None, int]] = []
        items.append((False, statement.first, statement.start))
        items += [(link.fat, link.elements, link.end) for link in statement.links]
        chain: list[Member] = []
        for position, (fat, elements, end) in enumerate(items):
            arrow_follows = position + 1 < len(items)
            if elements is None:
                members = self._implicit(state, first=not chain, arrow_follows=arrow_follows, end=end)
            else:
                members = self._element_list(elements, state, first=not chain, arrow_follows=arrow_follows)
                end = elements.end
            following = self._context.file.after(end)
            if members and not chain:
                caret = self._context.file.span(elements.start, end) if elements else None
                self._check_useless(
                    [m.inputs for m in members], "input ports ignored at start of chain", following, caret
                )
            elif members:
                self._join(chain, members, fat, self._context.file.span(statement.start, end), following)
            if not members:
                self._end_chain(chain, state, following)
            chain = members
        if chain:
            following = self._context.file.after(statement.end)
            if following.text == "(":
                # The grammar takes it for a group in the next statement, but a group starts one only after a `;`.
                self._context.error(following, syntax_error("("))
            self._end_chain(chain, state, following)

    def _join(self, sources: list[Member], targets: list[Member], fat: bool, span: Span, following: Span) -> None:
        def report(message: str) -> None:
            self._context.error(following, message, caret=span)

        for source, output, target, input_ in join(sources, targets, fat=fat, report=report):
            self._context.circuit.connect(source, output, target, input_, span)

    def _check_useless(self, ports: Iterable[Sequence[int]], message: str, following: Span, caret: Span | None) -> None:
        if any(ports):
            self._context.error(following, message, caret=caret)

    def _end_chain(self, chain: list[Member], state: Statements, following: Span) -> None:
        message = "output ports ignored at end of chain"
        self._check_useless([member.outputs for member in chain], message, following, None)
        state.after_output = len(chain) == 1 and chain[0].element == self._context.circuit.index.get("output")

    def _implicit(self, state: Statements, *, first: bool, arrow_follows: bool, end: int) -> list[Member]:
        """What stands where a connector has nothing before or after it; nothing if that is an error."""
        place = self._context.file.after(end)
        if not state.nested or (not first and arrow_follows):
            self._context.error(place, syntax_error(place.text))
            return []
        if first and not state.after_output:
            self._context.report_problems(place.start)
            self._context.diagnostics.warning(
                place, f"suggest 'input {place.text}' or '[0] {place.text}' to start connection"
            )
        return [Member(self._context.circuit.index["input" if first else "output"])]

    def _element_list(
        self, node: ast.ElementList, state: Statements, *, first: bool, arrow_follows: bool
    ) -> list[Member]:
        """Declare the elements of a list. Empty if nothing in it can be used."""
        following = self._context.file.after(node.end)
        drafts: list[_Draft] = []
        any_implicit = False
        for element in node.elements:
            last = element is node.elements[-1]
            if element.subject is None:
                implicit = state.nested and (not last or first == arrow_follows)
                if not implicit:
                    self._stranded(element, state, first=first, alone=not drafts)
                    if not drafts and last:
                        return []
                    continue
                any_implicit = True
            drafts.append(self._draft(element, first=first))
        if arrow_follows and node.end > node.elements[-1].end:
            self._context.error(following, syntax_error(following.text))
        if any_implicit and not first and arrow_follows:
            self._context.error(following, "implicit ports used in the middle of a chain")
        any_ports = any(draft.inputs or draft.outputs for draft in drafts)
        alone = first and not arrow_follows and not any_ports and not any_implicit
        if alone and all(draft.bare for draft in drafts[:-1]):
            for draft in drafts[:-1]:
                draft.declared, draft.config = drafts[-1].declared, drafts[-1].config
                draft.config_span = drafts[-1].config_span
        return [self._declare(draft, following) for draft in drafts]

    def _stranded(self, element: ast.Element, state: Statements, *, first: bool, alone: bool) -> None:
        """Report ports that belong to no element."""
        place = self._context.file.after(element.end)
        caret = self._context.file.span(element.start, element.end)
        self._context.error(place, "stranded port ignored", caret=caret)
        if alone and not (state.nested and first):
            self._context.error(place, syntax_error(place.text))

    def _draft(self, element: ast.Element, *, first: bool) -> _Draft:
        inputs = self._ports(element.in_ports)
        outputs: list[int] = []
        match element.subject:
            case ast.Name(text, start, end):
                draft = _Draft(text, self._context.class_type(text), self._context.file.span(start, end), bare=True)
            case ast.Compound(_, _, end):
                type_: ElementType | None = self._nested.compound(element.subject, "")
                draft = _Draft("", type_, self._context.file.span(max(0, end - 1), end), bare=False)
            case ast.Group(_, start, end):
                name, n_inputs, n_outputs = self._nested.group(element.subject)
                inputs = inputs or list(range(n_inputs))
                outputs = list(range(n_outputs))
                draft = _Draft(name, None, self._context.file.span(max(0, end - 1), end), bare=False)
            case None:
                name = "input" if first else "output"
                draft = _Draft(
                    name,
                    self._context.class_type(name),
                    self._context.file.span(element.start, element.end),
                    bare=False,
                )
                if first:
                    inputs, outputs = [], inputs
        if isinstance(element.declared, ast.Compound):
            draft.declared = self._nested.compound(element.declared, "")
        elif element.declared:
            draft.declared = self._declared_class(element.declared, draft)
        if element.config:
            self._config(draft, element.config)
        draft.bare = draft.bare and not element.declared and not element.config
        draft.inputs = inputs
        draft.outputs = self._ports(element.out_ports) if element.out_ports else outputs
        return draft

    def _declared_class(self, declared: ast.Name, draft: _Draft) -> ElementType:
        if declared.text:
            return self._context.demand_class(declared.text, self._context.file.span(declared.start, declared.end))
        # Without a class, Click goes on as if the element's name were one.
        place = self._context.file.after(declared.end)
        return self._context.demand_class(draft.name, place)

    def _config(self, draft: _Draft, config: ast.Config) -> None:
        if draft.name in self._context.circuit.index:
            place = self._context.file.span(config.start, config.start + 1)
            caret = self._context.file.span(config.start, config.end)
            self._context.error(place, "configuration string ignored on element reference", caret=caret)
        draft.config = config.text
        closed = self._context.file.source.text[config.start : config.end].endswith(")")
        draft.config_span = self._context.file.span(config.start + 1, max(config.start + 1, config.end - closed))

    def _ports(self, ports: ast.Ports | None) -> list[int]:
        def report(token: ast.Name, message: str) -> None:
            self._context.error(self._context.file.span(token.start, token.end), message)

        return port_numbers(ports, report) if ports else []

    def _declare(self, draft: _Draft, following: Span) -> Member:
        """Find or make the element of a draft. Click's parser has read the `following` token by then."""
        circuit = self._context.circuit
        read = following.start
        existing = circuit.index.get(draft.name) if draft.type is None else None
        if existing is not None:
            if draft.declared is not None:
                self._context.error(draft.span, f"redeclaration of element '{draft.name}'", read=read)
                previous = circuit.elements[existing]
                if previous.type is not Special.TUNNEL:
                    self._context.diagnostics.note(previous.span, f"element '{draft.name}' previously declared here")
            return Member(existing, draft.inputs, draft.outputs)
        type_ = draft.type or draft.declared
        name = draft.name
        if draft.type is not None and draft.declared is not None:
            self._context.error(draft.span, f"class '{name}' used as element name", read=read)
        elif type_ is None:
            hint = self._context.suggest_element(name)
            self._context.error(draft.span, f"undeclared element '{name}'", read=read, hint=hint)
            self._context.unknown += 1
            self._context.classes.names[name] = type_ = Special.UNKNOWN
        anonymous = draft.type is not None or draft.declared is None
        final_name = circuit.anonymous_name(name) if anonymous else name
        if has_all_digit_component(final_name.removeprefix(";")):
            self._context.error(following, f"element name '{final_name}' has all-digit component", caret=draft.span)
        assert type_ is not None
        index = circuit.add(final_name, type_, draft.span, draft.config, draft.config_span)
        return Member(index, draft.inputs, draft.outputs)
