"""Script and DriverManager in running routers; tests/script has the language."""

from __future__ import annotations

from tests.elements.harness import run_config


def test_a_driver_manager_steps_through_the_run() -> None:
    result = run_config(
        """
        i :: InfiniteSource(LIMIT 10, ACTIVE false, END_CALL dm.step) -> c :: Counter -> Discard;
        s :: Script(TYPE PASSIVE, export v 12, return "$(c.count) of $1");
        dm :: DriverManager(print "start $(c.count)", write i.active true, pause, print $(s.run 10), print $(s.v),
            wait 2.5, print $(now), write c.reset, print $(c.count), stop, print "not here");
        """,
        args=["--simtime"],
        handlers=["s.v"],
    )
    assert (result.status, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[:3] == ["start 0", '"10 of 10"', "12"]
    assert lines[3].startswith("1000000002.5")
    assert lines[4:] == ["0", "12"]


def test_stop_events_of_sources_go_to_the_driver_manager() -> None:
    result = run_config(
        """
        InfiniteSource(LIMIT 3, STOP true) -> a :: Counter -> Discard;
        RatedSource(LIMIT 2, RATE 1, STOP true) -> b :: Counter -> Discard;
        DriverManager(pause, print $(a.count), pause, print $(a.count) $(b.count), pause, print "no");
        Script(wait 10, print "ten", write stop);
        """,
        args=["--simtime"],
    )
    assert (result.stdout, result.stderr) == ("3\n3 2\nten\nno\n", "")


def test_packet_scripts_choose_outputs_on_push_and_pull_paths() -> None:
    result = run_config(
        """
        InfiniteSource(LIMIT 9) -> s :: Script(export n 0, set n $(add $n 1), goto drop $(eq $n 9),
                                                return $(mod $n 3), label drop, exit);
        s [0] -> a :: Counter -> Discard;
        s [1] -> b :: Counter -> Discard;
        s [2] -> c :: Counter -> Discard;
        InfiniteSource(LIMIT 6) -> Queue -> p :: Script(init n 0, set n $(add $n 1), return $(gt $n 4), label x);
        InfiniteSource(LIMIT 6) -> Queue -> q :: Script(init n 0, set n $(add $n 1), goto other $(eq $n 2), end,
                                                        label other, return 1)
            -> Unqueue -> d :: Counter -> Discard;
        q [1] -> e :: Counter -> Discard;
        p -> Unqueue -> f :: Counter -> Discard;
        DriverManager(wait 1, print $(a.count) $(b.count) $(c.count), print $(d.count) $(e.count) $(f.count), stop);
        """,
        args=["--simtime"],
        handlers=["s.n"],
    )
    assert (result.status, result.stderr) == (0, "")
    assert result.stdout == "2 3 3\n5 1 0\n9\n"


def test_the_input_port_is_a_variable() -> None:
    result = run_config(
        """
        s :: Script(return $input);
        InfiniteSource(LIMIT 3) -> [0] s;
        InfiniteSource(LIMIT 2) -> [1] s;
        s [0] -> a :: Counter -> Discard;
        s [1] -> b :: Counter -> Discard;
        DriverManager(wait 1, print $(a.count) $(b.count), stop);
        """,
        args=["--simtime"],
    )
    assert result.stdout == "3 2\n"


def test_scripts_are_checked_when_they_are_configured() -> None:
    result = run_config("Idle -> Discard;\ns :: Script(set x 1, frobnicate x, goto y, stop);\nDriverManager(loop 1);\n")
    assert result.status == 1
    assert result.stderr == (
        "config.click:2: While configuring 's :: Script':\n"
        "  syntax error at 'frobnicate'\n"
        "  no such label 'y'\n"
        "config.click:3: While configuring 'DriverManager@4 :: DriverManager':\n"
        "  syntax error at 'loop'\n"
        "Router could not be initialized!\n"
    )


def test_errors_while_running_say_which_script() -> None:
    result = run_config(
        """
        Script(write i.bar, print $(foo.x), wait 1ms, write i.bar);
        i :: Idle -> Discard;
        Script(label x, goto x);
        DriverManager(wait 1, stop);
        """,
        args=["--simtime"],
    )
    assert result.status == 0
    assert result.stderr == (
        "While executing 'Script@1 :: Script':\n"
        "  no 'i.bar' write handler\n"
        "  no element named 'foo'\n"
        "Script@4 :: Script: too many jumps, giving up\n"
        "While executing 'Script@1 :: Script':\n"
        "  no 'i.bar' write handler\n"
    )


def test_handlers_are_found_from_inside_a_compound_outwards() -> None:
    result = run_config(
        """
        x :: { s :: Script(TYPE PASSIVE, return "in $(c.count) $(t.run)");
               t :: Script(TYPE PASSIVE, return $(c.name)); c :: Counter; Idle -> c -> Discard };
        c :: Counter; Idle -> c -> Discard;
        DriverManager(print $(x/s.run), print c.name, stop);
        """
    )
    assert result.stdout == '"in 0 x/c"\nc\n'


def test_a_proxy_script_can_be_named_where_a_handler_is_wanted() -> None:
    result = run_config(
        """
        InfiniteSource(LIMIT 1, END_CALL p.anything 5) -> Discard;
        p :: Script(TYPE PROXY, print "$0 $args $write", write .stop);
        """
    )
    assert (result.status, result.stdout, result.stderr) == (0, "anything 5 true\n", "")
