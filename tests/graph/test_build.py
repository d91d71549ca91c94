"""Building a graph: ports, arguments, configuration, and every message with Click's words."""

from __future__ import annotations

import textwrap

from graph_stubs import StubRegistry, load

from nmclick.element import Element
from nmclick.lang.arguments import Environment


def test_a_sound_configuration_gives_a_graph_and_no_messages() -> None:
    built = load("s :: Source\nt :: Tee\nd :: Discard\ne :: Discard\ns -> t -> d\nt [1] -> e")
    graph = built.sound
    assert built.messages == ""
    assert [(e.name, e.index, e.n_inputs, e.n_outputs) for e in graph.elements] == [
        ("s", 0, 0, 1),
        ("t", 1, 1, 2),
        ("d", 2, 1, 0),
        ("e", 3, 1, 0),
    ]
    assert graph.successors(1, 1) == [(3, 0)]
    assert graph.predecessors(3, 0) == [(1, 1)]


def test_an_unknown_class_is_reported_with_the_closest_name() -> None:
    built = load("s :: Sourse\nd :: Discard\ns -> d")
    assert built.graph is None
    assert built.pretty == textwrap.dedent(
        """\
        F:1: unknown element class 'Sourse'
          s :: Sourse
          ^
          hint: did you mean `Source`?
        """
    )


def test_ports_that_do_not_exist_are_reported_input_first() -> None:
    built = load("s :: Source\np :: Print\nd :: Discard\ns -> p -> d\ns [1] -> [1] d")
    assert built.messages == (
        "F:3: 'd :: Discard' has no input 1\nF:1: 's :: Source' has no output 1\nRouter could not be initialized!\n"
    )


def test_the_caret_shows_the_connection_and_the_hint_what_ports_there_are() -> None:
    built = load("s :: Source\np :: Print\nd :: Discard\ns -> p -> d\np [2] -> d")
    assert built.pretty == textwrap.dedent(
        """\
        F:2: 'p :: Print' has no output 2
          p [2] -> d
          ^^^^^^^^^^
          hint: a Print has 1 output, numbered from 0
        Router could not be initialized!
        """
    )


def test_a_class_without_inputs_says_so() -> None:
    assert "hint: a Source has no inputs\n" in load("s :: Source\nt :: Source\ns -> t\nt -> s").pretty


def test_equal_numbers_of_ports_are_explained() -> None:
    built = load("s :: Source\nl :: Lanes\nd :: Discard\ns -> l\nl [0] -> d\nl [1] -> d")
    assert built.messages.startswith("F:2: 'l :: Lanes' has no output 1\n")
    assert "hint: a Lanes has as many outputs as inputs\n" in built.pretty


def test_unused_ports_are_reported_inputs_before_outputs() -> None:
    built = load("a :: Counter\ns :: Source\nk :: Null\nd :: Discard\ns -> d")
    assert built.messages == (
        "F:1: 'a :: Counter' input 0 unused\n"
        "F:3: 'k :: Null' input 0 unused\n"
        "F:1: 'a :: Counter' output 0 unused\n"
        "F:3: 'k :: Null' output 0 unused\n"
        "Router could not be initialized!\n"
    )


def test_a_gap_in_the_connected_ports_is_unused() -> None:
    built = load("s :: Source\nt :: Tee\nd :: Discard\ns -> t\nt [2] -> d\nt -> d")
    assert built.messages == "F:2: 't :: Tee' output 1 unused\nRouter could not be initialized!\n"


def test_ports_of_a_wrong_connection_do_not_count_as_unused_too() -> None:
    built = load("s :: Source\nt :: Tee\nx :: Null\nd :: Discard\ns -> t -> x -> d\nt [1] -> [1] x")
    assert built.messages == "F:3: 'x :: Null' has no input 1\nRouter could not be initialized!\n"


def test_a_push_output_and_a_pull_input_are_used_once() -> None:
    built = load(
        """
        i :: Source
        d :: Discard
        e :: Discard
        a :: PullSource
        b :: PullSource
        k :: Sink
        i -> d
        i -> e
        a -> k
        b -> k
        """
    )
    assert built.messages == (
        "F:7: illegal reuse of 'k :: Sink' pull input 0\n"
        "F:2: illegal reuse of 'i :: Source' push output 0\n"
        "Router could not be initialized!\n"
    )
    assert (
        "hint: it is connected to 'd' and 'e'; a push output leads to one input only: put a Tee in between to copy"
        in built.pretty
    )


