"""Which elements packets can get to, as `check -v` tells."""

from __future__ import annotations

from graph_stubs import Built, load

from nmclick.graph.reach import analyse, report, sources


def warnings(text: str) -> str:
    built = load(text)
    graph = built.sound
    report(graph, analyse(graph), built.diagnostics)
    return Built(graph, built.diagnostics).messages


def test_a_graph_that_packets_get_everywhere_in_has_no_findings() -> None:
    assert warnings("s :: Source\nn :: Null\nd :: Discard\ni :: Info\ns -> n -> d") == ""


def test_elements_behind_an_idle_are_not_reached() -> None:
    text = "s :: Source\ni :: Idle\nn :: Null\nd :: Discard\ns -> d\ni -> n -> d"
    assert warnings(text) == "F:3: warning: no packet can reach 'n :: Null'\n"


def test_a_part_without_a_source_is_told_once() -> None:
    text = "s :: Source\nd :: Discard\ns -> d\na :: Null\nb :: Null\nx :: Idle\na -> b -> x -> a"
    assert warnings(text) == (
        "F:4: warning: no packet source is connected to 'a', 'b' and 'x'\n"
        "F:4: packets can circulate among 'a', 'b' and 'x'\n"
    )


def test_long_parts_are_named_by_their_first_elements() -> None:
    lines = [f"n{i} :: Null" for i in range(6)] + ["i :: Idle", "d :: Discard"]
    text = "\n".join([*lines, "i -> " + " -> ".join(f"n{i}" for i in range(6)) + " -> d"])
    assert warnings(text) == "F:1: warning: no packet source is connected to 'n0', 'n1', 'n2' and 5 more elements\n"


def test_flow_codes_stop_packets() -> None:
    text = "s :: Source\ni :: Idle\nq :: Querier\nd :: Discard\ns -> [1] q\ni -> q -> d"
    assert warnings(text) == "F:4: warning: no packet can reach 'd :: Discard'\n"


def test_a_switch_that_never_turns_leaves_its_other_outputs_dry() -> None:
    text = "s :: Source\nw :: StaticSwitch(1)\na :: Discard\nb :: Discard\ns -> w -> a\nw [1] -> b"
    assert warnings(text) == "F:3: warning: no packet can reach 'a :: Discard'\n"
    assert warnings(text.replace("StaticSwitch", "Switch")) == ""


def test_packets_start_at_sources_and_at_devices() -> None:
    graph = load("g :: Generator\nt :: Tunnel\nu :: Null\nd :: Discard\ng -> t -> u -> d").sound
    assert [graph.elements[i].name for i in sources(graph)] == ["g", "t"]
    assert analyse(graph).unreachable == ()


def test_packets_pulled_out_of_a_queue_reach_what_pulls() -> None:
    assert warnings("s :: Source\nq :: Queue\nk :: Sink\ns -> q -> k") == ""


def test_push_cycles_are_noted() -> None:
    text = "s :: Source\nt :: Lookup\nn :: Null\nd :: Discard\ns -> t -> n -> t\nt [1] -> d"
    assert warnings(text) == "F:2: packets can circulate among 't' and 'n'\n"
