"""One switch process serves a folder: what a second one does, one that is silent, one that was killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from provider_lab import Lab
from test_peers import finish, line, provider

from nmclick.run.provider import read_provider


def by_hand(lab: Lab, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [lab.switch, *arguments, str(lab.folder)],
        env=lab.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def outcome(started: subprocess.Popen[str]) -> tuple[int, str]:
    _, errors = started.communicate(timeout=30)
    return started.returncode, errors


def opener(lab: Lab, *arguments: str) -> subprocess.Popen[str]:
    started: subprocess.Popen[str] = lab.start("opener.c", *arguments)
    assert line(started) == "open"
    return started


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and "State:\tZ" not in Path(f"/proc/{pid}/status").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_second_switch_process_refuses_the_folder(lab: Lab) -> None:
    client = opener(lab, "vale0:a")
    pid, socket = provider().pid, (lab.folder / "switch").stat()
    message = f"nmclick-switch: process {pid} serves {lab.folder} already\n"
    assert outcome(by_hand(lab)) == (1, message)
    assert outcome(by_hand(lab, "-q")) == (0, "")
    assert (lab.folder / "switch").stat().st_ino == socket.st_ino
    assert [port.name for port in provider().ports] == ["vale0:a"]
    finish(client)


def test_of_many_that_are_started_at_once_one_serves(lab: Lab) -> None:
    lab.folder.mkdir(mode=0o700)
    clients = [lab.start("opener.c") for _ in range(8)]
    switches = [by_hand(lab) for _ in range(8)]
    assert {line(each) for each in clients} == {"open"}
    ends = [outcome(each) for each in switches]
    assert [status for status, _ in ends].count(0) <= 1
    refused = re.compile(rf"nmclick-switch: process (\d+|\(\?\)) serves {lab.folder} already\n")
    assert all(refused.fullmatch(errors) for status, errors in ends if status)
    for each in clients:
        finish(each)


def test_a_silent_switch_process_is_named_and_stays_the_only_one(lab: Lab) -> None:
    client = opener(lab, "vale0:a")
    pid, socket = provider().pid, (lab.folder / "switch").stat()
    os.kill(pid, signal.SIGSTOP)
    try:
        second = lab.start("opener.c", "vale0:b")
        with pytest.raises(TimeoutError) as told:
            read_provider()
        cure = f"does not answer: wait for it, or end it with `kill -9 {pid}`"
        assert str(told.value) == f"process {pid} {cure}"
        assert line(second) == f"Connection timed out: switch process {pid} {cure}"
        assert (lab.folder / "switch").stat().st_ino == socket.st_ino
    finally:
        os.kill(pid, signal.SIGCONT)
    assert provider().pid == pid
    finish(second)
    finish(client)


def test_one_that_was_killed_leaves_nothing_in_the_way(lab: Lab) -> None:
    first = opener(lab, "vale0:a")
    pid = provider().pid
    os.kill(pid, signal.SIGKILL)
    second = opener(lab, "vale0:a")
    assert provider().pid != pid
    first.kill()
    finish(second)


def test_who_leaves_takes_only_its_own_socket_along(lab: Lab) -> None:
    first = opener(lab)
    old = provider().pid
    for name in ("switch", "switch.pid", "lock"):
        (lab.folder / name).unlink()
    second = opener(lab)
    new = provider().pid
    assert new != old
    finish(first)
    wait_for_end(old)
    assert provider().pid == new
    finish(second)


def test_a_folder_that_cannot_be_used_is_named(lab: Lab) -> None:
    lab.folder.write_text("")
    started = lab.start("opener.c")
    cure = f"{lab.folder}: Not a directory: name a folder of your own in NMCLICK_NETMAP"
    assert line(started) == f"Not a directory: {cure}"
    with pytest.raises(OSError, match=cure):
        read_provider()
