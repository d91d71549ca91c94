"""Pattern languages (Classifier, IPClassifier, IPFilter) compiled to one decision DAG, and the DAG to C."""

from .compile import compile_classifier
from .patterns import PatternError
from .program import Program, graft

__all__ = ["PatternError", "Program", "compile_classifier", "graft"]
