"""``nmclick run`` inside a namespace."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.linux.network import Namespace, Network

ROOT = Path(__file__).resolve().parents[2]
READY = 60.0  # seconds: the first run compiles


@dataclass(frozen=True)
class Running:
    """A router at work; its handlers can be asked."""

    process: subprocess.Popen[str]
    control: Path

    def read(self, handler: str) -> str:
        """The value of a handler, by ControlSocket's protocol."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(self.control))
            stream = connection.makefile("rw", newline="")
            stream.readline()
            stream.write(f"READ {handler}\r\nQUIT\r\n")
            stream.flush()
            answer = stream.read()
        status, _, rest = answer.partition("\r\n")
        assert status.startswith("200"), answer
        size, _, value = rest.partition("\r\n")
        return value[: int(size.split()[1])]

    def wait_for(self, handler: str, least: int, seconds: float = 5.0) -> int:
        """The handler's value once it is `least`, or whatever it is after a while."""
        deadline = time.monotonic() + seconds
        while (value := int(self.read(handler))) < least and time.monotonic() < deadline:
            time.sleep(0.01)
        return value

    def kill(self) -> None:
        """As a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> str:
        """Ctrl-C; what it wrote to standard error."""
        self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=20)
        assert "Traceback" not in errors, errors
        return errors


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "nmclick", *map(str, arguments)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C"}


def start(network: Network, inside: Namespace, folder: Path, *arguments: str | Path) -> Running:
    """Runs until it is stopped; returns when its ports are open."""
    control = folder / f"control-{len(list(folder.iterdir()))}"
    process = network.start(
        subprocess.Popen(
            inside.command(*command("run", *arguments, "-u", control)),
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    )
    running = Running(process, control)
    deadline = time.monotonic() + READY
    while not _listens(control):
        if process.poll() is not None:
            raise AssertionError(process.communicate()[1])
        assert time.monotonic() < deadline, "nmclick does not start"
        time.sleep(0.02)
    return running


def _listens(control: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(control))
        except OSError:
            return False
        return True


def refused(inside: Namespace, *arguments: str | Path, user: int | None = None) -> str:
    """The error of a run that cannot begin."""
    done = subprocess.run(
        inside.command(*command("run", *arguments)),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        user=user,
    )
    assert done.returncode == 1, done
    return done.stderr
