"""The command itself: help, start-up time, unknown words, output that nobody reads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from nmclick.cli import COMMANDS
from tests.cli.command import Command

HEAVY = ("lark", "networkx", "graphviz", "rich", "cffi", "nmclick.lang.parser", "nmclick.graph.router")


def test_help_names_every_command(nmclick: Command) -> None:
    out = nmclick.fine("--help")
    assert out == nmclick.fine("help") == nmclick.fine("-h")
    assert [line.split()[0] for line in out.split("Commands:\n")[1].split("\n\n")[0].splitlines()] == list(COMMANDS)


def test_without_a_command_help_goes_to_standard_error(nmclick: Command) -> None:
    result = nmclick()
    assert (result.status, result.out) == (2, "")
    assert result.err == nmclick.fine("--help")


def test_unknown_words_are_status_2(nmclick: Command) -> None:
    result = nmclick("flaten")
    want = "nmclick: unknown command 'flaten', did you mean 'flatten'?\nTry 'nmclick --help' for more information.\n"
    assert (result.status, result.err) == (2, want)
    result = nmclick("--zzz")
    want = "nmclick: unknown option '--zzz'\nTry 'nmclick --help' for more information.\n"
    assert (result.status, result.err) == (2, want)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(nmclick: Command, command: str) -> None:
    out = nmclick.fine(command, "--help")
    assert out.startswith(f"Usage: nmclick {command} [OPTION]...")
    assert "\n      --help " in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_loads_nothing_heavy(command: str) -> None:
    words = [command, "--help"] if command else ["--help"]
    program = f"import sys, nmclick.cli; nmclick.cli.main({words}); print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_output_into_a_closed_pipe_ends_quietly(nmclick: Command) -> None:
    with nmclick.start("elements", "Counter") as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.wait(20) == 141
        assert process.stderr.read() == ""


def test_output_that_cannot_be_written_is_one_line(nmclick: Command) -> None:
    result = nmclick("flatten", "-e", "Idle -> Discard", "-o", "no/such/folder.click")
    assert (result.status, result.err) == (1, "nmclick: no/such/folder.click: No such file or directory\n")


def test_an_interrupt_while_loading_ends_without_a_word(nmclick: Command) -> None:
    os.mkfifo(nmclick.folder / "config")
    with nmclick.start("run", "config") as process:
        # Opening the other end returns once the configuration is being read.
        descriptor = os.open(nmclick.folder / "config", os.O_WRONLY)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        os.close(descriptor)
    assert (process.returncode, out, err) == (-signal.SIGINT, "", "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_do_no_harm(nmclick: Command, closed: str) -> None:
    command = f"exec {sys.executable} -m nmclick run -e 'Idle -> Discard' -q -o - {closed}"
    done = subprocess.run(["sh", "-c", command], env=nmclick.environment(), capture_output=True, text=True, check=False)
    out = "" if ">&-" in closed.split() else "Idle@1 :: Idle;\nDiscard@2 :: Discard;\n\nIdle@1 -> Discard@2;\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, out, "")


def test_a_full_disk_is_one_line(nmclick: Command) -> None:
    command = f"exec {sys.executable} -m nmclick elements >/dev/full"
    done = subprocess.run(["sh", "-c", command], env=nmclick.environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "nmclick: No space left on device\n")
