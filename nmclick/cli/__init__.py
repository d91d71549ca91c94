"""The command line: ``nmclick COMMAND ...``, one module a command, imported when it is asked for."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from nmclick import __version__

__all__ = ["COMMANDS", "main"]

#: Command -> what it does, in the order of the help text. The module is nmclick.cli.COMMAND.
COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "run": "run a router configuration",
        "check": "report what is wrong with configurations",
        "flatten": "print a configuration without compounds",
        "compile": "compile a configuration to native code",
        "draw": "draw a configuration",
        "elements": "list element classes, or show the manual page of one",
        "ports": "list switches, pipes and interfaces, with rates",
        "doctor": "check what this machine can do, and tell the cures",
    }
)

FINE, FAILED, USAGE = 0, 1, 2
#: As a shell shows a process that SIGPIPE ended.
BROKEN_PIPE = 128 + signal.SIGPIPE


def help_text() -> str:
    """What ``nmclick --help`` prints."""
    commands = "".join(f"  {name:<10}{summary}\n" for name, summary in COMMANDS.items())
    return (
        "Usage: nmclick COMMAND [OPTION]... [FILE]\n\n"
        "Click router configurations, compiled to one native packet pipeline.\n\n"
        f"Commands:\n{commands}\n"
        "'nmclick COMMAND --help' tells more. 'nmclick --version' prints the version.\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status: 0 fine, 1 the configuration or the run failed, 2 the command line is wrong."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _open_standard_streams()
    try:
        status = _dispatch(words)
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads our output any more, which is no error of ours; nor shall the interpreter complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
        return FAILED
    except OSError as error:
        place = f"{error.filename}: " if error.filename is not None else ""
        return _fail(f"{place}{error.strerror or error}")
    except Exception as error:  # the last resort: a user never sees a traceback unasked
        if os.environ.get("NMCLICK_DEBUG") == "1":
            raise
        text = " ".join(f"{type(error).__name__}: {error}".split())
        return _fail(f"internal error: {text} (NMCLICK_DEBUG=1 shows where)")
    return status


def _open_standard_streams() -> None:
    """Streams that were closed by whoever started us become /dev/null, or the first files opened would take their
    numbers."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def _fail(message: str) -> int:
    sys.stderr.write(f"nmclick: {message}\n")
    return FAILED


def _dispatch(words: list[str]) -> int:
    if not words:
        sys.stderr.write(help_text())
        return USAGE
    first = words[0]
    if first in ("--help", "-h", "help"):
        sys.stdout.write(help_text())
        return FINE
    if first in ("--version", "-v"):
        sys.stdout.write(f"nmclick {__version__}\n")
        return FINE
    if first not in COMMANDS:
        return _unknown(first)
    return _run_command(first, words[1:])


def _run_command(name: str, words: list[str]) -> int:
    from nmclick.cli.options import UsageError

    command: Callable[[list[str]], int] = importlib.import_module(f"nmclick.cli.{name}").main
    try:
        return command(words)
    except UsageError as error:
        sys.stderr.write(f"nmclick {name}: {error}\nTry 'nmclick {name} --help' for more information.\n")
        return USAGE


def _unknown(word: str) -> int:
    from difflib import get_close_matches

    close = get_close_matches(word, COMMANDS, n=1)
    hint = f", did you mean '{close[0]}'?" if close else ""
    kind = "option" if word.startswith("-") else "command"
    sys.stderr.write(f"nmclick: unknown {kind} '{word}'{hint}\nTry 'nmclick --help' for more information.\n")
    return USAGE
