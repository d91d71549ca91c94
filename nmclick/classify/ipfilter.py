"""The arguments of IPFilter (`ACTION PATTERN` each) and IPClassifier (`PATTERN` each)."""

from __future__ import annotations

from collections.abc import Sequence

from .expression import parse_expression
from .names import NameResolver, integer
from .patterns import DROP, PatternError, Rule
from .words import Word, Words, split_words

Parsed = tuple[list[Rule], list[PatternError], list[PatternError]]


def parse_ipfilter(rules: Sequence[str], names: NameResolver, n_outputs: int | None) -> Parsed:
    """Rules, errors and warnings of IPFilter's arguments. Broken ones are left out.

    Actions are `allow` (output 0), `deny` and `drop`, or an output, checked against `n_outputs` if that is known.
    """
    parsed: Parsed = [], [], []
    for index, text in enumerate(rules):
        every_word = split_words(text)
        if not every_word:
            parsed[1].append(PatternError(index, f"empty pattern {index}", 0, len(text)))
            continue
        words = Words(index, every_word[1:], len(text))
        output, problem = _action(every_word[0], n_outputs)
        if problem:
            place = every_word[0].start, every_word[0].end
            words.errors.append(PatternError(index, f"pattern {index}: {problem}", *place))
        _parse_rule(words, names, output, parsed)
    return parsed


def parse_ipclassifier(patterns: Sequence[str], names: NameResolver) -> Parsed:
    """Rules, errors and warnings of IPClassifier's arguments; pattern N goes to output N."""
    parsed: Parsed = [], [], []
    for index, text in enumerate(patterns):
        _parse_rule(Words(index, split_words(text), len(text)), names, index, parsed)
    return parsed


def _parse_rule(words: Words, names: NameResolver, output: int, parsed: Parsed) -> None:
    rules, errors, warnings = parsed
    pattern = parse_expression(words, names)
    errors.extend(words.errors)
    warnings.extend(words.warnings)
    if not words.errors:
        rules.append(Rule(pattern, output, words.index))


def _action(word: Word, n_outputs: int | None) -> tuple[int, str]:
    """The output that an action means, and what is wrong with it."""
    if word.text == "allow":
        return 0, "'allow' is meaningless, element has zero outputs" if n_outputs == 0 else ""
    if word.text in ("deny", "drop"):
        return DROP, ""
    number = integer(word.text)
    if number is None:
        return DROP, f"unknown slot ID '{word.text}'"
    if number < 0 or (n_outputs is not None and number >= n_outputs):
        return DROP, f"slot '{number}' out of range"
    return number, ""
