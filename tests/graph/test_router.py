"""The graph itself: names, the text of the `ports` handler, and what networkx gets."""

from __future__ import annotations

import sys

from graph_stubs import load

from nmclick.graph.processing import Mode


def test_names_are_searched_outwards_through_the_compounds() -> None:
    graph = load("x :: Info\na/x :: Info\na/b/y :: Info\na/b/c/z :: Info").sound
    inner = graph.elements[3]
    assert graph.find("y", inner) is graph.elements[2]
    assert graph.find("x", inner) is graph.elements[1]
    assert graph.find("x") is graph.elements[0]
    assert graph.find("a/x") is graph.elements[1]
    assert graph.find("b/y", graph.elements[1]) is graph.elements[2]
    assert graph.find("nothing", inner) is None
    assert graph.index_of("a/x") == 1
    assert graph.index_of("y") is None


def test_the_ports_text_is_that_of_clicks_handler() -> None:
    graph = load(
        "i :: Source\nj :: Source\nc :: Check\nq :: Queue\nd :: Discard\nk :: Sink\ni -> c -> q -> k\nj -> c [1] -> d"
    ).sound
    assert graph.ports_text(2) == ("1 input\npush~\t-\ti [0], j [0]\n2 outputs\npush~\t-\t[0] q\npush\t-\t[0] d\n")
    assert graph.ports_text(3) == "1 input\npush\t-\tc [0]\n1 output\npull\t-\t[0] k\n"
    assert graph.ports_text(5) == "1 input\npull\t-\tq [0]\n0 outputs\n"


def test_networkx_gets_elements_or_ports() -> None:
    graph = load("s :: Source\nq :: Querier\nd :: Discard\nt :: Tee\ns -> t -> q -> d\nt [1] -> [1] q").sound
    elements = graph.to_networkx()
    assert sorted(elements.edges(data="mode")) == [
        (0, 3, Mode.PUSH),
        (1, 2, Mode.PUSH),
        (3, 1, Mode.PUSH),
        (3, 1, Mode.PUSH),
    ]
    assert elements.nodes[1] == {"name": "q"}
    ports = graph.to_networkx("port")
    inside = [(a, b) for a, b, connection in ports.edges(data="connection") if connection is None]
    assert (("in", 1, 0), ("out", 1, 0)) in inside
    assert (("in", 1, 1), ("out", 1, 0)) not in inside
    assert ports.number_of_edges() == 4 + 3


def test_neighbours_are_listed_once_and_by_mode() -> None:
    graph = load("s :: Source\nt :: Tee\nq :: Queue\nk :: Sink\ns -> t -> q -> k\nt [1] -> q").sound
    assert graph.element_successors() == [[1], [2], [3], []]
    assert graph.element_successors(mode=Mode.PUSH) == [[1], [2], [], []]
    assert graph.element_successors(mode=Mode.PULL) == [[], [], [3], []]


def test_building_a_graph_does_not_import_networkx() -> None:
    import subprocess

    program = (
        "import sys; import nmclick.graph.build, nmclick.graph.cycles, nmclick.graph.reach, nmclick.draw; "
        "sys.exit('networkx' in sys.modules or 'graphviz' in sys.modules or 'lark' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
