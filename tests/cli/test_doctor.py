"""``nmclick doctor`` on the machine that runs the tests."""

from __future__ import annotations

import json
from pathlib import Path

from nmclick.cli.doctor import plain
from nmclick.doctor.checks import Finding
from tests.cli.command import Command


def test_findings_are_lines_with_the_cure_behind_an_arrow() -> None:
    findings = [Finding("ok", "dot", "/usr/bin/dot"), Finding("problem", "C compiler", "none", "install one")]
    assert plain(findings) == (
        "ok       dot         /usr/bin/dot\n"  # one space more than the longest state
        "problem  C compiler  none -> install one\n"
    )


def test_this_machine_is_fit_to_run_tests(nmclick: Command) -> None:
    lines = nmclick.fine("doctor").splitlines()
    assert lines[0].startswith("ok       C compiler     ")
    assert lines[1].startswith("ok       cache folder   ")
    assert {line.split()[0] for line in lines} <= {"ok", "note"}


def test_json_has_the_same_findings_and_nothing_stays_in_the_cache(nmclick: Command) -> None:
    cache = nmclick.folder / "cache"
    told = json.loads(nmclick.fine("doctor", "--json", NMCLICK_CACHE=str(cache)))
    assert told["ok"] is True
    assert told["findings"][1] == {"state": "ok", "subject": "cache folder", "text": str(cache), "cure": ""}
    assert list(cache.iterdir()) == []


def test_without_a_compiler_it_fails_and_says_what_to_install(nmclick: Command, tmp_path: Path) -> None:
    result = nmclick("doctor", CC=str(tmp_path / "missing-cc"))
    assert result.status == 1
    assert result.out.splitlines()[0] == (
        f"problem  C compiler     the C compiler '{tmp_path}/missing-cc' that CC names does not exist"
        " -> install gcc or clang (Debian, Ubuntu: apt install gcc libc6-dev)"
    )


def test_a_cache_folder_that_others_can_write_is_a_problem(nmclick: Command, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    result = nmclick("doctor", NMCLICK_CACHE=str(shared))
    assert result.status == 1
    assert result.out.splitlines()[1] == (
        f"problem  cache folder   the cache folder {shared} belongs to or can be written by somebody else"
        " -> chmod 700 it, or set NMCLICK_CACHE to a folder of yours"
    )


def test_it_takes_no_arguments(nmclick: Command) -> None:
    result = nmclick("doctor", "eth0")
    assert (result.status, result.err) == (
        2,
        "nmclick doctor: takes no argument, but got 'eth0'\nTry 'nmclick doctor --help' for more information.\n",
    )
