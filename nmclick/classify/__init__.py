"""Pattern languages (Classifier, IPClassifier, IPFilter) compiled to one decision DAG, and the DAG to C."""

from .compile import compile_classifier, compile_ipclassifier, compile_ipfilter
from .names import NameResolver
from .patterns import PatternError
from .program import Program, graft

__all__ = [
    "NameResolver",
    "PatternError",
    "Program",
    "compile_classifier",
    "compile_ipclassifier",
    "compile_ipfilter",
    "graft",
]