def test_push_inputs_and_pull_outputs_are_shared_freely() -> None:
    text = "i :: Source\nj :: Source\nq :: Queue\nk :: Sink\nl :: Sink\ni -> q\nj -> q\nq -> k\nq -> l"
    assert load(text).messages == ""


def test_the_same_connection_twice_is_one() -> None:
    graph = load("i :: Source\nd :: Discard\ni -> d\ni -> d").sound
    assert len(graph.connections) == 1


def test_argument_problems_stand_under_the_element() -> None:
    built = load("s :: Source\nx :: Strip(none)\ny :: Strip\nz :: Strip(1, 2)\nd :: Discard\ns -> x -> y -> z -> d")
    assert built.messages == (
        "F:2: While configuring 'x :: Strip':\n"
        "  LENGTH: invalid number\n"
        "F:3: While configuring 'y :: Strip':\n"
        "  LENGTH: required argument missing\n"
        "F:4: While configuring 'z :: Strip':\n"
        "  too many arguments\n"
        "Router could not be initialized!\n"
    )
    assert "  z :: Strip(1, 2)\n                ^\n" in built.pretty


def test_configure_knows_the_ports() -> None:
    built = load("s :: Source\nw :: Switch(1)\nd :: Discard\ns -> w -> d")
    assert built.messages == (
        "F:2: While configuring 'w :: Switch':\n  there is no output 1\nRouter could not be initialized!\n"
    )


def test_initialize_runs_once_everything_is_configured() -> None:
    good = "r :: Reader(there)\nd :: Discard\nr -> d"
    assert load(good).messages == ""
    missing = "r :: Reader(y)\nd :: Discard\nr -> d"
    assert load(missing).messages == (
        "F:1: While initializing 'r :: Reader':\n  y: No such file or directory\nRouter could not be initialized!\n"
    )
    assert load(missing, initialize=False).messages == ""
    wrong = "r :: Reader(y)\nx :: Strip(a)\nd :: Discard\nr -> x -> d"
    assert "initializing" not in load(wrong).messages


def test_everything_wrong_is_reported_in_one_run() -> None:
    built = load(
        """
        s :: Source
        q :: Queue
        w :: Switch(one)
        x :: Strip(b)
        d :: Discard
        u :: Null
        s -> q -> w -> x -> d
        """
    )
    assert built.messages == (
        "'q :: Queue' pull output 0 connected to 'w :: Switch' push input 0\n"
        "F:7: 'u :: Null' input 0 unused\n"
        "F:7: 'u :: Null' output 0 unused\n"
        "F:4: While configuring 'w :: Switch':\n"
        "  OUTPUT: invalid number\n"
        "F:5: While configuring 'x :: Strip':\n"
        "  LENGTH: invalid number\n"
        "Router could not be initialized!\n"
    )


def test_elements_are_configured_by_phase_then_by_place() -> None:
    order: list[str] = []

    class Recorded(Element):
        def configure(self, environment: Environment) -> list[str]:
            order.append(self.name)
            return []

    class Phased(StubRegistry):
        def find(self, name: str) -> type[Element]:
            phase = {"First": 0, "Info": 100, "Last": 200}[name]
            return type(name, (Recorded,), {"configure_phase": phase})

    load("a :: Last\nb :: Info\nc :: First\nd :: Info\ne :: First", registry=Phased())
    assert order == ["c", "e", "b", "d", "a"]


def test_a_huge_port_number_costs_no_time_and_few_messages() -> None:
    lines = load("s :: Source\ni :: Idle\nd :: Discard\ns -> [65535] i [65535] -> d").messages.splitlines()
    assert lines[:2] == ["F:2: 'i :: Idle' input 0 unused", "F:2: 'i :: Idle' input 1 unused"]
    assert len(lines) == 201


def test_many_ports_that_are_all_connected_are_fine() -> None:
    size = 2000
    text = ["i :: Idle", "j :: Idle", *(f"i [{n}] -> [{n}] j" for n in range(size))]
    assert load("\n".join(text)).sound.flows[1] == ((),) * size
