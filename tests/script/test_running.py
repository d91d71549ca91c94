"""Who makes a script go on: the driver, handlers, other scripts, packets, signals."""

from __future__ import annotations

import signal

import pytest

from nmclick.element import HandlerError
from tests.script.bench import START, Bench, bench, driver, make

# The driver script


def test_stop_events_step_the_driver_script() -> None:
    router = driver('print "a", pause, print "b", pause, print "c"', s='wait 1, print "w", stop')
    assert (router.out, router.running) == ("a\nw\nb\n", True)
    router.runcount -= 1
    router.answer()
    assert (router.out, router.running) == ("a\nw\nb\nc\n", False)


def test_several_pending_stop_events_pass_several_pauses() -> None:
    router = driver('pause, print "1", pause, print "2", pause, print "3"')
    router.runcount -= 2
    router.answer()
    assert (router.out, router.running) == ("1\n2\n", True)


def test_a_step_from_a_source_releases_one_pause() -> None:
    router = driver('print "a", pause, print "b", pause, print "c", stop')
    router.write("dm.step")
    assert (router.out, router.running) == ("a\nb\n", True)
    router.write("dm.step")
    router.answer()
    assert (router.out, router.running) == ("a\nb\nc\n", False)


def test_a_stop_event_ends_a_wait() -> None:
    router = driver('wait 3, print "b $(now)", stop', s="wait 1, stop")
    assert router.out == "b 1000000001.000000000\n"


def test_a_driver_script_without_instructions_stops_at_the_first_event() -> None:
    router = driver("")
    assert router.running
    router.runcount -= 1
    router.answer()
    assert not router.running


def test_return_does_not_end_a_driver_script() -> None:
    assert driver("return 3").running


def test_other_scripts_do_not_manage_the_driver() -> None:
    assert bench(s="pause").elements[1].driver_event() is None


# Scripts that call scripts


def test_messages_carry_the_context_of_every_caller() -> None:
    router = bench(
        a="print d.nope, write b.run, write d.nope",
        b="TYPE PASSIVE, print $(add x), write c.run, error oops",
        c="TYPE PASSIVE, read d.fails",
    )
    router.wait(1)
    assert router.err == (
        "While executing 'a :: Script':\n"
        "  no 'd.nope' read handler\n"
        "  While calling 'b.run':\n"
        "    expected list of numbers\n"
        "    While calling 'c.run':\n"
        "      While calling 'd.fails':\n"
        "        it is\n"
        "        broken\n"
        "d.fails:\n\n"
        "    oops\n"
        "  no 'd.nope' write handler\n"
    )


def test_every_run_by_a_timer_has_its_own_context() -> None:
    router = bench(s="write no.a, write no.b, wait 1, write no.c")
    router.wait(5)
    context = "While executing 's :: Script':\n"
    assert router.err == context + "  no element named 'no'\n" * 2 + context + "  no element named 'no'\n"


def test_a_handler_that_fails_for_somebody_else_raises() -> None:
    router = bench(s="TYPE PASSIVE, write no.a, error oops", t="TYPE PASSIVE, write no.a")
    with pytest.raises(HandlerError, match=r"^no element named 'no'\noops$") as raised:
        router.write("s.run")
    assert raised.value.status == -1
    router.write("t.run")
    assert router.err == "no element named 'no'\n"
    with pytest.raises(HandlerError, match=r"^syntax error$"):
        router.write("s.step", "x")
    with pytest.raises(HandlerError, match=r"^jump to nonexistent label$"):
        router.write("s.goto", "end")


def test_a_script_that_steps_itself_goes_on_afterwards() -> None:
    config = 'TYPE PASSIVE, print "z", write s.step 2, print "y", pause, print "x", pause, print "w"'
    assert driver('write s.run, print "$?", stop', s=config).out == "z\ny\nx\n0\n"


def test_a_script_may_move_itself() -> None:
    config = 'TYPE PASSIVE, print "a", write s.goto foo, print "b", label foo, print "c"'
    assert driver("write s.run, stop", s=config).out == "a\nc\n"


