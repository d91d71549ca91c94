"""Where elaboration stands, and how it reports what is wrong there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from nmclick.lang import ast
from nmclick.lang.compounds import ClassScope, Compound, ElementType, Primitive, Special
from nmclick.lang.diagnostics import Diagnostics, suggest
from nmclick.lang.parser import ParsedFile
from nmclick.lang.recovery import printable
from nmclick.lang.source import Span
from nmclick.lang.tunnels import Tunnels

_MAX_HINTS = 25


class Context:
    """The file, circuit and classes that statements are declared in.

    Syntax errors that the parser found are reported in between others, where Click's parser would meet them.
    """

    def __init__(
        self,
        file: ParsedFile,
        top: Compound,
        diagnostics: Diagnostics,
        known_class: Callable[[str], bool],
        class_names: Callable[[], Iterable[str]],
    ) -> None:
        self.file = file
        self.circuit = top
        self.classes = ClassScope(None)
        self.diagnostics = diagnostics
        self.tunnels = Tunnels(top, diagnostics)
        self.statements: Sequence[ast.Statement] = ()
        self._known_class = known_class
        self._class_names = class_names
        self._reported = 0
        self._hints = 0
        #: How many of the errors are about an element class or an element that is not known.
        self.unknown = 0

    @contextmanager
    def reading(self, file: ParsedFile) -> Iterator[None]:
        """Be in another file for a while."""
        outer = self.file, self._reported
        self.file, self._reported = file, 0
        yield
        self.report_problems(len(file.source.text) + 1)
        self.file, self._reported = outer

    @contextmanager
    def inside(self, circuit: Compound) -> Iterator[None]:
        """Be in a compound for a while, with classes of its own."""
        outer = self.circuit, self.classes
        self.circuit, self.classes = circuit, ClassScope(self.classes)
        yield
        self.circuit, self.classes = outer

    def report_problems(self, before: int) -> None:
        """Report the syntax errors at tokens that start before an offset."""
        problems = self.file.problems
        while self._reported < len(problems) and problems[self._reported].offset < before:
            problem = problems[self._reported]
            self._reported += 1
            self.diagnostics.error(problem.span, problem.message, caret=problem.caret, hint=problem.hint)

    def error(
        self,
        span: Span,
        message: str,
        *,
        read: int | None = None,
        caret: Span | None = None,
        hint: str | None = None,
    ) -> None:
        """Report an error. `read` is the offset of the last token that Click's parser has seen by now."""
        self.report_problems(span.start if read is None else read)
        self.diagnostics.error(span, message, caret=caret, hint=hint)

    def class_type(self, name: str) -> ElementType | None:
        """The element class `name` here and now."""
        type_ = self.classes.lookup(name)
        if type_ is None and self._known_class(name):
            return Primitive(name)
        return type_

    def demand_class(self, name: str, place: Span) -> ElementType:
        """The element class `name`, which is an error and said once if there is none."""
        type_ = self.class_type(name)
        if type_ is None:
            hint = self._suggest(name, lambda: [*self.classes.all_names(), *self._class_names()])
            self.error(place, f"unknown element class '{printable(name)}'", hint=hint)
            self.unknown += 1
            self.classes.names[name] = type_ = Special.UNKNOWN
        return type_

    def suggest_element(self, name: str) -> str | None:
        """A hint for an element or class that is not declared."""
        if self._hints >= _MAX_HINTS:
            return None
        place = self._later_declaration(name)
        if place is not None:
            self._hints += 1
            return f"`{name}` is declared at {place.landmark}: declare an element before it is used"
        return self._suggest(name, lambda: [*self.circuit.index, *self.classes.all_names(), *self._class_names()])

    def _suggest(self, name: str, candidates: Callable[[], Iterable[str]]) -> str | None:
        self._hints += 1
        return suggest(name, candidates()) if self._hints <= _MAX_HINTS else None

    def _later_declaration(self, name: str) -> Span | None:
        for statement in self.statements:
            if not isinstance(statement, ast.Connection):
                continue
            for elements in (statement.first, *(link.elements for link in statement.links)):
                for element in elements.elements if elements else ():
                    subject = element.subject
                    if isinstance(subject, ast.Name) and subject.text == name and element.declared:
                        return self.file.span(subject.start, subject.end)
        return None
