"""What scripts are made of, and what is said about those that are wrong."""

from __future__ import annotations

import pytest

from nmclick.script import parse_program
from nmclick.script.program import Op
from tests.script.bench import Bench, make


def operations(*lines: str, is_driver: bool = False) -> list[str]:
    program, errors = parse_program(lines, is_driver=is_driver)
    assert errors == []
    return [instruction.op.name for instruction in program.instructions]


def test_a_program_begins_with_something_that_blocks_and_ends_somewhere() -> None:
    assert operations() == ["START", "END"]
    assert operations(is_driver=True) == ["PAUSE", "STOP"]
    assert operations("pause", "", "set x 1") == ["PAUSE", "SET", "END"]
    assert operations("wait 1", is_driver=True) == ["WAIT", "STOP"]
    assert operations("print x") == ["START", "PRINT", "END"]


def test_wait_without_a_time_is_a_pause() -> None:
    assert operations("wait", "wait 3", "wait_time", "wait_step 2", "wait_stop") == [
        *("PAUSE", "WAIT", "WAIT", "PAUSE", "PAUSE", "END")
    ]


def test_every_mistake_is_told() -> None:
    lines = (
        "foo",
        "set x",
        "label",
        "label a b",
        "end 3",
        "stop 1",
        "loop 2",
        "pause x",
        "wait_step -1",
        "init",
        "export",
    )
    _, errors = parse_program([*lines, "goto nowhere", "goto print"])
    wrong = [line.split()[0] for line in lines]
    assert errors == [
        *(f"syntax error at '{word}'" for word in wrong),
        "no such label 'nowhere'",
        "no such label 'print'",
    ]


def test_endings_are_labels_unless_a_label_has_their_name() -> None:
    program, errors = parse_program(["goto end", "goto error", "goto begin", "goto loop", "goto stop", "label stop"])
    assert errors == []
    assert [i.target for i in program.instructions if i.op is Op.GOTO] == [Op.END, Op.ERROR, 0, 0, 6]


@pytest.mark.parametrize(
    ("config", "ports", "message"),
    [
        ("TYPE FOO", (0, 0), "bad TYPE"),
        ("TYPE ACTIVE x", (0, 0), "bad TYPE"),
        ("TYPE SIGNAL", (0, 0), "bad signal number"),
        ("TYPE SIGNAL FOO", (0, 0), "bad signal number"),
        ("TYPE SIGNAL INT 32", (0, 0), "bad signal number"),
        ("TYPE PACKET", (0, 0), "PACKET script must have inputs"),
        ("stop", (0, 1), "PACKET script must have inputs"),
        ("TYPE PASSIVE", (1, 1), "ports allowed only on PACKET scripts"),
    ],
)
def test_types_that_do_not_suit(config: str, ports: tuple[int, int], message: str) -> None:
    assert make("s", config, inputs=ports[0], outputs=ports[1])[1] == [message]


def test_there_is_one_driver_script() -> None:
    router = Bench()
    assert make("a", "TYPE DRIVER, stop", router)[1] == []
    assert make("b", "TYPE DRIVER, stop", router)[1] == ["router has more than one driver script"]
