"""Every instruction, run by a driver script or a passive one. Texts are those of the Click modular router 2.1."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.script.bench import bench, driver


def printed(config: str, **scripts: str) -> str:
    router = driver(config + ", stop", **scripts)
    assert (router.running, router.err) == (False, "")
    return router.out


# Printing


def test_print_takes_a_handler_or_a_text() -> None:
    assert printed("print d.value, print version, print .version, print add 1 2") == "0\n9.9\n.version\n3\n"
    assert printed('print "d.value", print "a" b c, print (d.value)') == "d.value\na b c\n(d.value)\n"
    assert printed("print \"a\\tb\" '$x', print (x), print \\<4142>") == "a\tb $x\n(x)\nAB\n"


def test_print_adds_a_newline_that_is_missing() -> None:
    assert printed('print d.lines, print "x\\n", printn "y", printn d.value, print') == "a\nb\nx\ny0\n"


def test_printq_takes_quotes_off_the_handler_s_arguments() -> None:
    assert printed('printq d.echo "1" 2, print d.echo "1" 2, printnq d.echo \'a b\'') == '1 2\n"1" 2\na b'


def test_a_value_is_printed_with_its_quotes() -> None:
    assert printed('set z "x  y", print $z, print "$z", print \'$z\', setq z "x  y", print $z') == (
        '"x  y"\n"x  y"\n$z\nx  y\n'
    )


def test_print_into_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (
        printed(
            'print >a.txt "one", print >> a.txt "two", printn >>a.txt "three", print >b.txt, print >- "out",'
            "save d.value c.txt, append version c.txt, save d.value, save d.lines e.txt, save d.lines e.txt"
        )
        == "out\n0\n"
    )
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "a.txt": "one\ntwo\nthree",
        "b.txt": "\n",
        "c.txt": "0\n9.9\n",
        "e.txt": "a\nb\n",
    }


def test_bytes_that_are_no_text_reach_a_file(tmp_path: Path) -> None:
    printed(f'printn >{tmp_path}/x "\\<ff00c3>", set v "\\xff", setq v $v, printn >>{tmp_path}/x $v')
    assert (tmp_path / "x").read_bytes() == b"\xff\x00\xc3\xff"


def test_a_file_that_cannot_be_written() -> None:
    router = driver('print >/nonexistent/x "a", print "b", stop')
    assert (router.out, router.err) == ("b\n", "/nonexistent/x: No such file or directory\n")


def test_read_prints_name_and_value_to_standard_error() -> None:
    router = driver('read d.value, read d.lines, read add 1 2, readq d.echo "x", read version, stop')
    assert router.err == "d.value:\n0\nd.lines:\na\nb\n\ndm.add:\n3\nd.echo:\nx\nversion:\n9.9\n"


# Writing and variables


def test_write_and_its_status() -> None:
    assert printed(
        'write d.value "a b", print d.value, writeq d.value "a b", print d.value, print "$?",'
        'write d.status 7, print "$?"'
    ) == ('"a b"\na b\n0\n7\n')


def test_a_write_that_fails_has_a_status_and_one_that_finds_nothing_leaves_it() -> None:
    router = driver('write d.fails now, print "$?", write d.status 3, write d.nope, print "$?", write no.thing, stop')
    assert router.out == "-5\n3\n"
    assert router.err == (
        "While calling 'd.fails now':\n  it is\n  broken\nno 'd.nope' write handler\nno element named 'no'\n"
    )


def test_variables() -> None:
    assert printed(
        "set a 1, set b $(add $a 1), set a $b$b, print $a ${b} $c, print $(get a), write set d 4 5, print $(get d)"
    ) == ("22 2 $c\n22\n4 5\n")
    assert (
        printed('write set q "x y" z, print $(shift q), print $(get q), print $(shift q) [$(shift q)]')
        == '"x y"\nz\nz []\n'
    )


def test_variables_that_do_not_exist() -> None:
    router = driver("print $(get nope), print $(get), print $(get a b), print $(shift nope), write set, stop")
    assert router.err == (
        "undefined variable 'nope'\nno variable\ntoo many arguments\nundefined variable 'nope'\n"
        "While calling 'dm.set':\n  no variable\n"
    )


def test_init_and_export_are_done_once_at_the_start() -> None:
    router = bench(
        s='TYPE PASSIVE, export a 1, exportq b "two words", export c "two words", export e,'
        "init i $(add 1 2), export j $i"
    )
    script = router.elements[1]
    exported = {own.name: own.read("") for own in script.own_handlers()[-5:] if own.read}
    assert exported == {"a": "1", "b": "two words", "c": '"two words"', "e": "", "j": "3"}
    router.write("s.set", "a 7")
    assert script.own_handlers()[-5].read("") == "7"
    router.write("s.run")
    assert script.own_handlers()[-5].read("") == "7"


def test_errors_at_the_start_have_the_place_of_the_element() -> None:
    assert bench(s="TYPE PASSIVE, init x $(d.nope), export y $(add x)").err == (
        "config:1: While initializing 's :: Script':\n  no 'd.nope' read handler\n  expected list of numbers\n"
    )
    assert bench(s="wait x y").err == "config:1: While initializing 's :: Script':\n  syntax error at 'wait'\n"


def test_special_variables() -> None:
    assert printed('print "$$", print "$0"') == f"{os.getpid()}\nstep\n"
    assert printed(
        "print $(p.run a b), print $(p.run), print $(p.run 1 2 3 4 5 6 7 8 9 ten)",
        p="TYPE PASSIVE, return $#:$1:${2}:$10:$args:$0:$write",
    ) == ("2:a:b::a b:run:false\n0:::::run:false\n10:1:2:ten:1 2 3 4 5 6 7 8 9 ten:run:false\n")


# Jumps and ends


def test_goto_with_and_without_conditions() -> None:
    assert printed(
        'goto x $(eq 1 1), print "a", label x, print "x", goto y false, print "b", label y, goto z, print "c", label z'
    ) == ("x\nb\n")


def test_a_condition_that_is_none() -> None:
    router = driver('goto x maybe, print "a", label x, stop')
    assert (router.out, router.err) == ("a\n", "bad condition 'maybe'\n")


def test_loops_until_a_condition_holds() -> None:
    assert printed("init n 0, label top, set n $(add $n 1), goto top $(lt $n 900), print $n") == "900\n"


def test_a_thousand_jumps_end_a_script() -> None:
    router = bench(s="init n 0, label x, set n $(add $n 1), goto x", t='print "t"')
    router.wait(1)
    assert router.err == "s :: Script: too many jumps, giving up\n"
    assert router.out == "t\n"
    assert router.elements[1].script.variables["n"] == "1000"


@pytest.mark.parametrize(
    "ending", ["end", "exit", "stop", "error", "goto end", "goto exit true", "goto stop", "goto error"]
)
def test_a_driver_script_that_has_ended_stops_the_router(ending: str) -> None:
    router = driver(f'print "a", {ending}, print "b"')
    assert (router.running, router.out, router.err) == (False, "a\n", "")


def test_error_tells_its_message_and_fails() -> None:
    router = driver(
        'write e.run, print "$?", print $(e.run), write q.run, print "$?", stop',
        e='TYPE PASSIVE, error "foo" bar',
        q='TYPE PASSIVE, errorq "foo" bar',
    )
    assert router.out == "-1\n-1\n"
    assert router.err == "While calling 'e.run':\n  \"foo\" bar\n\"foo\" bar\nWhile calling 'q.run':\n  foo bar\n"


def test_return() -> None:
    assert printed(
        'print $(r.run), print "$(r.run)", print $(q.run)',
        r='TYPE PASSIVE, return "a b", print "no"',
        q='TYPE PASSIVE, returnq "a b"',
    ) == ('"a b"\n"a b"\na b\n')


# Blocking


def test_pause_waits_for_steps() -> None:
    router = bench(s='print "a", pause 2, print "b", pause, print "c"')
    router.wait(1)
    assert router.out == "a\n"
    router.write("s.step")
    assert router.out == "a\n"
    router.write("s.step", "2")
    assert router.out == "a\nb\nc\n"


def test_a_jump_back_makes_pauses_wait_again() -> None:
    router = bench(s='label l, print "a", pause 2, print "b", goto l')
    router.wait(1)
    for _ in range(4):
        router.write("s.step")
    assert router.out == "a\nb\na\nb\na\n"


def test_wait_ends_with_its_time_or_a_step() -> None:
    router = bench(s='wait 1, print "one", wait_for 20 ms, print "two", wait_time 5, print "three"')
    router.wait(0.999)
    assert router.out == ""
    router.wait(0.001)
    assert router.out == "one\n"
    router.wait(0.02)
    assert router.out == "one\ntwo\n"
    router.write("s.step")
    assert router.out == "one\ntwo\nthree\n"
    router.wait(10)
    assert router.out == "one\ntwo\nthree\n"
    assert router.calls == []


def test_a_wait_without_a_time_ends_the_script_s_own_run() -> None:
    router = bench(s='print "a", wait_time -1, print "b"')
    router.wait(5)
    assert (router.out, router.err) == ("a\n", "While executing 's :: Script':\n  syntax error at 'wait'\n")


def test_goto_from_outside() -> None:
    router = bench(s='print "a", pause, print "b", label foo, print "foo", pause, print "c"')
    router.wait(1)
    router.write("s.goto", "foo")
    router.write("s.step")
    router.write("s.goto", "begin")
    assert router.out == "a\nfoo\nc\na\n"
