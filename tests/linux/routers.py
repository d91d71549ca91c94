"""Routers that tests run, in a namespace or outside: started, watched, stopped, their handlers read at the end."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parents[2]
READY = "the router runs\n"
#: Seconds: the first run compiles.
PATIENCE = 60.0


class Place(Protocol):
    """Where a router runs: a Namespace."""

    def command(self, *arguments: str | Path) -> list[str]: ...


class Keeper(Protocol):
    """Who ends processes that a test leaves behind: a Network."""

    def start(self, process: subprocess.Popen[str]) -> subprocess.Popen[str]: ...


class Here:
    """This machine, without a namespace. To be used in a with statement."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[str]] = []

    def command(self, *arguments: str | Path) -> list[str]:
        return [str(argument) for argument in arguments]

    def start(self, process: subprocess.Popen[str]) -> subprocess.Popen[str]:
        self._processes.append(process)
        return process

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *reason: object) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()


@dataclass(frozen=True, slots=True)
class Outcome:
    """`handlers` are those asked for at the start; `errors` is what was written to standard error."""

    status: int
    handlers: Mapping[str, str]
    errors: str


@dataclass(frozen=True, slots=True)
class Router:
    """One that runs."""

    process: subprocess.Popen[str]
    handlers: Sequence[str]

    def stop(self) -> Outcome:
        """Ctrl-C, as often as it takes: the first one may come before it is caught."""
        self.process.send_signal(signal.SIGINT)
        output, errors = self.process.communicate(timeout=20)
        assert "Traceback" not in errors, errors
        values = {}
        for handler in self.handlers:
            head = f"{handler}:\n" if len(self.handlers) > 1 else ""
            values[handler] = output[output.index(head) + len(head) :].split("\n")[0]
        return Outcome(self.process.returncode, values, errors)

    def kill(self) -> None:
        """As a crash would."""
        self.process.kill()
        self.process.wait()


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C", "NMCLICK_DIAGNOSTICS": "click"}


def command(text: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "nmclick", "run", *arguments, "-e", text]


def start_router(keeper: Keeper, inside: Place, text: str, *arguments: str, handlers: Sequence[str] = ()) -> Router:
    """Run the configuration `text`; returns when packets have moved for a moment."""
    wanted = [word for handler in handlers for word in ("-h", handler)]
    process = keeper.start(
        subprocess.Popen(
            inside.command(*command(f'{text}; Script(wait 0.1, print "{READY.strip()}")', *wanted, *arguments)),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )
    assert process.stdout is not None
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if select.select([process.stdout], [], [], 0.1)[0]:
            line = process.stdout.readline()
            if line == READY:
                return Router(process, handlers)
            raise AssertionError(line + process.communicate()[1])
    raise AssertionError("the router does not start")


def refusal(inside: Place, text: str, *arguments: str, user: int | None = None) -> str:
    """The error of a run that cannot begin."""
    done = subprocess.run(
        inside.command(*command(text, *arguments)),
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        user=user,
    )
    assert done.returncode == 1, done
    return done.stderr
