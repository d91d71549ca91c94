"""Arguments that name other things: elements, handlers, ports, annotations."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmclick.lang.addressinfo import AddressTable
from nmclick.lang.arguments import (
    AnnotationRef,
    Argument,
    ArgumentError,
    Call,
    ElementRef,
    Environment,
    HandlerCall,
    PortNumber,
)
from nmclick.lang.devices import NoDevices


def refusal(kind: Argument, text: str, environment: Environment | None = None) -> str:
    with pytest.raises(ArgumentError) as caught:
        kind.parse(text, environment)
    return caught.value.message


class Countable:
    pass


@dataclass
class Counter(Countable):
    name: str
    aliases: tuple[str, ...] = ("AverageCounter",)


def router(element_name: str = "a/b/self") -> Environment:
    names = ("c", "a/c", "a/b/d", "a.dot")
    handlers = {("a/b/self", "rate"), ("a/b/self", "x.y"), ("", "stop"), ("", "global.dotted")}
    return Environment(
        element_name,
        AddressTable(NoDevices()),
        {name: Counter(name) for name in names},
        lambda element, handler: (element, handler) in handlers,
    )


def test_elements_are_searched_in_the_enclosing_compounds_outwards() -> None:
    assert ElementRef().parse("c", router()) == Counter("a/c")
    assert ElementRef().parse("d", router()) == Counter("a/b/d")
    assert ElementRef().parse("c", router("self")) == Counter("c")
    assert ElementRef().parse("a/c", router()) == Counter("a/c")
    assert ElementRef().unparse(Counter("a/c")) == "a/c"
    assert refusal(ElementRef(), "d", router("self")) == "does not name an element"
    assert refusal(ElementRef(), "c") == "does not name an element"


def test_an_element_must_be_of_the_wanted_class() -> None:
    for name in ("Counter", "Countable", "AverageCounter"):
        assert ElementRef(name).parse("c", router()) == Counter("a/c")
    assert refusal(ElementRef("Queue"), "c", router()) == "element type mismatch, expected Queue"
    assert ElementRef("Queue").expects == "the name of a Queue element"


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("c.reset", Call("a/c", "reset")),
        ("c.rate  10 20", Call("a/c", "rate", "10 20")),
        ('"c.reset"', Call("a/c", "reset")),
        ("stop", Call("", "stop")),
        (".stop now", Call("", "stop", "now")),
        ("rate", Call("a/b/self", "rate")),
        ("x.y", Call("a/b/self", "x.y")),
        ("global.dotted 1", Call("", "global.dotted", "1")),
        ('c.text "a b"', Call("a/c", "text", '"a b"')),
        ("unknown", Call("", "unknown")),
    ],
)
def test_handler_calls(text: str, call: Call) -> None:
    assert HandlerCall().parse(text, router()) == call


def test_handler_calls_print_as_they_are_called() -> None:
    assert str(Call("a/c", "rate", "10")) == "a/c.rate 10"
    assert (Call("", "stop").name, str(Call("", "stop"))) == ("stop", "stop")
    assert HandlerCall(unquoted=True).parse('c.text "a b"', router()).value == "a b"


def test_bad_handler_calls() -> None:
    assert refusal(HandlerCall(), "nosuch.reset", router()) == "no element named 'nosuch'"
    for text in ("", "c.", ".", "''"):
        assert refusal(HandlerCall(), text, router()) == "syntax error"


def test_ports_are_numbers_or_names() -> None:
    assert [PortNumber().parse(text) for text in ("80", "0x50", "www", "domain")] == [80, 80, 80, 53]
    assert PortNumber().c_type == "uint16_t"
    assert refusal(PortNumber(), "65536") == "overflow, range 0-65535"
    for text in ("", "-1", "no-such-service", "4294967296"):
        assert refusal(PortNumber(), text) == "parse error"


def test_port_names_belong_to_protocols() -> None:
    environment = router()
    environment.addresses.names.define("udp port", "info", "control", 7000)
    assert PortNumber("udp").parse("control", environment) == 7000
    assert refusal(PortNumber("tcp"), "control", environment) == "parse error"
    assert PortNumber("udp").expects == "a UDP port, a number or a name such as domain"


def test_annotations_have_names_and_offsets() -> None:
    assert [AnnotationRef(1).parse(text) for text in ("PAINT", "16", "0x10", "16/1", "47", "FIX_IP_SRC")] == [
        16,
        16,
        16,
        16,
        47,
        19,
    ]
    assert [AnnotationRef(4).parse(text) for text in ("DST_IP", "AGGREGATE", "44", "20/4")] == [0, 20, 44, 20]
    assert AnnotationRef().parse("FIRST_TIMESTAMP") == 32
    assert AnnotationRef(1).c_type == "uint8_t"


def test_annotations_must_fit() -> None:
    for size, text in (
        (1, "48"),
        (4, "45"),
        (1, "-1"),
        (1, "DST_IP"),
        (2, "20/4"),
        (1, "NOSUCH"),
        (1, ""),
        (0, "48"),
        (1, "16/"),
        (1, "16/0"),
        (0, "47/2"),
        (1, "/1"),
    ):
        assert refusal(AnnotationRef(size), text) == "parse error"


def test_an_annotation_of_the_wrong_size_is_explained() -> None:
    with pytest.raises(ArgumentError) as caught:
        AnnotationRef(1).parse("DST_IP")
    assert caught.value.hint == (
        "DST_IP is 4 bytes long; expected an annotation of 1 byte, a name such as PAINT or an offset up to 47"
    )


def test_annotation_names_can_be_defined() -> None:
    environment = router()
    environment.addresses.names.define("annotation", "a/info", "MINE", (40, 2))
    assert AnnotationRef(2).parse("MINE", environment) == 40
    assert refusal(AnnotationRef(4), "MINE", environment) == "parse error"
    assert refusal(AnnotationRef(2), "MINE", environment.at("elsewhere")) == "parse error"


@given(st.text(alphabet="0123456789abcPAINT./-'\"\\ ", max_size=20))
def test_no_text_makes_reading_a_reference_fail(text: str) -> None:
    for kind in (AnnotationRef(4), HandlerCall(), ElementRef(), PortNumber()):
        try:
            kind.parse(text, router())
        except ArgumentError:
            continue
