"""Pattern languages (Classifier, IPClassifier, IPFilter) compiled to one decision DAG, and the DAG to C.

The names below are imported when they are first used: a Classifier whose program is kept needs none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .compile import compile_classifier, compile_ipclassifier, compile_ipfilter
    from .names import NameResolver
    from .patterns import PatternError
    from .program import Program

__all__ = [
    "NameResolver",
    "PatternError",
    "Program",
    "compile_classifier",
    "compile_ipclassifier",
    "compile_ipfilter",
]

_MODULES = {"NameResolver": "names", "PatternError": "patterns", "Program": "program"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'compile')}"), name)
