"""How graphs become regions, batches, tasks and pull paths."""

from __future__ import annotations

from build import graph_of

from nmclick.compile import plan as planning
from nmclick.compile.plan import Dropped, Plan, Task, make_plan


def plan_of(text: str) -> Plan:
    return make_plan(graph_of(text))


def names(plan: Plan, region: int) -> list[str]:
    return [plan.elements[index].name for index, _ in plan.regions[region]]


def test_a_chain_from_source_to_sink_is_one_region_entered_once() -> None:
    plan = plan_of("InfiniteSource -> a :: Counter -> b :: Strip(1) -> c :: Discard")
    assert [names(plan, 0)] == [["a", "b", "c"]]
    assert len(plan.regions) == 1
    assert plan.entries == [(1, 0)]
    assert plan.tasks == [Task(0)]


def test_branches_that_merge_again_stay_in_one_region() -> None:
    plan = plan_of(
        "InfiniteSource -> c :: Classifier(0/00, -); m :: Counter -> d :: Discard;"
        "c[0] -> Paint(1) -> m; c[1] -> Paint(2) -> m;"
    )
    assert len(plan.regions) == 1
    assert plan.cut == set()
    assert len(plan.entries) == 1


def test_two_sources_that_meet_share_a_region_with_two_entries() -> None:
    plan = plan_of("a :: InfiniteSource -> m :: Counter -> Discard; b :: InfiniteSource -> Strip(1) -> m")
    assert len(plan.regions) == 1
    assert [plan.elements[index].name for index, _ in plan.entries] == ["Strip@5", "m"]


def test_a_push_cycle_is_cut_where_it_closes() -> None:
    plan = plan_of(
        "InfiniteSource -> m :: Counter -> c :: CheckLength(9); c[0] -> Discard; c[1] -> back :: Strip(1) -> m"
    )
    [(element, port)] = plan.cut
    assert (plan.elements[element].name, port) == ("back", 0)
    assert plan.target((element, port)) == (1, 0)
    assert (1, 0) in plan.entries


def test_a_queue_ends_a_region_and_unqueue_starts_the_next() -> None:
    plan = plan_of("InfiniteSource -> q :: Queue -> n :: Counter -> u :: Unqueue -> d :: Discard")
    assert [names(plan, 0), names(plan, 1)] == [["d"], ["q"]] or [names(plan, 0), names(plan, 1)] == [["q"], ["d"]]
    [path] = plan.pulls.values()
    assert path.base == (1, 0)
    assert path.chain == ((2, 0, 0),)
    assert [plan.elements[t.element].name for t in plan.tasks] == ["InfiniteSource@1", "u"]


def test_a_sink_on_a_pull_path_gets_a_task_of_its_own() -> None:
    plan = plan_of("InfiniteSource -> Queue -> c :: Counter -> p :: Paint(1) -> d :: Discard")
    assert [plan.elements[t.element].name for t in plan.tasks] == ["InfiniteSource@1", "d"]


def test_elements_that_only_pass_packets_on_are_left_out() -> None:
    plan = plan_of(
        "InfiniteSource -> Null -> s :: StaticSwitch(1); s[0] -> a :: Counter -> Discard; s[1] -> b :: Discard"
    )
    assert [names(plan, 0)] == [["b"]]


def test_an_output_that_leads_nowhere_drops() -> None:
    plan = plan_of("InfiniteSource -> c :: Counter -> StaticSwitch(-1) -> Discard")
    assert plan.target((1, 0)) == Dropped(2)


def test_a_region_that_is_too_large_is_split_and_nothing_is_lost(monkeypatch: object) -> None:
    chain = " -> ".join(["InfiniteSource", *["Counter"] * 50, "Discard"])
    whole = plan_of(chain)
    before = planning.REGION_NODES
    planning.REGION_NODES = 20
    try:
        parts = plan_of(chain)
    finally:
        planning.REGION_NODES = before
    assert len(whole.regions) == 1
    assert [len(region) for region in parts.regions] == [20, 20, 11]
    assert len(parts.entries) == 3
    assert sorted(node for region in parts.regions for node in region) == sorted(whole.regions[0])


def test_flush_follows_the_paths_that_reach_the_ring() -> None:
    plan = plan_of(
        "a :: FromNetmap(null:) -> t :: ToNetmap(null:); b :: FromNetmap(null:) -> Discard;"
        "c :: FromNetmap(null:) -> u :: ToNetmap(null:)"
    )
    reached = {plan.elements[t.element].name: plan.flushed_after([plan.targets[(t.element, 0)]]) for t in plan.tasks}  # type: ignore[list-item]
    assert {k: [plan.elements[i].name for i in v] for k, v in reached.items()} == {"a": ["t"], "b": [], "c": ["u"]}
