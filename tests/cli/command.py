"""Running commands as a user does: in a process of their own, in a folder of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Command:
    """`nmclick`, run in `folder`."""

    folder: Path

    def environment(self, **more: str | None) -> dict[str, str]:
        given = {k: v for k, v in os.environ.items() if not k.startswith(("NMCLICK_D", "CLICKPATH"))}
        given |= {"PYTHONPATH": str(ROOT), "LC_ALL": "C", **{k: v for k, v in more.items() if v is not None}}
        return {k: v for k, v in given.items() if more.get(k, "") is not None}

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def start(self, *arguments: str, **environment: str | None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "nmclick", *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
        )

    def __call__(self, *arguments: str, stdin: str | bytes = b"", **environment: str | None) -> Result:
        done = subprocess.run(  # noqa: PLW1510 - the status is part of the result
            [sys.executable, "-m", "nmclick", *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            timeout=60,
        )
        text = [stream.decode("utf-8", "surrogateescape") for stream in (done.stdout, done.stderr)]
        assert "Traceback" not in text[1], text[1]
        return Result(done.returncode, *text)

    def fine(self, *arguments: str, stdin: str | bytes = b"", **environment: str | None) -> str:
        """The output of a command that has to succeed without a word of complaint."""
        result = self(*arguments, stdin=stdin, **environment)
        assert (result.status, result.err) == (0, "")
        return result.out
