"""Push and pull: what agnostic ports become, and which conflicts are found where."""

from __future__ import annotations

import random

import pytest
from graph_stubs import CLASSES, load

from nmclick.graph.hookup import assign_ports, split_by_range
from nmclick.graph.processing import Mode
from nmclick.graph.resolve import resolve
from nmclick.graph.router import Connection, RouterGraph, describe
from nmclick.lang.source import LineMap, Source


def modes(graph: RouterGraph, name: str) -> str:
    """ "push push/pull": the resolved inputs and outputs of an element."""
    index = graph.index_of(name)
    assert index is not None
    inputs, outputs = graph.input_modes[index], graph.output_modes[index]
    return f"{' '.join(map(str, inputs))}/{' '.join(map(str, outputs))}"


def test_modes_spread_through_agnostic_elements_both_ways() -> None:
    graph = load(
        """
        s :: Source
        a :: Null
        b :: Counter
        q :: Queue
        c :: Null
        d :: Null
        k :: Sink
        s -> a -> b -> q -> c -> d -> k
        """
    ).sound
    assert [modes(graph, name) for name in "abcd"] == ["push/push", "push/push", "pull/pull", "pull/pull"]


def test_unconnected_to_anything_decided_means_push() -> None:
    graph = load("g :: Generator\na :: Null\nd :: Discard\ng -> a -> d").sound
    assert [modes(graph, name) for name in ("g", "a", "d")] == ["/push", "push/push", "push/"]
    assert graph.declared_outputs[0] == (Mode.AGNOSTIC,)


def test_a_mixed_element_decides_each_port_by_itself() -> None:
    graph = load("s :: Source\nq :: Queue\nc :: Check\nk :: Sink\nd :: Discard\ns -> q -> c -> k\nc [1] -> d").sound
    assert modes(graph, "c") == "pull/pull push"


def test_flow_codes_keep_lanes_apart() -> None:
    graph = load(
        """
        s :: Source
        t :: PullSource
        l :: Lanes
        d :: Discard
        k :: Sink
        s -> l -> d
        t -> [1] l [1] -> k
        """
    ).sound
    assert modes(graph, "l") == "push pull/push pull"


def test_an_element_that_lets_nothing_through_mixes_freely() -> None:
    graph = load("s :: Source\ni :: Idle\nk :: Sink\ns -> i -> k").sound
    assert modes(graph, "i") == "push/pull"


def test_push_to_pull_is_refused_without_a_place_but_with_a_caret() -> None:
    built = load("s :: Source\nk :: Sink\nq :: Queue\nd :: Discard\ns -> k\nq -> d")
    assert built.messages.splitlines()[0] == "'s :: Source' push output 0 connected to 'k :: Sink' pull input 0"
    assert (
        "'s :: Source' push output 0 connected to 'k :: Sink' pull input 0\n"
        "  s -> k\n"
        "  ^^^^^^\n"
        "  hint: put a Queue in between, which is pushed into and pulled from\n"
    ) in built.pretty


def test_pull_to_push_is_refused() -> None:
    built = load("s :: Source\nq :: Queue\nt :: Switch\nd :: Discard\ns -> q -> t -> d")
    assert built.messages == (
        "'q :: Queue' pull output 0 connected to 't :: Switch' push input 0\nRouter could not be initialized!\n"
    )
    assert "hint: put an Unqueue in between, which pulls and pushes\n" in built.pretty


def test_an_agnostic_element_between_push_and_pull_is_named() -> None:
    built = load("q :: Queue\nn :: Null\nt :: Switch\nd :: Discard\ns :: Source\ns -> q -> n -> t -> d")
    assert built.messages == (
        "agnostic 'n :: Null' in mixed context: pull input 0, push output 0\nRouter could not be initialized!\n"
    )


def test_an_agnostic_input_fed_by_push_and_pull_is_a_conflict() -> None:
    built = load("s :: Source\nt :: PullSource\nn :: Null\nd :: Discard\ns -> n\nt -> n\nn -> d")
    assert built.messages == (
        "'t :: PullSource' pull output 0 connected to 'n :: Null' push input 0\nRouter could not be initialized!\n"
    )


def sweep(graph: RouterGraph) -> list[str]:
    """Click's rule as it stands: sweep over everything until nothing changes."""
    links = [(c.source, c.target) for c in graph.connections]
    for element, flow in enumerate(graph.flows):
        for port, declared in enumerate(graph.declared_inputs[element]):
            for output in flow[port]:
                if declared is Mode.AGNOSTIC and graph.declared_outputs[element][output] is Mode.AGNOSTIC:
                    links.append(((element, output), (element, port)))
    inputs = [list(m) for m in graph.declared_inputs]
    outputs = [list(m) for m in graph.declared_outputs]
    messages = []
    broken = set()
    changed = True
    while changed:
        changed = False
        for number, (source, target) in enumerate(links):
            out, into = outputs[source[0]][source[1]], inputs[target[0]][target[1]]
            if number in broken or out is into:
                continue
            if into is Mode.AGNOSTIC:
                inputs[target[0]][target[1]] = out
                changed = True
            elif out is Mode.AGNOSTIC:
                outputs[source[0]][source[1]] = into
                changed = True
            else:
                broken.add(number)
                one, other = describe(graph.elements[source[0]]), describe(graph.elements[target[0]])
                if number < len(graph.connections):
                    messages.append(f"'{one}' {out} output {source[1]} connected to '{other}' {into} input {target[1]}")
                else:
                    messages.append(
                        f"agnostic '{one}' in mixed context: {into} input {target[1]}, {out} output {source[1]}"
                    )
    push = {Mode.AGNOSTIC: Mode.PUSH, Mode.PUSH: Mode.PUSH, Mode.PULL: Mode.PULL}
    messages.append(str([[push[m] for m in row] for row in inputs + outputs]))
    return messages


def random_graph(seed: int) -> RouterGraph:
    chance = random.Random(seed)
    names = ["Null"] * 4 + [
        "Check",
        "Lanes",
        "Queue",
        "Unqueue",
        "Switch",
        "Idle",
        "Source",
        "Discard",
        "Sched",
    ]
    span = LineMap(Source("F", "x")).span(0, 1)
    elements = [CLASSES[chance.choice(names)](f"e{i}", i, "", span) for i in range(chance.randint(2, 14))]
    connections = dict.fromkeys(
        Connection(
            (chance.randrange(len(elements)), chance.choice([0, 0, 1])),
            (chance.randrange(len(elements)), chance.choice([0, 0, 0, 1])),
        )
        for _ in range(chance.randint(1, 30))
    )
    assign_ports(elements, connections)
    return RouterGraph(elements, split_by_range(elements, connections)[0])


@pytest.mark.parametrize("seeds", [range(start, start + 250) for start in range(0, 1000, 250)], ids=str)
def test_conflicts_and_modes_are_those_of_repeated_sweeps(seeds: range) -> None:
    for seed in seeds:
        graph = random_graph(seed)
        expected = sweep(graph)
        found = [conflict.message for conflict in resolve(graph)]
        assert [*found, str(graph.input_modes + graph.output_modes)] == expected, f"seed {seed}"
