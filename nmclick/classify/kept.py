"""Classifier programs kept from one run to the next: patterns that were compiled before are not compiled again.

Only what the patterns alone decide is kept. Those of IPClassifier and IPFilter may also hold names that the
configuration or the system gives a meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nmclick.cache import code_state, fingerprint, recall, remember

if TYPE_CHECKING:
    from .patterns import PatternError
    from .program import Program

_KIND = "classifier"
#: Stands for the name of the C function.
_SYMBOL = "NM_CLASSIFY_SYMBOL"


class KeptProgram(NamedTuple):
    """What elements use of a Program."""

    c: str
    listing: str
    headers: list[str]

    def emit_c(self, function: str) -> str:
        return self.c.replace(_SYMBOL, function)

    def text(self) -> str:
        return self.listing


def compile_classifier(
    patterns: Sequence[str],
) -> tuple[Program | KeptProgram, list[PatternError], list[PatternError]]:
    """As nmclick.classify.compile.compile_classifier; a program without errors and warnings is kept."""
    key = fingerprint(list(patterns), code_state(Path(__file__).resolve().parent))
    kept = recall(_KIND, key)
    if kept is not None:
        return KeptProgram(*kept), [], []
    from .compile import compile_classifier as compile_anew

    program, errors, warnings = compile_anew(patterns)
    if not errors and not warnings:
        remember(_KIND, key, (program.emit_c(_SYMBOL), program.text(), sorted(program.headers)))
    return program, errors, warnings
