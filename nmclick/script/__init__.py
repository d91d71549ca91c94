"""The language of Script and DriverManager elements: instructions, substitution, arithmetic, execution."""

from nmclick.script.element import ScriptElement
from nmclick.script.interpreter import Interpreter, Kind
from nmclick.script.program import Program, parse_program

__all__ = ["Interpreter", "Kind", "Program", "ScriptElement", "parse_program"]
