"""What commands that read configurations share: their options, and how diagnostics are printed."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast, get_args

from nmclick.cli.options import HELP, Option, UsageError

if TYPE_CHECKING:
    from nmclick.lang.diagnostics import Diagnostics
    from nmclick.run.load import Input

__all__ = [
    "CLICKPATH",
    "DIAGNOSTICS",
    "EXPRESSION",
    "FILE",
    "HELP",
    "Configuration",
    "diagnostics_mode",
    "show",
    "write_output",
]

Mode = Literal["pretty", "click", "json"]

FILE = Option("file", "f", "FILE", "Read the configuration from FILE; '-' or none: from standard input.")
EXPRESSION = Option("expression", "e", "EXPR", "Use EXPR as the configuration.")
CLICKPATH = Option("clickpath", "C", "PATH", "Folders where libraries are looked for; default $CLICKPATH.")
DIAGNOSTICS = Option(
    "diagnostics",
    metavar="MODE",
    help="Print errors 'pretty' (with the source line), as 'click' does, or as 'json'; default $NMCLICK_DIAGNOSTICS, "
    "else pretty.",
)
VERSION = Option("version", "v", help="Print the version and exit.")


def diagnostics_mode(given: str | None) -> Mode:
    """How errors are shown: as the command line says, or the environment. Raises UsageError."""
    mode = given or os.environ.get("NMCLICK_DIAGNOSTICS") or "pretty"
    if mode not in get_args(Mode):
        source = "--diagnostics" if given else "NMCLICK_DIAGNOSTICS"
        raise UsageError(f"{source} is '{mode}', not pretty, click or json")
    return cast(Mode, mode)


def show(diagnostics: Diagnostics, mode: Mode, *, warnings: bool = True, empty: bool = False) -> None:
    """Print what there is to say to standard error, and forget it. `empty`: print JSON even when that is nothing."""
    if not warnings:
        diagnostics.messages[:] = [m for m in diagnostics.messages if m.severity == "error" or diagnostics.failed]
    if diagnostics.messages or diagnostics.not_initialized or empty:
        color = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        text = diagnostics.render(mode, color=color)
        sys.stderr.flush()
        sys.stderr.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stderr.flush()
    diagnostics.messages.clear()
    diagnostics.not_initialized = False


@dataclass(slots=True)
class Configuration:
    """Which configuration a command line names: a file, an expression, and NAME=VALUE definitions."""

    name: str | None = None
    is_expression: bool = False
    defines: dict[str, str] = field(default_factory=dict)
    clickpath: str | None = None

    def take(self, option: Option | None, value: str) -> bool:
        """Take an option or argument if it says what to read. Raises UsageError."""
        if option is None and self.take_definition(value):
            return True
        if option is CLICKPATH:
            self.clickpath = value
        elif option in (None, FILE, EXPRESSION):
            if self.name is not None:
                raise UsageError("router configuration specified twice")
            self.name = value
            self.is_expression = option is EXPRESSION
        else:
            return False
        return True

    def take_definition(self, text: str) -> bool:
        """Take an argument if it is NAME=VALUE. Raises UsageError."""
        name, equals, value = text.partition("=")
        if not equals or not name or not all(c.isascii() and (c.isalnum() or c == "_") for c in name):
            return False
        if name in self.defines:
            raise UsageError(f"parameter '{name}' multiply defined")
        self.defines[name] = value
        return True

    @property
    def landmark(self) -> str:
        """How messages call the configuration."""
        if self.is_expression:
            return "config"
        return self.name if self.name not in (None, "", "-") else "<stdin>"

    def input(self) -> Input:
        from nmclick.run.load import Input, search_path

        name = "-" if self.name is None else self.name
        return Input(name, self.is_expression, self.defines, search_path(self.clickpath))


def write_output(name: str, text: str) -> None:
    """Write text that may hold any bytes to a file, or to standard output if it is called "-". Raises OSError."""
    data = text.encode("utf-8", "surrogateescape")
    if name == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        Path(name).write_bytes(data)