def test_scripts_that_call_each_other_come_to_an_end() -> None:
    router = driver(
        'write s.run, print "$?", stop',
        s='TYPE PASSIVE, write t.run, print "s"',
        t='TYPE PASSIVE, write s.run, print "t"',
    )
    assert router.out == "t\n" * 1000 + "0\n"
    assert router.err == "s :: Script: too many jumps, giving up\n"


def test_a_chain_of_a_thousand_scripts_is_no_traceback() -> None:
    chain = {f"s{i}": f"TYPE PASSIVE, write s{i + 1}.run" for i in range(1000)}
    router = driver('write s0.run, print "done", stop', **chain)
    assert router.out == "done\n"
    assert "too many handlers call each other" in router.err or "no element named 's1000'" in router.err


# Handlers


def test_a_proxy_answers_to_every_name() -> None:
    router = driver(
        'print $(p.foo a b), print $(p.a.b), write p.bad now, print "$?", '
        "print $(readable p.x add nope) $(writable p.x) $(readable p.x add)",
        p="TYPE PROXY, goto bad $(eq $0 bad), return $0/$write/$args, label bad, error no $0 $write",
    )
    assert router.out == "foo/false/a b\na.b/false/\n-1\nfalse true true\n"
    assert router.err == "While calling 'p.bad now':\n  no bad true\n"


def test_names_of_handlers() -> None:
    router = driver(
        "print $(.version), print $(zz.version), print $(), print $(d.), print $(.),"
        'print $("d.value"), print $(d.value 3), stop'
    )
    assert router.out == "9.9\n$(zz.version)$()$(d.)$(.)0\n$(d.value 3)"
    assert router.err == (
        "no element named 'zz'\nsyntax error\nsyntax error\nno '' read handler\n"
        "read handler 'd.value' does not take parameters\n"
    )


def test_random_stays_in_its_bounds() -> None:
    router = driver(
        "print $(random 5 5), print $(random 1), print $(random 1 0), print $(random x y),"
        "print $(random 1 2 3), print $(lt $(random) 2147483648), stop"
    )
    assert router.out == "5\n0\ntrue\n"
    assert router.err == "bad N\nN1: invalid number\nN2: invalid number\ntoo many arguments\n"


def test_cat_and_kill(tmp_path: object) -> None:
    file = f"{tmp_path}/a"
    router = driver(
        f'print >{file} "x y", print $(cat {file}), print $(catq {file}), print $(cat /nonexistent), print $(cat),'
        'print "$(kill 0 $$)", print $(kill FOO 1), print $(kill 0 x), stop'
    )
    assert router.out == 'x y\n"x y\\n"\n\n'
    assert router.err == "/nonexistent: No such file or directory\nbad FILE\nbad SIGNO\nbad PID\n"


def test_now() -> None:
    assert driver("wait 1.5, print $(now), stop").out == "1000000001.500000000\n"
    assert START == 10**18


# Packets and signals


def test_a_packet_script_says_where_packets_go() -> None:
    router = Bench()
    script, errors = make(
        "s", "init n 0, set n $(add $n 1), goto x $(eq $n 3), return $input, label x, exit", router, 2, 2
    )
    assert errors == []
    router.start()
    assert [script.upcall(0, port) for port in (0, 1, 0, 1)] == [0, 1, -1, 1]


@pytest.mark.parametrize(
    ("config", "port"),
    [("end", 0), ("exit", -1), ("stop", -1), ("return 7", 7), ("return x", -1), ("", 0), ("pause", -1)],
)
def test_how_a_packet_script_ends_decides(config: str, port: int) -> None:
    router = Bench()
    script, _ = make("s", config, router, 1, 1)
    router.start()
    assert script.upcall(0, 0) == port


def test_signals_are_caught_again_after_end_and_not_after_exit() -> None:
    router = bench(s='TYPE SIGNAL USR1 15, print "got $0"', t='TYPE SIGNAL USR2, print "last", exit')
    assert sorted(router.signals) == sorted([signal.SIGUSR1, signal.SIGTERM, signal.SIGUSR2])
    for number in (signal.SIGUSR1, signal.SIGUSR1, signal.SIGUSR2):
        router.signals.pop(number)()
    assert router.out == "got run\ngot run\nlast\n"
    assert sorted(router.signals) == sorted([signal.SIGUSR1, signal.SIGTERM])
