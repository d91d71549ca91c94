"""First stage of elaboration: the statements of a file become circuits, in order.

Names are resolved as they are met, because in Click an element or class exists from its declaration on. Compound
classes stay as they are written; `nmclick.lang.expand` puts them in the places where they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from nmclick.lang import ast, configstring
from nmclick.lang.compounds import (
    REST,
    ClassScope,
    Compound,
    ElementType,
    Formal,
    Primitive,
    Special,
    has_all_digit_component,
)
from nmclick.lang.diagnostics import Diagnostics, suggest
from nmclick.lang.parser import ParsedFile
from nmclick.lang.ports import Member, join, port_numbers
from nmclick.lang.recovery import printable, syntax_error
from nmclick.lang.source import Span
from nmclick.lang.tunnels import Tunnels, check_pseudoelement

_MAX_HINTS = 25


class Requirements(Protocol):
    """What to do about `require(...)`."""

    def require(self, declarer: Declarer, config: str, place: Span, caret: Span) -> None: ...


@dataclass(slots=True)
class Statements:
    """State of one list of statements. `nested` in a compound or group, where ports may be implicit."""

    nested: bool
    after_output: bool = True
    previous: ast.Statement | None = None


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


class Declarer:
    """Walks the statements of a file, and of the libraries it requires, into `circuit`."""

    def __init__(
        self,
        top: Compound,
        diagnostics: Diagnostics,
        known_class: Callable[[str], bool],
        class_names: Callable[[], Iterable[str]],
        requirements: Requirements,
    ) -> None:
        self.circuit = top
        self.diagnostics = diagnostics
        self.tunnels = Tunnels(top, diagnostics)
        self.classes = ClassScope(None)
        self.nesting = 0
        self.file: ParsedFile
        self._known_class = known_class
        self._class_names = class_names
        self._requirements = requirements
        self._reported = 0
        self._hints = 0

    # Files

    def declare_file(self, file: ParsedFile) -> None:
        """Declare all of a file. Errors of syntax are reported in between, where Click's parser meets them."""
        outer = getattr(self, "file", None), self._reported
        self.file, self._reported = file, 0
        if not file.truncated:
            self._statements(file.statements, nested=self.circuit.depth > 0)
        self._report_problems(len(file.source.text) + 1)
        if outer[0] is not None:
            self.file, self._reported = outer[0], outer[1]

    def _report_problems(self, before: int) -> None:
        """Report the problems of the parser with tokens that start before an offset."""
        problems = self.file.problems
        while self._reported < len(problems) and problems[self._reported].offset < before:
            problem = problems[self._reported]
            self._reported += 1
            self.diagnostics.error(problem.span, problem.message, caret=problem.caret, hint=problem.hint)

    def _error(
        self,
        span: Span,
        message: str,
        *,
        read: int | None = None,
        caret: Span | None = None,
        hint: str | None = None,
    ) -> None:
        """Report an error. `read` is the offset of the last token that Click's parser has seen by now."""
        self._report_problems(span.start if read is None else read)
        self.diagnostics.error(span, message, caret=caret, hint=hint)

    # Classes

    def class_type(self, name: str) -> ElementType | None:
        """The element class `name` here and now."""
        type_ = self.classes.lookup(name)
        if type_ is None and self._known_class(name):
            return Primitive(name)
        return type_

    def _demand_class(self, name: str, place: Span) -> ElementType:
        type_ = self.class_type(name)
        if type_ is None:
            hint = self._suggest(name, lambda: [*self.classes.all_names(), *self._class_names()])
            self._error(place, f"unknown element class '{printable(name)}'", hint=hint)
            # Said once is enough.
            self.classes.names[name] = type_ = Special.UNKNOWN
        return type_

    def _suggest(self, name: str, candidates: Callable[[], Iterable[str]]) -> str | None:
        self._hints += 1
        return suggest(name, candidates()) if self._hints <= _MAX_HINTS else None

    # Statements

    def _statements(self, statements: Sequence[ast.Statement], *, nested: bool) -> Statements:
        state = Statements(nested)
        for statement in statements:
            if self.diagnostics.full:
                break
            self._report_problems(statement.start)
            match statement:
                case ast.Connection():
                    self._connection(statement, state)
                case ast.ClassDefinition():
                    self._class_definition(statement)
                case ast.Require():
                    place = self.file.lines.span(statement.config.end, statement.config.end)
                    caret = self.file.span(statement.config.start, statement.config.end)
                    self._report_problems(statement.end)
                    self._requirements.require(self, statement.config.text, place, caret)
                case ast.Define():
                    self._define(statement)
            state.previous = statement
        return state

    def _class_definition(self, statement: ast.ClassDefinition) -> None:
        name = statement.name.text
        match statement.body:
            case ast.Compound():
                self._compound(statement.body, name)
            case ast.Name(text, start, end):
                self.classes.names[name] = self._demand_class(text, self.file.span(start, end))
            case None:
                self.classes.names[name] = Special.UNKNOWN

    def _define(self, statement: ast.Define) -> None:
        config = statement.config
        place = self.file.lines.span(config.end, config.end)
        caret = self.file.span(config.start, config.end)
        for argument in configstring.split_arguments(config.text):
            variable, value = configstring.shift_word(argument)
            name = variable[1:]
            if not argument:
                continue
            if not (variable.startswith("$") and name.isascii() and name.replace("_", "a").isalnum()):
                self._error(place, "bad 'define' declaration: not a variable", read=config.end, caret=caret)
            elif self.circuit.defines(name):
                self._error(place, f"parameter '${name}' multiply defined", read=config.end, caret=caret)
            else:
                self.circuit.definitions[name] = value

    # Compounds and groups

    def _compound(self, node: ast.Compound, name: str) -> Compound:
        """The class that a `{ ... }` makes, known as `name` afterwards if that is not empty."""
        outer, classes = self.circuit, self.classes
        extended: ElementType | None = None
        branches: list[Compound] = []
        for branch in node.branches:
            if branch.extends:
                extended = self._extended_class(node, branch, branch.extends, name)
            landmark = self.file.after(branch.extends.end if branch.extends else branch.start)
            self.circuit = compound = Compound(name, landmark, outer.depth + 1)
            self.classes = ClassScope(classes)
            compound.add("input", Special.TUNNEL, landmark)
            compound.add("output", Special.TUNNEL, landmark)
            self._formals(branch.formals)
            self._statements(branch.statements, nested=True)
            self._report_problems(branch.end)
            self.circuit, self.classes = outer, classes
            compound.inputs = check_pseudoelement(
                compound, 0, "input", compound.printable_name, landmark, self._error
            )
            compound.outputs = check_pseudoelement(
                compound, 1, "output", compound.printable_name, landmark, self._error
            )
            for index in range(len(compound.elements)):
                compound.settle_name(index)
            if branches:
                branches[-1].overload = compound
            branches.append(compound)
        branches[-1].overload = extended
        if name:
            self.classes.names[name] = branches[0]
        return branches[0]

    def _extended_class(
        self, node: ast.Compound, branch: ast.Branch, dots: ast.Name, name: str
    ) -> ElementType:
        place = self.file.span(dots.start, dots.end)
        type_ = self.class_type(name)
        if type_ is None:
            self._error(place, f"cannot extend unknown element class '{printable(name)}'")
            self.classes.names[name] = type_ = Special.UNKNOWN
        last = branch is node.branches[-1] and not branch.statements and not branch.formals
        if branch is node.branches[0] or not last:
            message = "'...' should occur last, after one or more compounds"
            self._error(self.file.after(dots.end), message, caret=place)
        return type_

    def _formals(self, formals: Sequence[ast.Formal]) -> None:
        circuit = self.circuit
        in_order = True
        for formal in formals:
            place = self.file.span(formal.start, formal.end)
            if circuit.defines(formal.name):
                self._error(place, f"parameter '${formal.name}' multiply defined")
                continue
            if formal.keyword and any(other.keyword == formal.keyword for other in circuit.formals):
                message = f"repeated keyword parameter '{formal.keyword}' in compound element"
                self._error(place, message)
            if in_order and circuit.formals:
                before = circuit.formals[-1].keyword
                if before == REST or (before and not formal.keyword):
                    in_order = False
                    order = "(The correct order is '[positional], [keywords], [__REST__]'.)"
                    self._error(place, f"compound element parameters out of order\n{order}")
            circuit.formals.append(Formal(formal.name, formal.keyword))

    def _group(self, node: ast.Group) -> tuple[str, int, int]:
        """Declare a group's statements; its provisional name and its numbers of inputs and outputs."""
        circuit = self.circuit
        opening = self.file.span(node.start, node.start + 1)
        name = circuit.anonymous_name("")
        _, first, last = self.tunnels.add(circuit, name, opening)
        outside = {which: circuit.index.get(which) for which in ("input", "output")}
        circuit.index["input"], circuit.index["output"] = first, last
        self.nesting += 1
        self._statements(node.statements, nested=True)
        self.nesting -= 1
        place = self.file.span(max(node.start, node.end - 1), node.end)
        self._report_problems(node.end)
        inputs = check_pseudoelement(circuit, first, "input", "<anonymous group>", place, self._error)
        outputs = check_pseudoelement(circuit, last, "output", "<anonymous group>", place, self._error)
        for which, index in outside.items():
            if index is None:
                del circuit.index[which]
            else:
                circuit.index[which] = index
        return name, inputs, outputs

    # Connections

    def _connection(self, statement: ast.Connection, state: Statements) -> None:
        items: list[tuple[bool, ast.ElementList | None, int]] = []
        items.append((False, statement.first, statement.start))
        items += [(link.fat, link.elements, link.end) for link in statement.links]
        self._check_group_start(statement, state)
        chain: list[Member] = []
        for position, (fat, elements, end) in enumerate(items):
            arrow_follows = position + 1 < len(items)
            if elements is None:
                members = self._implicit(state, first=not chain, arrow_follows=arrow_follows, end=end)
            else:
                members = self._element_list(elements, state, first=not chain, arrow_follows=arrow_follows)
                end = elements.end
            following = self.file.after(end)
            if members and not chain:
                caret = self.file.span(elements.start, end) if elements else None
                self._check_useless(
                    [m.inputs for m in members], "input ports ignored at start of chain", following, caret
                )
            elif members:
                self._join(chain, members, fat, self.file.span(statement.start, end), following)
            if not members:
                self._end_chain(chain, state, following)
            chain = members
        if chain:
            self._end_chain(chain, state, self.file.after(statement.end))

    def _check_group_start(self, statement: ast.Connection, state: Statements) -> None:
        """A group may begin a statement only after a `;`: Click takes it for a configuration string out of place."""
        first = statement.first.elements[0] if statement.first else None
        if isinstance(state.previous, ast.Connection) and first and isinstance(first.subject, ast.Group):
            place = self.file.after(state.previous.end)
            if place.start == statement.start and place.text == "(":
                self._error(place, syntax_error("("))

    def _join(
        self, sources: list[Member], targets: list[Member], fat: bool, span: Span, following: Span
    ) -> None:
        def report(message: str) -> None:
            self._error(following, message, caret=span)

        for source, output, target, input_ in join(sources, targets, fat=fat, report=report):
            self.circuit.connect(source, output, target, input_, span)

    def _check_useless(
        self, ports: Iterable[Sequence[int]], message: str, following: Span, caret: Span | None
    ) -> None:
        if any(ports):
            self._error(following, message, caret=caret)

    def _end_chain(self, chain: list[Member], state: Statements, following: Span) -> None:
        message = "output ports ignored at end of chain"
        self._check_useless([member.outputs for member in chain], message, following, None)
        state.after_output = len(chain) == 1 and chain[0].element == self.circuit.index.get("output")

    def _implicit(self, state: Statements, *, first: bool, arrow_follows: bool, end: int) -> list[Member]:
        """What stands where a connector has nothing before or after it; nothing if that is an error."""
        place = self.file.after(end)
        if not state.nested or (not first and arrow_follows):
            self._error(place, syntax_error(place.text))
            return []
        if first and not state.after_output:
            self._report_problems(place.start)
            self.diagnostics.warning(
                place, f"suggest 'input {place.text}' or '[0] {place.text}' to start connection"
            )
        return [Member(self.circuit.index["input" if first else "output"])]

    def _element_list(
        self, node: ast.ElementList, state: Statements, *, first: bool, arrow_follows: bool
    ) -> list[Member]:
        """Declare the elements of a list. Empty if nothing in it can be used."""
        following = self.file.after(node.end)
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
            self._error(following, syntax_error(following.text))
        if any_implicit and not first and arrow_follows:
            self._error(following, "implicit ports used in the middle of a chain")
        any_ports = any(draft.inputs or draft.outputs for draft in drafts)
        alone = first and not arrow_follows and not any_ports and not any_implicit
        if alone and all(draft.bare for draft in drafts[:-1]):
            for draft in drafts[:-1]:
                draft.declared, draft.config = drafts[-1].declared, drafts[-1].config
                draft.config_span = drafts[-1].config_span
        return [self._declare(draft, following) for draft in drafts]

    def _stranded(self, element: ast.Element, state: Statements, *, first: bool, alone: bool) -> None:
        """Report ports that belong to no element."""
        place = self.file.after(element.end)
        caret = self.file.span(element.start, element.end)
        self._error(place, "stranded port ignored", caret=caret)
        if alone and not (state.nested and first):
            self._error(place, syntax_error(place.text))

    def _draft(self, element: ast.Element, *, first: bool) -> _Draft:
        inputs = self._ports(element.in_ports)
        outputs: list[int] = []
        match element.subject:
            case ast.Name(text, start, end):
                draft = _Draft(text, self.class_type(text), self.file.span(start, end), bare=True)
            case ast.Compound(_, _, end):
                type_: ElementType | None = self._compound(element.subject, "")
                draft = _Draft("", type_, self.file.span(max(0, end - 1), end), bare=False)
            case ast.Group(_, start, end):
                name, n_inputs, n_outputs = self._group(element.subject)
                inputs = inputs or list(range(n_inputs))
                outputs = list(range(n_outputs))
                draft = _Draft(name, None, self.file.span(max(0, end - 1), end), bare=False)
            case None:
                name = "input" if first else "output"
                draft = _Draft(
                    name, self.class_type(name), self.file.span(element.start, element.end), bare=False
                )
                if first:
                    inputs, outputs = [], inputs
        if isinstance(element.declared, ast.Compound):
            draft.declared = self._compound(element.declared, "")
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
            return self._demand_class(declared.text, self.file.span(declared.start, declared.end))
        # Without a class, Click goes on as if the element's name were one.
        place = self.file.after(declared.end)
        self._report_problems(place.start + 1)
        return self._demand_class(draft.name, place)

    def _config(self, draft: _Draft, config: ast.Config) -> None:
        if draft.name in self.circuit.index:
            place = self.file.span(config.start, config.start + 1)
            caret = self.file.span(config.start, config.end)
            self._error(place, "configuration string ignored on element reference", caret=caret)
        draft.config = config.text
        closed = self.file.source.text[config.start : config.end].endswith(")")
        draft.config_span = self.file.span(config.start + 1, max(config.start + 1, config.end - closed))

    def _ports(self, ports: ast.Ports | None) -> list[int]:
        def report(token: ast.Name, message: str) -> None:
            self._error(self.file.span(token.start, token.end), message)

        return port_numbers(ports, report) if ports else []

    def _declare(self, draft: _Draft, following: Span) -> Member:
        """Find or make the element of a draft. Click's parser has read the `following` token by then."""
        circuit = self.circuit
        read = following.start
        existing = circuit.index.get(draft.name) if draft.type is None else None
        if existing is not None:
            if draft.declared is not None:
                self._error(draft.span, f"redeclaration of element '{draft.name}'", read=read)
                previous = circuit.elements[existing]
                if previous.type is not Special.TUNNEL:
                    self.diagnostics.note(previous.span, f"element '{draft.name}' previously declared here")
            return Member(existing, draft.inputs, draft.outputs)
        type_ = draft.type or draft.declared
        name = draft.name
        if draft.type is not None and draft.declared is not None:
            self._error(draft.span, f"class '{name}' used as element name", read=read)
        elif type_ is None:
            hint = self._suggest(
                name, lambda: [*circuit.index, *self.classes.all_names(), *self._class_names()]
            )
            self._error(draft.span, f"undeclared element '{name}'", read=read, hint=hint)
            self.classes.names[name] = type_ = Special.UNKNOWN
        anonymous = draft.type is not None or draft.declared is None
        final_name = circuit.anonymous_name(name) if anonymous else name
        if has_all_digit_component(final_name.removeprefix(";")):
            self._error(following, f"element name '{final_name}' has all-digit component", caret=draft.span)
        assert type_ is not None
        index = circuit.add(final_name, type_, draft.span, draft.config, draft.config_span)
        return Member(index, draft.inputs, draft.outputs)
