"""Cycles: pushes may go round and are cut in known places, pulls may not."""

from __future__ import annotations

import random

import networkx
import pytest
from graph_stubs import load

from nmclick.graph.cycles import back_edges, cyclic_components, strong_components, topological_order
from nmclick.graph.processing import Mode
from nmclick.graph.router import RouterGraph

ROUTER = """
    a :: Source
    b :: Source
    ca :: Check
    cb :: Check
    rt :: Lookup
    ta :: Check
    tb :: Check
    e :: Null
    xa :: Discard
    xb :: Discard
    a -> ca -> rt
    b -> cb -> rt
    rt -> ta -> xa
    rt [1] -> tb -> xb
    ta [1] -> e
    tb [1] -> e
    e -> rt
"""


def names(graph: RouterGraph, connections: frozenset[int]) -> list[tuple[str, str]]:
    ends = [(graph.connections[c].source[0], graph.connections[c].target[0]) for c in sorted(connections)]
    return [(graph.elements[source].name, graph.elements[target].name) for source, target in ends]


def test_push_cycles_are_legal_and_cut_before_the_route_table() -> None:
    built = load(ROUTER)
    assert built.messages == ""
    assert names(built.sound, back_edges(built.sound)) == [("e", "rt")]


def test_the_element_that_packets_enter_a_cycle_by_is_cut_even_if_another_has_more_inputs() -> None:
    text = """
        s :: Source
        rt :: Lookup
        t :: Lookup
        j :: Null
        s -> rt -> t
        t -> j
        t [1] -> j
        t [2] -> j
        j -> rt
    """
    assert names(load(text).sound, back_edges(load(text).sound)) == [("j", "rt")]


def test_nested_cycles_and_self_loops_are_all_cut() -> None:
    text = """
        s :: Source
        a :: Lookup
        b :: Lookup
        c :: Lookup
        s -> a -> b -> c -> b
        c [1] -> a
        b [1] -> b
        a [1] -> a
    """
    graph = load(text).sound
    cut = back_edges(graph)
    assert set(names(graph, cut)) == {("c", "a"), ("a", "a"), ("c", "b"), ("b", "b")}
    assert [graph.elements[i].name for i in topological_order(graph, cut)] == ["s", "a", "b", "c"]


def test_a_graph_without_cycles_is_not_cut() -> None:
    graph = load("s :: Source\nt :: Tee\nj :: Null\nd :: Discard\ns -> t -> j -> d\nt [1] -> j").sound
    assert back_edges(graph) == frozenset()


def test_a_queue_ends_a_push_cycle() -> None:
    graph = load("t :: Tee\nq :: Queue\nu :: Unqueue\nd :: Discard\nt -> q -> u -> t\nt [1] -> d").sound
    assert back_edges(graph) == frozenset()
    with pytest.raises(ValueError, match="the graph has a cycle"):
        topological_order(graph)
    assert topological_order(graph, mode=Mode.PUSH) == [2, 0, 1, 3]


def random_successors(seed: int) -> list[list[int]]:
    chance = random.Random(seed)
    size = chance.randint(1, 30)
    return [sorted({chance.randrange(size) for _ in range(chance.choice([0, 1, 1, 2]))}) for _ in range(size)]


def test_components_are_those_of_networkx() -> None:
    for seed in range(200):
        successors = random_successors(seed)
        graph = networkx.DiGraph([(a, b) for a, targets in enumerate(successors) for b in targets])
        graph.add_nodes_from(range(len(successors)))
        expected = sorted(sorted(c) for c in networkx.strongly_connected_components(graph))
        assert sorted(strong_components(successors)) == expected
        looped = [c for c in expected if len(c) > 1 or c[0] in successors[c[0]]]
        assert cyclic_components(successors) == looped


def test_components_come_downstream_first() -> None:
    assert strong_components([[1], [2], [1, 3], []]) == [[3], [1, 2], [0]]


def test_what_is_left_after_the_cut_has_no_cycle_and_every_cut_was_on_one() -> None:
    for seed in range(100):
        successors = random_successors(seed)
        lines = [f"e{i} :: Lookup" for i in range(len(successors))]
        lines += [f"e{i} [{port}] -> e{t}" for i, targets in enumerate(successors) for port, t in enumerate(targets)]
        lines += ["i :: Source", *(f"i [{0}] -> e0" for _ in range(1))]
        graph = load("\n".join(lines + unused_inputs(successors)), initialize=False).sound
        cut = back_edges(graph)
        assert len(topological_order(graph, cut)) == len(graph.elements)
        whole = graph.to_networkx()
        component = {n: i for i, c in enumerate(networkx.strongly_connected_components(whole)) for n in c}
        for connection in cut:
            source, target = graph.connections[connection].source[0], graph.connections[connection].target[0]
            assert component[source] == component[target]


def unused_inputs(successors: list[list[int]]) -> list[str]:
    fed = {target for targets in successors for target in targets} | {0}
    lines = []
    for element in range(len(successors)):
        if element not in fed:
            lines += [f"s{element} :: Source", f"s{element} -> e{element}"]
    return lines


def test_a_pull_cycle_is_refused_by_name() -> None:
    built = load(
        """
        r :: Sched
        n :: Null
        k :: Sink
        s :: PullSource
        s -> r
        n -> [1] r
        r -> n
        r -> k
        """
    )
    assert built.graph is None
    assert built.messages == (
        "F:2: pull cycle: 'r :: Sched' -> 'n :: Null' -> 'r :: Sched'\nRouter could not be initialized!\n"
    )
    assert (
        "hint: a pull that comes back to where it started has no answer: break the cycle with a Queue" in built.pretty
    )


def test_an_element_that_pulls_from_itself_is_a_pull_cycle() -> None:
    built = load("r :: Sched\nk :: Sink\nr -> r\nr -> k")
    assert built.messages.splitlines()[0] == "F:1: pull cycle: 'r :: Sched' -> 'r :: Sched'"


def test_the_shortest_way_round_names_the_cycle() -> None:
    built = load(
        """
        r :: Sched
        a :: Null
        b :: Null
        c :: Null
        k :: Sink
        r -> a -> b -> [0] r
        r -> c -> [1] r
        r -> k
        """
    )
    assert built.messages.splitlines()[0] == "F:2: pull cycle: 'r :: Sched' -> 'c :: Null' -> 'r :: Sched'"


def test_a_queue_breaks_a_pull_cycle_and_flow_codes_count() -> None:
    assert load("r :: Sched\nu :: Unqueue\nq :: Queue\nk :: Sink\nr -> u -> q -> r\nq -> k").messages == ""
    lanes = "s :: PullSource\nl :: Lanes\nk :: Sink\ns -> l -> [1] l\nl [1] -> k"
    assert load(lanes).messages == ""


def test_a_long_chain_does_not_recurse() -> None:
    size = 5000
    assert cyclic_components([[i + 1] for i in range(size)] + [[0]]) == [list(range(size + 1))]
