"""First stage of elaboration: the statements of a file become circuits, in order.

Names are resolved as they are met, because in Click an element or class exists from its declaration on. Compound
classes stay as they are written; `nmclick.lang.expand` puts them in the places where they are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from nmclick.lang import ast, configstring
from nmclick.lang.chains import Chains, Statements
from nmclick.lang.compounds import REST, Compound, ElementType, Formal, Special
from nmclick.lang.context import Context
from nmclick.lang.parser import ParsedFile
from nmclick.lang.recovery import printable
from nmclick.lang.source import Span
from nmclick.lang.tunnels import Which, check_pseudoelement


class Requirements(Protocol):
    """What to do about `require(...)`."""

    def require(self, declarer: Declarer, config: str, place: Span, caret: Span) -> None:
        """Carry out a requirement that ends at `place`."""


class Declarer:
    """Walks the statements of a file, and of the libraries it requires, into the context's circuit."""

    def __init__(self, context: Context, requirements: Requirements) -> None:
        self.context = context
        self.nesting = 0
        self._requirements = requirements
        self._chains = Chains(context, self)

    def declare_file(self, file: ParsedFile) -> None:
        """Declare all of a file."""
        with self.context.reading(file):
            if not file.truncated:
                self._statements(file.statements, nested=self.context.circuit.depth > 0)

    def _statements(self, statements: Sequence[ast.Statement], *, nested: bool) -> None:
        context = self.context
        state = Statements(nested)
        outer, context.statements = context.statements, statements
        for statement in statements:
            if context.diagnostics.full:
                break
            context.report_problems(statement.start)
            match statement:
                case ast.Connection():
                    self._chains.connection(statement, state)
                case ast.ClassDefinition():
                    self._class_definition(statement)
                case ast.Require(config):
                    context.report_problems(statement.end)
                    self._requirements.require(self, config.text, *self._places(config))
                case ast.Define(config):
                    self._define(config)
        context.statements = outer

    def _places(self, config: ast.Config) -> tuple[Span, Span]:
        """Where errors in a configuration string are reported, and the string."""
        file = self.context.file
        return file.span(config.end, config.end), file.span(config.start, config.end)

    def _class_definition(self, statement: ast.ClassDefinition) -> None:
        context = self.context
        name = statement.name.text
        match statement.body:
            case ast.Compound():
                self.compound(statement.body, name)
            case ast.Name(text, start, end):
                context.classes.names[name] = context.demand_class(text, context.file.span(start, end))
            case None:
                context.classes.names[name] = Special.UNKNOWN

    def _define(self, config: ast.Config) -> None:
        context = self.context
        place, caret = self._places(config)
        for argument in configstring.split_arguments(config.text):
            if not argument:
                continue
            variable, value = configstring.shift_word(argument)
            name = variable[1:]
            if not (variable.startswith("$") and name.isascii() and name.replace("_", "a").isalnum()):
                context.error(place, "bad 'define' declaration: not a variable", read=config.end, caret=caret)
            elif context.circuit.defines(name):
                context.error(place, f"parameter '${name}' multiply defined", read=config.end, caret=caret)
            else:
                context.circuit.definitions[name] = value

    def compound(self, node: ast.Compound, name: str) -> Compound:
        """The class that a `{ ... }` makes, known as `name` afterwards if that is not empty."""
        context = self.context
        depth = context.circuit.depth + 1
        extended: ElementType | None = None
        branches: list[Compound] = []
        for branch in node.branches:
            if branch.extends:
                extended = self._extended_class(node, branch, branch.extends, name)
            landmark = context.file.after(branch.extends.end if branch.extends else branch.start)
            compound = Compound(name, landmark, depth)
            with context.inside(compound):
                compound.add("input", Special.TUNNEL, landmark)
                compound.add("output", Special.TUNNEL, landmark)
                self._formals(branch.formals)
                self._statements(branch.statements, nested=True)
                context.report_problems(branch.end)
            compound.inputs = self._check_ports(compound, 0, "input", compound.printable_name, landmark)
            compound.outputs = self._check_ports(compound, 1, "output", compound.printable_name, landmark)
            for index in range(len(compound.elements)):
                compound.settle_name(index)
            if branches:
                branches[-1].overload = compound
            branches.append(compound)
        branches[-1].overload = extended
        if name:
            context.classes.names[name] = branches[0]
        return branches[0]

    def _extended_class(self, node: ast.Compound, branch: ast.Branch, dots: ast.Name, name: str) -> ElementType:
        context = self.context
        place = context.file.span(dots.start, dots.end)
        type_ = context.class_type(name)
        if type_ is None:
            context.error(place, f"cannot extend unknown element class '{printable(name)}'")
            context.classes.names[name] = type_ = Special.UNKNOWN
        last = branch is node.branches[-1] and not branch.statements and not branch.formals
        if branch is node.branches[0] or not last:
            message = "'...' should occur last, after one or more compounds"
            context.error(context.file.after(dots.end), message, caret=place)
        return type_

    def _formals(self, formals: Sequence[ast.Formal]) -> None:
        context = self.context
        circuit = context.circuit
        in_order = True
        for formal in formals:
            place = context.file.span(formal.start, formal.end)
            if circuit.defines(formal.name):
                context.error(place, f"parameter '${formal.name}' multiply defined")
                continue
            if formal.keyword and any(other.keyword == formal.keyword for other in circuit.formals):
                message = f"repeated keyword parameter '{formal.keyword}' in compound element"
                context.error(place, message)
            if in_order and circuit.formals:
                before = circuit.formals[-1].keyword
                if before == REST or (before and not formal.keyword):
                    in_order = False
                    order = "(The correct order is '[positional], [keywords], [__REST__]'.)"
                    context.error(place, f"compound element parameters out of order\n{order}")
            circuit.formals.append(Formal(formal.name, formal.keyword))

    def group(self, node: ast.Group) -> tuple[str, int, int]:
        """Declare a group's statements; its provisional name and its numbers of inputs and outputs."""
        context = self.context
        circuit = context.circuit
        opening = context.file.span(node.start, node.start + 1)
        name = circuit.anonymous_name("")
        _, first, last = context.tunnels.add(circuit, name, opening)
        outside = {which: circuit.index.get(which) for which in ("input", "output")}
        circuit.index["input"], circuit.index["output"] = first, last
        self.nesting += 1
        self._statements(node.statements, nested=True)
        self.nesting -= 1
        place = context.file.span(max(node.start, node.end - 1), node.end)
        context.report_problems(node.end)
        inputs = self._check_ports(circuit, first, "input", "<anonymous group>", place)
        outputs = self._check_ports(circuit, last, "output", "<anonymous group>", place)
        for which, index in outside.items():
            if index is None:
                del circuit.index[which]
            else:
                circuit.index[which] = index
        return name, inputs, outputs

    def _check_ports(self, circuit: Compound, element: int, which: Which, name: str, place: Span) -> int:
        ports, problems = check_pseudoelement(circuit, element, which, name)
        for problem in problems:
            self.context.error(place, problem)
        return ports
