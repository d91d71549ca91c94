"""The argument schema: which argument goes where, and what is said about those that do not fit."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmclick.lang.addressinfo import AddressTable
from nmclick.lang.arguments import (
    Arguments,
    Bandwidth,
    Bool,
    Data,
    Double,
    Environment,
    EtherAddress,
    IPAddress,
    IPPrefix,
    Keyword,
    Optional,
    Positional,
    Problem,
    Rest,
    Signed,
    String,
    Text,
    TimeSpan,
    Unsigned,
)
from nmclick.lang.configstring import split_arguments
from nmclick.lang.devices import NoDevices

SCHEMA = Arguments(
    Positional("LENGTH", Unsigned(32)),
    Optional("COUNT", Unsigned(8), default=1),
    Keyword("ACTIVE", Bool(), default=True),
)
PATTERNS = Arguments(Keyword("VERBOSE", Bool(), default=False), Rest("PATTERNS", Text()))


def values(schema: Arguments, config: str) -> dict[str, object]:
    namespace, problems = schema.parse(config)
    assert problems == []
    return {parameter.name: getattr(namespace, parameter.name) for parameter in schema}


def problems(schema: Arguments, config: str) -> list[Problem]:
    return schema.parse(config)[1]


def messages(schema: Arguments, config: str) -> list[str]:
    return [problem.message for problem in problems(schema, config)]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("3", (3, 1, True)),
        ("3, 4", (3, 4, True)),
        ("3, ACTIVE false", (3, 1, False)),
        ("ACTIVE 0, LENGTH 0x10", (16, 1, False)),
        ("LENGTH 3, COUNT 5", (3, 5, True)),
        ("COUNT 5, LENGTH 3", (3, 5, True)),
        ("LENGTH 1, LENGTH 2", (2, 1, True)),
        ("3, 4,", (3, 4, True)),
        ("3 /* bytes */, // and\n 4", (3, 4, True)),
        ("LENGTH\t \n 3", (3, 1, True)),
        # A keyword beats a position, which is used up all the same.
        ("3, LENGTH 5", (5, 1, True)),
    ],
)
def test_arguments_are_found_by_keyword_or_position(config: str, expected: tuple[int, int, bool]) -> None:
    assert values(SCHEMA, config) == dict(zip(("LENGTH", "COUNT", "ACTIVE"), expected, strict=True))


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("", ["LENGTH: required argument missing"]),
        ("x", ["LENGTH: invalid number"]),
        ("-1", ["LENGTH: invalid number"]),
        ("4294967296", ["LENGTH: out of range, bound 4294967295"]),
        ("1, 256", ["COUNT: out of range, bound 255"]),
        ("1, 2, 3", ["too many arguments"]),
        ("1, 2, 3, 4", ["too many arguments"]),
        ("1, FOO 2", ["FOO: unknown argument"]),
        ("1, FOO 2, BAR 3", ["FOO: unknown argument", "BAR: unknown argument"]),
        ("1, ACTIVE maybe", ["ACTIVE: parse error"]),
        ("1, true, ACTIVE 2", ["COUNT: invalid number", "ACTIVE: parse error"]),
        # A mandatory argument takes even what looks like a keyword; an optional one does not.
        ("foo bar", ["LENGTH: invalid number"]),
        ("ACTIVE false, 1", ["LENGTH: invalid number"]),
        ("1, foo bar", ["foo: unknown argument"]),
        # A keyword without a value is no keyword.
        ("1, 2, ACTIVE", ["too many arguments"]),
        # After an argument that was claimed by keyword, positions are over.
        ("LENGTH 1, 2", ["too many arguments"]),
        ("1, , 3", ["COUNT: invalid number", "too many arguments"]),
        ("1, FOO 2, 3", ["FOO: unknown argument", "too many arguments"]),
    ],
)
def test_problems_have_clicks_words_and_order(config: str, expected: list[str]) -> None:
    assert messages(SCHEMA, config) == expected


def test_a_problem_says_which_argument_and_what_would_be_right() -> None:
    assert problems(SCHEMA, "1x, activ false, 4, COUNT 999, ACTIVE 2") == [
        Problem("LENGTH: invalid number", 0, "expected an unsigned 32-bit integer"),
        Problem("COUNT: out of range, bound 255", 3, "expected an unsigned 8-bit integer"),
        Problem("ACTIVE: parse error", 4, "expected true or false"),
        Problem("activ: unknown argument", 1, "did you mean `ACTIVE`?"),
        Problem("too many arguments", 2, "expected LENGTH, [COUNT], [ACTIVE active]"),
    ]
    assert problems(SCHEMA, "1, zzz 5")[0].hint is None
    assert problems(SCHEMA, "1, lengthy 5")[0].hint == "did you mean `LENGTH`?"
    assert problems(SCHEMA, "1, count 5")[0].hint == "did you mean `COUNT`?"
    assert problems(Arguments(), "1") == [Problem("too many arguments", 0, "expected none")]


def test_values_with_problems_keep_their_defaults() -> None:
    namespace, found = SCHEMA.parse("x, y, ACTIVE z")
    assert (namespace.LENGTH, namespace.COUNT, namespace.ACTIVE) == (None, 1, True)
    assert len(found) == 3


def test_given_names_what_the_configuration_sets() -> None:
    assert SCHEMA.parse("1")[0].given == {"LENGTH"}
    assert SCHEMA.parse("1, ACTIVE 1")[0].given == {"LENGTH", "ACTIVE"}
    assert PATTERNS.parse("a")[0].given == {"PATTERNS"}
    assert PATTERNS.parse("")[0].given == frozenset()


def test_mandatory_keywords_must_be_there() -> None:
    schema = Arguments(Keyword("PORT", Unsigned(16), required=True))
    assert messages(schema, "") == ["PORT: required argument missing"]
    assert messages(schema, "5") == ["PORT: required argument missing", "too many arguments"]
    assert values(schema, "PORT 5") == {"PORT": 5}


def test_the_rest_takes_all_other_arguments_as_they_stand() -> None:
    assert values(PATTERNS, 'tcp port 80, VERBOSE true, 12/0800, "a, b", , -') == {
        "VERBOSE": True,
        "PATTERNS": ["tcp port 80", "12/0800", '"a, b"', "", "-"],
    }
    assert values(PATTERNS, "") == {"VERBOSE": False, "PATTERNS": []}


def test_the_rest_is_taken_last_wherever_it_is_declared() -> None:
    schema = Arguments(Rest("OLD", Text()), Keyword("OFFSET", Unsigned(32), default=0))
    assert values(schema, "a, OFFSET 4, b") == {"OLD": ["a", "b"], "OFFSET": 4}


def test_the_rest_is_read_with_its_type_and_reports_each() -> None:
    schema = Arguments(Positional("FIRST", Unsigned(8)), Rest("COLORS", Unsigned(8)))
    assert values(schema, "1, 2, 3") == {"FIRST": 1, "COLORS": [2, 3]}
    namespace, found = schema.parse("1, 2, x, 4, 256")
    assert namespace.COLORS == [2, 4]
    assert [(problem.message, problem.index) for problem in found] == [
        ("COLORS: invalid number", 2),
        ("COLORS: out of range, bound 255", 4),
    ]


def test_quoting_and_keywords_with_punctuation() -> None:
    schema = Arguments(Optional("DATA", Data()), Keyword("a.b:c?!", String()))
    assert values(schema, '"q"\\<00 ff>, a.b:c?! "x, y"') == {"a.b:c?!": "x, y", "DATA": b"q\x00\xff"}


def test_c_values_cover_every_argument_with_a_c_form() -> None:
    schema = Arguments(
        Positional("SRC", IPAddress()),
        Positional("NET", IPPrefix()),
        Optional("ETHER", EtherAddress()),
        Optional("OFFSET", Signed(16)),
        Keyword("ACTIVE", Bool(), default=True),
        Keyword("RATE", Bandwidth(32)),
        Keyword("DELAY", TimeSpan(), default=5),
        Keyword("NAME", String()),
        Keyword("P", Double()),
        Rest("MORE", Unsigned(32)),
    )
    fields = {
        "src": "uint32_t",
        "net": "uint32_t",
        "net_mask": "uint32_t",
        "ether": "uint8_t[6]",
        "offset": "int16_t",
        "active": "bool",
        "rate": "uint32_t",
        "delay": "uint64_t",
    }
    assert schema.c_fields() == fields
    namespace, found = schema.parse("10.0.0.1, 10.1.0.0/16, 1:2:3:4:5:6, -3, RATE 8Mbps, NAME x, P 0.5, ACTIVE 0")
    assert found == []
    assert schema.c_values(namespace) == {
        "src": int.from_bytes(bytes([10, 0, 0, 1]), sys.byteorder),
        "net": int.from_bytes(bytes([10, 1, 0, 0]), sys.byteorder),
        "net_mask": int.from_bytes(bytes([255, 255, 0, 0]), sys.byteorder),
        "ether": bytes([1, 2, 3, 4, 5, 6]),
        "offset": -3,
        "active": False,
        "rate": 1_000_000,
        "delay": 5,
    }
    missing = schema.c_values(schema.parse("")[0])
    assert missing.keys() == fields.keys()
    assert missing == dict.fromkeys(fields, 0) | {"ether": bytes(6), "active": True, "delay": 5}


def test_the_environment_reaches_the_types() -> None:
    table = AddressTable(NoDevices())
    table.define("ip", "x/addresses", "gw", bytes([10, 0, 0, 1]))
    schema = Arguments(Positional("DST", IPAddress()))
    assert schema.parse("gw", Environment("x/y", table))[0].DST == bytes([10, 0, 0, 1])
    assert schema.parse("gw", Environment("y", table))[1] == [
        Problem("DST: parse error", 0, "expected an IPv4 address such as 10.0.0.1")
    ]


def test_usage_reads_like_a_manual_page() -> None:
    assert SCHEMA.usage == "LENGTH, [COUNT], [ACTIVE active]"
    assert PATTERNS.usage == "[VERBOSE verbose], [PATTERNS...]"
    assert [parameter.name for parameter in SCHEMA] == ["LENGTH", "COUNT", "ACTIVE"]
    assert "COUNT" in SCHEMA
    assert SCHEMA["COUNT"].default == 1
    assert len(SCHEMA) == 3


def test_mistakes_in_a_declaration_show_at_once() -> None:
    with pytest.raises(ValueError, match=r"^an argument is declared twice$"):
        Arguments(Positional("A", Text()), Keyword("A", Text()))
    with pytest.raises(ValueError, match=r"^there is only one Rest$"):
        Arguments(Rest("A", Text()), Rest("B", Text()))
    with pytest.raises(ValueError, match=r"^'A B' is not a keyword$"):
        Keyword("A B", Text())


@given(
    st.lists(
        st.sampled_from(
            [
                "1",
                "2",
                "-",
                "",
                "LENGTH 1",
                "COUNT 2",
                "COUNT x",
                "ACTIVE 1",
                "FOO 1",
                "foo",
                "ACTIVE",
                '"a b"',
            ]
        ),
        max_size=6,
    )
)
def test_every_argument_is_used_or_reported(arguments: list[str]) -> None:
    config = ", ".join(arguments)
    namespace, found = SCHEMA.parse(config)
    count = len(split_arguments(config))
    assert all(problem.index is None or 0 <= problem.index < count for problem in found)
    named = [name for name in ("LENGTH", "COUNT", "ACTIVE") if name in namespace.given]
    if not found:
        # Only repeated keywords, and positions that a keyword overrides, leave arguments without an effect.
        assert len(named) <= count
        assert {argument.split()[0] for argument in split_arguments(config) if re.match(r"\w+ ", argument)} <= set(
            named
        )
    else:
        assert not any("FOO" in argument for argument in arguments) or any(
            problem.message in ("FOO: unknown argument", "LENGTH: invalid number") for problem in found
        )


@given(st.text(alphabet="LENGTHCOU AIV123,'\"\\<>/*.\n-xé", max_size=60))
def test_no_configuration_string_makes_reading_fail(config: str) -> None:
    for schema in (SCHEMA, PATTERNS):
        _, found = schema.parse(config)
        assert all(problem.message for problem in found)
