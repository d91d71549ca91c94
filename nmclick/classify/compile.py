"""From the arguments of Classifier, IPClassifier and IPFilter to programs, errors and warnings."""

from __future__ import annotations

from collections.abc import Sequence

from .classifier import parse_classifier
from .ipfilter import parse_ipclassifier, parse_ipfilter
from .names import NameResolver
from .patterns import PatternError
from .program import Program, compile_rules

Compiled = tuple[Program, list[PatternError], list[PatternError]]


def compile_classifier(patterns: Sequence[str]) -> Compiled:
    """The program of Classifier(patterns...), its errors and its warnings. One output per pattern."""
    rules, errors = parse_classifier(patterns)
    program = compile_rules(rules, len(patterns), packet=False)
    return program, errors, [] if errors else _unused(program, patterns)


def compile_ipclassifier(patterns: Sequence[str], names: NameResolver) -> Compiled:
    """The program of IPClassifier(patterns...), its errors and its warnings. One output per pattern."""
    rules, errors, warnings = parse_ipclassifier(patterns, names)
    program = compile_rules(rules, len(patterns), packet=True)
    return program, errors, warnings if errors else warnings + _unused(program, patterns)


def compile_ipfilter(rules: Sequence[str], names: NameResolver, n_outputs: int | None = None) -> Compiled:
    """The program of IPFilter(rules...), its errors and its warnings.

    Without `n_outputs` the program has as many outputs as its rules use.
    """
    parsed, errors, warnings = parse_ipfilter(rules, names, n_outputs)
    used = max((rule.output + 1 for rule in parsed), default=0)
    program = compile_rules(parsed, used if n_outputs is None else n_outputs, packet=True)
    return program, errors, warnings


def _unused(program: Program, arguments: Sequence[str]) -> list[PatternError]:
    return [
        PatternError(output, f"output {output} matches no packets", 0, len(arguments[output]))
        for output in program.unused_outputs()
    ]
