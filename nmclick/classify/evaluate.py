"""The reference: what a list of rules does with a packet, read straight from the patterns.

Slow and plain on purpose. The generated code is tested against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .patterns import DROP, All, Base, Choose, Compare, Not, Pattern, Rule, Some

Headers = Mapping[Base, bytes]
"""The bytes from each base to the end of the packet; a base that is missing is a header that is not known."""


def matches(pattern: Pattern, headers: Headers) -> bool:
    """Whether the packet matches the pattern."""
    match pattern:
        case Compare():
            available = headers.get(pattern.base, b"")
            if len(available) < pattern.needs:
                return pattern.short
            field = available[pattern.offset : pattern.offset + pattern.length].ljust(pattern.length, b"\0")
            return pattern.low <= int.from_bytes(field, "big") & pattern.mask <= pattern.high
        case Not():
            return not matches(pattern.operand, headers)
        case All():
            return all(matches(operand, headers) for operand in pattern.operands)
        case Some():
            return any(matches(operand, headers) for operand in pattern.operands)
        case Choose():
            return matches(pattern.yes if matches(pattern.condition, headers) else pattern.no, headers)


def classify(rules: Sequence[Rule], headers: Headers) -> int:
    """The output of the first rule that matches, or DROP."""
    for rule in rules:
        if matches(rule.pattern, headers):
            return rule.output
    return DROP
