"""``nmclick check``: all errors of all files, exit status 1 if there is one."""

from __future__ import annotations

import json

from tests.cli.command import Command

GOOD = "Idle -> c :: Counter -> Discard;\n"
BAD = "Idle -> Strip(1, x) -> Discard;\n"
BAD_CLICK = (
    "bad.click:1: While configuring 'Strip@2 :: Strip':\n  too many arguments\nRouter could not be initialized!\n"
)


def test_a_good_file_is_passed_over_in_silence(nmclick: Command) -> None:
    nmclick.write("good.click", GOOD)
    assert nmclick.fine("check", "good.click") == ""
    assert nmclick.fine("check", stdin=GOOD) == ""


def test_files_that_a_configuration_refers_to_need_not_exist(nmclick: Command) -> None:
    assert nmclick.fine("check", "-e", "FromNetmap(pcap:missing.pcap) -> Discard") == ""


def test_every_file_is_checked(nmclick: Command) -> None:
    nmclick.write("good.click", GOOD)
    nmclick.write("bad.click", BAD)
    result = nmclick("check", "bad.click", "no.click", "good.click", "--diagnostics=click")
    assert (result.status, result.out) == (1, "")
    assert result.err == BAD_CLICK + "no.click: No such file or directory\n"


def test_json_is_one_array_for_all_files(nmclick: Command) -> None:
    nmclick.write("good.click", GOOD)
    nmclick.write("bad.click", BAD)
    result = nmclick("check", "bad.click", "no.click", "--diagnostics=json")
    assert result.status == 1
    assert [(m["file"], m["message"]) for m in json.loads(result.err)] == [
        ("bad.click", "too many arguments"),
        (None, "no.click: No such file or directory"),
    ]
    assert json.loads(nmclick("check", "good.click", "--diagnostics=json").err) == []


def test_verbose_tells_what_no_packet_reaches(nmclick: Command) -> None:
    nmclick.write("good.click", GOOD)
    result = nmclick("check", "-v", "good.click", NMCLICK_DIAGNOSTICS="click")
    assert (result.status, result.out) == (0, "good.click: 3 elements, 2 connections, no errors\n")
    nmclick.write("island.click", "a :: Null -> b :: Null -> a; InfiniteSource -> Discard;\n")
    result = nmclick("check", "-v", "island.click", NMCLICK_DIAGNOSTICS="click")
    assert result.status == 0
    assert "island.click:1: warning: no packet source is connected to 'a' and 'b'\n" in result.err


def test_variables_are_for_all_files(nmclick: Command) -> None:
    nmclick.write("a.click", "Idle -> Strip($n) -> Discard;\n")
    assert nmclick("check", "a.click").status == 1
    assert nmclick.fine("check", "a.click", "n=14") == ""
