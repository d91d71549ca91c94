"""Handlers: what a class declares becomes what can be read and written."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, ClassVar

import pytest

from nmclick.element import (
    Element,
    EtherAddress,
    Field,
    HandlerError,
    OwnHandler,
    Signed,
    Unsigned,
    read_handler,
    write_handler,
)
from nmclick.lang.arguments import Environment
from nmclick.lang.source import Source, Span
from nmclick.run.handlers import HandlerTable, add_declared, declared_names, has_handler

NOWHERE = Span(Source("test", ""), 0, 0, "test", 1)


class Fields:
    """A Live of plain bytes."""

    def __init__(self) -> None:
        self.values = {"count": (5).to_bytes(8, "little"), "level": (2**32 - 3).to_bytes(4, "little")}
        self.values["address"] = bytes(range(6))

    def read(self, field: str) -> int:
        return int.from_bytes(self.values[field], "little")

    def write(self, field: str, value: int) -> None:
        size = len(self.values[field])
        self.values[field] = (value % 256**size).to_bytes(size, "little")

    def read_bytes(self, field: str) -> bytes:
        return self.values[field]

    def write_bytes(self, field: str, value: bytes) -> None:
        self.values[field] = value


class Base(Element):
    handlers: ClassVar = {"count": Field("count")}

    @read_handler("twice")
    def twice(self) -> str:
        return str(2 * self.live.read("count"))


class Thing(Base):
    handlers: ClassVar = {
        **Base.handlers,
        "level": Field("level", Signed(32), write=True),
        "address": Field("address", EtherAddress(), write=True),
        "small": Field("count", Unsigned(8, max=9), write=True),
    }

    def twice(self) -> str:
        return "again " + super().twice()

    @read_handler("echo", parameters=True, raw=True)
    def echo(self, text: str) -> str:
        return f"<{text}>"

    @write_handler("level", "set_level")
    def set_level(self, text: str) -> None:
        if not text:
            raise HandlerError("nothing to set")
        self.live.write("level", int(text) + 100)

    def own_handlers(self) -> Sequence[OwnHandler]:
        return [
            OwnHandler("mine", read=lambda text: "own", write=len),
            OwnHandler("hidden", read=lambda text: "secret", private=True),
        ]


@pytest.fixture
def thing() -> Thing:
    element = Thing("a/t", 0, "", NOWHERE)
    element._live = Fields()  # type: ignore[assignment]
    element.args = object()
    return element


@pytest.fixture
def table(thing: Thing) -> HandlerTable:
    table = HandlerTable(thing, nullcontext)
    table.add("name", read=lambda: thing.name, calm=True)
    add_declared(table, thing, Environment())
    return table


def read(table: HandlerTable, name: str, parameters: str = "") -> str:
    handler = table.get(name)
    assert handler is not None
    return handler.read(parameters)


def write(table: HandlerTable, name: str, value: str) -> int:
    handler = table.get(name)
    assert handler is not None
    return handler.write(value)


def test_fields_are_shown_by_their_type(table: HandlerTable) -> None:
    assert read(table, "count") == "5"
    assert read(table, "level") == "-3"
    assert read(table, "address") == "00-01-02-03-04-05"


def test_fields_are_set_by_their_type(table: HandlerTable) -> None:
    write(table, "address", "1:2:3:4:5:6 // a comment")
    assert read(table, "address") == "01-02-03-04-05-06"
    write(table, "small", " 7 ")
    assert read(table, "count") == "7"
    with pytest.raises(HandlerError, match=r"^out of range, bound 9$"):
        write(table, "small", "10")
    with pytest.raises(HandlerError, match=r"^invalid number$"):
        write(table, "small", "x")


def test_a_method_stands_in_for_half_of_a_field(table: HandlerTable) -> None:
    write(table, "level", "7")
    assert read(table, "level") == "107"
    write(table, "set_level", "8")
    assert read(table, "level") == "108"


def test_a_subclass_may_redefine_a_handler_method(table: HandlerTable) -> None:
    assert read(table, "twice") == "again 10"


def test_parameters_reach_only_handlers_that_take_them(table: HandlerTable) -> None:
    assert read(table, "echo", "a b") == "<a b>"
    with pytest.raises(HandlerError, match=r"^read handler 'a/t\.count' does not take parameters$"):
        read(table, "count", "x")


def test_handlers_work_one_way_only(table: HandlerTable) -> None:
    with pytest.raises(HandlerError, match=r"^'a/t\.set_level' not a read handler$"):
        read(table, "set_level")
    with pytest.raises(HandlerError, match=r"^'a/t\.count' not a write handler$"):
        write(table, "count", "1")
    with pytest.raises(HandlerError, match=r"^nothing to set$"):
        write(table, "level", "")


def test_an_element_has_handlers_of_its_own_with_a_status(table: HandlerTable) -> None:
    assert read(table, "mine") == "own"
    assert write(table, "mine", "abc") == 3
    assert write(table, "level", "1") == 0


def test_the_list_is_in_reverse_order_without_private_ones(table: HandlerTable) -> None:
    assert table.text() == (
        "mine\trw\nset_level\tw\necho\tr+%\ntwice\tr\nsmall\trw\naddress\trw\nlevel\trw\ncount\tr\nname\tr.\n"
    )


def test_what_a_class_declares_is_known_without_an_instance() -> None:
    names = declared_names(Thing)
    assert names == {
        "count": "r", "level": "rw", "address": "rw", "small": "rw", "twice": "r", "echo": "r", "set_level": "w"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "there"), [("count", True), ("config", True), ("mine", True), ("set_level", True), ("stop", False)]
)
def test_handlers_can_be_looked_for_before_the_run(thing: Thing, name: str, there: bool) -> None:
    assert has_handler(thing, name) is there


def test_the_routers_handlers_can_be_looked_for() -> None:
    assert has_handler(None, "stop")
    assert not has_handler(None, "count")


def test_reading_an_element_that_does_not_run_is_refused() -> None:
    element = Thing("t", 0, "", NOWHERE)
    table = HandlerTable(element, nullcontext)
    add_declared(table, element, Environment())
    with pytest.raises(HandlerError, match=r"^the router is not running$"):
        read(table, "count")


def test_the_workers_are_held_while_a_handler_runs(thing: Thing) -> None:
    held: list[str] = []

    class Hold:
        def __enter__(self) -> None:
            held.append("in")

        def __exit__(self, *_: Any) -> None:
            held.append("out")

    table = HandlerTable(thing, Hold)  # type: ignore[arg-type]
    table.add("x", read=lambda: str(held), write=lambda text: None)
    assert read(table, "x") == "['in']"
    write(table, "x", "")
    assert held == ["in", "out", "in", "out"]
