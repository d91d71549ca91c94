"""Callbacks come in order and once."""

from nmclick.run.calls import Schedule


def test_callbacks_are_due_by_time_then_by_order() -> None:
    schedule = Schedule()
    made: list[str] = []
    for when, name in ((20, "c"), (10, "a"), (10, "b"), (30, "d")):
        schedule.add(when, lambda name=name: made.append(name))  # type: ignore[misc]
    assert schedule.next_time() == 10
    for callback in schedule.due(25):
        callback()
    assert made == ["a", "b", "c"]
    assert schedule.next_time() == 30
    assert list(schedule.due(29)) == []


def test_a_cancelled_callback_is_not_waited_for() -> None:
    schedule = Schedule()
    first = schedule.add(10, lambda: None)
    second = schedule.add(20, lambda: None)
    first.cancelled = True
    assert schedule.next_time() == 20
    second.cancelled = True
    assert schedule.next_time() is None
    assert list(schedule.due(100)) == []


def test_what_a_callback_adds_waits_for_the_next_time() -> None:
    schedule = Schedule()
    runs: list[int] = []

    def again() -> None:
        runs.append(len(runs))
        schedule.add(0, again)

    schedule.add(0, again)
    for callback in schedule.due(1):
        callback()
    assert runs == [0]
    for callback in schedule.due(1):
        callback()
    assert runs == [0, 1]
