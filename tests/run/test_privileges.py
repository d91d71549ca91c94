"""``--user``: who the process is afterwards, and that there is no way back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nmclick.run.privileges import Identity, PrivilegeError, find_identity

ROOT = Path(__file__).parents[2]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
NOBODY = 65534

#: Drops, and tells from every thread who it is; then tries the ways back.
DROP = """
import os, subprocess, sys, threading
from nmclick.run.privileges import drop_privileges, find_identity
begin, go = threading.Event(), threading.Event()
def told():
    lines = open("/proc/thread-self/status").read().splitlines()
    keep = ("Uid", "Gid", "Groups", "CapPrm", "CapEff", "CapAmb")
    return [" ".join(line.split()) for line in lines if line.startswith(keep)]
seen = []
def older():
    begin.set(); go.wait(); seen.append(told()[:3])
thread = threading.Thread(target=older, daemon=True)
if len(sys.argv) > 2:
    thread.start(); begin.wait()
drop_privileges(find_identity(sys.argv[1]))
go.set(); thread.join() if len(sys.argv) > 2 else seen.append([])
younger = threading.Thread(target=lambda: seen.append(told()))
younger.start(); younger.join()
print(seen[0], seen[1])
for back in (lambda: os.setuid(0), lambda: os.setresuid(-1, 0, -1), lambda: os.setgid(0), lambda: os.setgroups([0])):
    try:
        back()
        print("back!")
    except PermissionError:
        pass
print([line for line in open("/proc/thread-self/status").read().splitlines() if line.startswith("NoNewPrivs")])
"""


def run(script: str, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_names_and_numbers_are_looked_up() -> None:
    nobody = find_identity("nobody")
    assert (nobody.name, nobody.user, nobody.group) == ("nobody", NOBODY, NOBODY)
    assert nobody.group in nobody.groups
    assert find_identity(str(NOBODY)) == nobody
    assert find_identity("nobody:daemon") == Identity("nobody", NOBODY, 1, (1,))
    assert find_identity("3999999:12") == Identity("3999999", 3999999, 12, (12,))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no-such-user", "there is no user 'no-such-user'"),
        ("nobody:no-such-group", "there is no group 'no-such-group'"),
        ("nobody:", "'nobody:' is not NAME or NAME:GROUP"),
        (":nogroup", "':nogroup' is not NAME or NAME:GROUP"),
        ("", "'' is not NAME or NAME:GROUP"),
        ("root", "'root' is root: that would give up nothing"),
        ("0:0", "'root' is root: that would give up nothing"),
        ("3999999", "no user has the number 3999999, so a group is needed: 3999999:GROUP"),
        ("4294967295:1", "there is no user '4294967295'"),
        ("nobody:4294967295", "there is no group '4294967295'"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, message: str) -> None:
    with pytest.raises(PrivilegeError) as caught:
        find_identity(text)
    assert str(caught.value) == message


@needs_root
@pytest.mark.root
def test_every_thread_becomes_the_user_and_nobody_gets_back() -> None:
    who = ["Uid: 65534 65534 65534 65534", "Gid: 1 1 1 1", "Groups: 1"]
    none = [f"{field}: 0000000000000000" for field in ("CapPrm", "CapEff", "CapAmb")]
    assert run(DROP, "nobody:daemon", "older") == f"{who} {who + none}\n['NoNewPrivs:\\t1']\n"


@needs_root
@pytest.mark.root
def test_capabilities_go_even_if_leaving_root_would_keep_them() -> None:
    keep = "import ctypes; ctypes.CDLL(None).prctl(28, 4, 0, 0, 0)\n"  # PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP
    out = run(keep + DROP, "nobody")
    assert out.count("CapPrm: 0000000000000000', 'CapEff: 0000000000000000', 'CapAmb: 0000000000000000'") == 1
    assert "back!" not in out
