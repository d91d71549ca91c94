"""The language of Script and DriverManager elements: instructions, substitution, arithmetic, execution."""

from nmclick.script.arithmetic import FUNCTIONS
from nmclick.script.interpreter import Interpreter, Kind
from nmclick.script.program import Program, parse_program

__all__ = ["FUNCTIONS", "Interpreter", "Kind", "Program", "parse_program"]
