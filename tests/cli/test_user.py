"""``nmclick run --user``: ports are opened before, packets flow after."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from tests.cli.command import Command

SMALL = "InfiniteSource(LIMIT 3, STOP true) -> ToDump(out.pcap);\n"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def test_an_unknown_user_is_an_error_of_the_command_line(nmclick: Command) -> None:
    result = nmclick("run", "-e", SMALL, "--user", "no-such-user")
    assert (result.status, result.err) == (
        2,
        "nmclick run: --user: there is no user 'no-such-user'\n"
        "Try 'nmclick run --help' for more information.\n",
    )  # fmt: skip


@needs_root
@pytest.mark.root
def test_files_are_opened_as_root_and_written_as_the_user(nmclick: Command) -> None:
    nmclick.folder.chmod(0o700)
    assert nmclick.fine("run", "-e", SMALL, "--user", "nobody", "-o", "flat.click") == ""
    assert (nmclick.folder / "out.pcap").stat().st_size > 24 + 3 * 16
    assert (nmclick.folder / "flat.click").stat().st_uid == 0


@needs_root
@pytest.mark.root
def test_workers_run_as_the_user(nmclick: Command) -> None:
    # The configuration's own thread and Python's.
    process = nmclick.start("run", "-e", "RatedSource(RATE 1000) -> Discard;", "--user", "nobody:daemon")
    try:
        users: set[str] = set()
        threads = 0
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and (threads < 2 or len(users) != 1 or "65534" not in str(users)):
            time.sleep(0.05)
            users = threads_of(process.pid)
            threads = len(os.listdir(f"/proc/{process.pid}/task"))
        assert users == {"Uid: 65534 65534 65534 65534; Gid: 1 1 1 1; CapEff: 0000000000000000"}
        assert threads >= 2
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


def threads_of(process: int) -> set[str]:
    told = set()
    for thread in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{thread}/status", encoding="ascii") as status:
            lines = [" ".join(line.split()) for line in status]
        told.add("; ".join(line for line in lines if line.startswith(("Uid", "Gid", "CapEff"))))
    return told


@needs_root
@pytest.mark.root
def test_only_root_can_become_somebody(nmclick: Command) -> None:
    # Root without capabilities, as in many containers.
    code = (
        "import ctypes, sys; from nmclick.cli import main; "
        "ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()); "
        "sys.exit(main(['run', '-e', 'Idle -> Discard', '--user', 'daemon']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=nmclick.environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (
        1,
        "cannot become the user 'daemon': only root can\n  hint: start nmclick as root (sudo), or leave --user out\n",
    )
