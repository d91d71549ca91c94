"""The language of Script and DriverManager elements: instructions, substitution, arithmetic, execution."""

from nmclick.script.errors import Errors
from nmclick.script.interpreter import Interpreter, Kind, ScriptHost
from nmclick.script.program import Program, parse_program

__all__ = ["Errors", "Interpreter", "Kind", "Program", "ScriptHost", "parse_program"]
