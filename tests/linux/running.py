"""``nmclick run`` inside a namespace."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.linux.network import Namespace, Network

ROOT = Path(__file__).resolve().parents[2]

#: Seconds in which a configuration has to begin; the first time it is compiled.
STARTED = 90

#: In a configuration: says on standard output that it runs.
SAY_READY = 'Script(print "ready");\n'


@dataclass(frozen=True)
class Running:
    """A router at work."""

    process: subprocess.Popen[str]

    def wait_until_ready(self) -> None:
        """Until SAY_READY speaks."""
        assert self.process.stdout is not None and self.process.stderr is not None
        readable, _, _ = select.select([self.process.stdout], [], [], STARTED)
        if not readable or self.process.stdout.readline() != "ready\n":
            self.process.kill()
            raise AssertionError(self.process.communicate()[1])

    def kill(self) -> None:
        """As a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> tuple[str, str]:
        """Ctrl-C; what it wrote to standard output and standard error."""
        self.process.send_signal(signal.SIGINT)
        output, errors = self.process.communicate(timeout=20)
        assert "Traceback" not in errors, errors
        return output, errors


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "nmclick", *map(str, arguments)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C"}


def start(network: Network, inside: Namespace, *arguments: str | Path) -> Running:
    """Runs until it is stopped."""
    process = subprocess.Popen(
        inside.command(*command("run", *arguments)),
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return Running(network.start(process))


def refused(inside: Namespace, *arguments: str | Path, prefix: tuple[str, ...] = ()) -> str:
    """The error of a run that cannot begin. `prefix` is a command that runs a command."""
    done = inside.run(*prefix, *command("run", *arguments), environment=environment())
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr, done.stderr
    return done.stderr
