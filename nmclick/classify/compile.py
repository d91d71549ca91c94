"""From the arguments of Classifier, IPClassifier and IPFilter to programs, errors and warnings."""

from __future__ import annotations

from collections.abc import Sequence

from .classifier import parse_classifier
from .patterns import PatternError
from .program import Program, compile_rules

Compiled = tuple[Program, list[PatternError], list[PatternError]]


def compile_classifier(patterns: Sequence[str]) -> Compiled:
    """The program of Classifier(patterns...), its errors and its warnings. One output per pattern."""
    rules, errors = parse_classifier(patterns)
    program = compile_rules(rules, len(patterns), packet=False)
    return program, errors, [] if errors else _unused(program, patterns)


def _unused(program: Program, arguments: Sequence[str]) -> list[PatternError]:
    return [
        PatternError(output, f"output {output} matches no packets", 0, len(arguments[output]))
        for output in program.unused_outputs()
    ]
