"""Integers, truth values, floating and fixed point numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmclick.lang.arguments import (
    Argument,
    ArgumentError,
    Bool,
    Double,
    FixedPoint,
    Signed,
    Unsigned,
)


def refusal(kind: Argument, text: str) -> str:
    with pytest.raises(ArgumentError) as caught:
        kind.parse(text)
    return caught.value.message


# Integers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("+5", 5),
        ("42", 42),
        ("0x2A", 42),
        ("0X2a", 42),
        ("0b101010", 42),
        ("052", 42),
        ("00", 0),
        ("1_000_000", 1000000),
        ("0xFFFF_FFFE", 4294967294),
        ("4294967295", 4294967295),
        ("+0x10", 16),
    ],
)
def test_unsigned_integers(text: str, value: int) -> None:
    assert Unsigned(32).parse(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "+",
        "-0",
        "-1",
        "0x",
        "0b",
        "0b2",
        "08",
        "1_",
        "_1",
        "1__0",
        "0x_1",
        "1 ",
        " 1",
        "1.0",
        "1e3",
        "aoeu",
        "٣",
        "0o7",
        "ff",
        "--1",
    ],
)
def test_texts_that_are_no_unsigned_integers(text: str) -> None:
    assert refusal(Unsigned(32), text) == "invalid number"


@pytest.mark.parametrize(
    ("kind", "text", "bound"),
    [
        (Unsigned(8), "256", 255),
        (Unsigned(16), "65536", 65535),
        (Unsigned(32), "42949672961939", 4294967295),
        (Unsigned(32), "0xFFFFFFFFF", 4294967295),
        (Unsigned(64), "18446744073709551616", 18446744073709551615),
        (Unsigned(32), "9" * 100_000, 4294967295),
        (Unsigned(32), "0x" + "f" * 100_000, 4294967295),
        (Signed(8), "128", 127),
        (Signed(32), "2147483648", 2147483647),
        (Signed(32), "-2147483649", -2147483648),
        (Signed(64), "-9223372036854775809", -9223372036854775808),
        (Unsigned(32, max=9), "10", 9),
        (Unsigned(32, min=4), "3", 4),
        (Signed(32, min=-1, max=9), "-10", -1),
        (Signed(32, min=0), "-1", 0),
        (Unsigned(8, max=9), "1000", 255),
    ],
)
def test_integers_out_of_range_name_the_bound(kind: Argument, text: str, bound: int) -> None:
    assert refusal(kind, text) == f"out of range, bound {bound}"


def test_saturating_integers_take_the_nearest_value() -> None:
    assert Unsigned(32, saturate=True).parse("4294967296") == 4294967295
    assert Signed(8, saturate=True).parse("128") == 127
    assert Signed(32, saturate=True).parse("-2147483649") == -2147483648
    assert Unsigned(32, min=4, max=9, saturate=True).parse("1") == 4
    assert refusal(Unsigned(32, saturate=True), "x") == "invalid number"


def test_signed_integers() -> None:
    assert [Signed(32).parse(text) for text in ("-5", "-0", "-0x80000000", "7", "-010")] == [
        -5,
        0,
        -(1 << 31),
        7,
        -8,
    ]


@given(st.integers(-(1 << 63), (1 << 63) - 1), st.sampled_from(["d", "#x", "#b", "#o"]))
def test_integers_are_read_in_every_base(value: int, base: str) -> None:
    text = format(value, base).replace("0o", "0")
    assert Signed(64).parse(text) == value
    assert Signed(64).unparse(value) == str(value)


@given(st.integers(-(1 << 15), (1 << 15) - 1))
def test_c_integers_come_back(value: int) -> None:
    assert Signed(16).from_c(int(Signed(16).c_value(value)) & 0xFFFF) == value
    assert Unsigned(16).from_c(value & 0xFFFF) == value & 0xFFFF


def test_c_types_follow_the_width() -> None:
    assert [Unsigned(bits).c_type for bits in (8, 16, 32, 64)] == [
        "uint8_t",
        "uint16_t",
        "uint32_t",
        "uint64_t",
    ]
    assert [Signed(bits).c_type for bits in (8, 16, 32, 64)] == ["int8_t", "int16_t", "int32_t", "int64_t"]


def test_integer_types_describe_themselves() -> None:
    assert Unsigned(32).expects == "an unsigned 32-bit integer"
    assert Signed(16).expects == "a signed 16-bit integer"
    assert Unsigned(32, min=4).expects == "an integer, 4 or more"
    assert Unsigned(32, max=9).expects == "an integer from 0 to 9"


def test_impossible_integer_types_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^no C integer has 24 bits$"):
        Unsigned(24)
    with pytest.raises(ValueError, match=r"^bounds 0 to 300 do not fit 8 bits$"):
        Unsigned(8, max=300)


# Truth values and real numbers


def test_truth_values() -> None:
    assert [Bool().parse(text) for text in ("true", "yes", "t", "y", "1")] == [True] * 5
    assert [Bool().parse(text) for text in ("false", "no", "f", "n", "0")] == [False] * 5
    for text in ("", "True", "TRUE", "2", "on", "tru", "true "):
        assert refusal(Bool(), text) == "parse error"
    assert (Bool().unparse(True), Bool().unparse(False)) == ("true", "false")
    assert Bool().from_c(1) is True
    assert Bool().c_type == "bool"


def test_floating_point_numbers() -> None:
    assert [Double().parse(text) for text in ("1", "-1.5", ".5", "5.", "1e3", "1E-3", "0x1p-1", "0x.8")] == [
        1,
        -1.5,
        0.5,
        5,
        1000,
        0.001,
        0.5,
        0.5,
    ]
    assert Double().parse("inf") == float("inf")
    for text in ("", " 1", "1 ", "1_0", "x", ".", "1e", "0x", "٣"):
        assert refusal(Double(), text) == "parse error"
    assert refusal(Double(), "1e400") == "out of range, bound inf"
    assert refusal(Double(), "-1e400") == "out of range, bound -inf"
    assert refusal(Double(), "0x1p99999") == "out of range, bound inf"
    assert refusal(Double(), "1e-400") == "underflow, rounded to 0"
    assert Double().parse("0e5") == 0
    assert Double().c_type is None
    assert (Double().unparse(0.1), Double().unparse(1e20), Double().unparse(3.0)) == ("0.1", "1e+20", "3")


@pytest.mark.parametrize(
    ("text", "bits", "shown"),
    [
        ("0.418", 8, "0.418"),
        ("0.417", 8, "0.418"),
        ("0.416", 8, "0.414"),
        ("0.42", 8, "0.42"),
        ("0.3", 16, "0.3"),
        ("0.4999", 16, "0.4999"),
        ("0.49999", 16, "0.49998"),
        ("0.499999", 16, "0.5"),
        ("0.999999", 16, "1"),
        ("5", 16, "5"),
    ],
)
def test_fixed_point_numbers(text: str, bits: int, shown: str) -> None:
    assert FixedPoint(bits).unparse(FixedPoint(bits).parse(text)) == shown


@given(st.integers(0, (1 << 32) - 1), st.integers(1, 28))
def test_fixed_point_text_reads_back(value: int, bits: int) -> None:
    read = FixedPoint(bits).parse(FixedPoint(bits).unparse(value))
    assert abs(read - value) <= (0 if bits <= 20 else 1)


def test_fixed_point_text_has_clicks_last_digits() -> None:
    assert FixedPoint(28).unparse(FixedPoint(28).parse("0.9682")) == "0.968200002"
    assert FixedPoint(28).unparse(FixedPoint(28).parse("0.5")) == "0.5"
    assert FixedPoint(4).unparse(-24) == "-1.5"


def test_fixed_point_limits() -> None:
    assert FixedPoint(16).parse("0.5") == 32768
    assert FixedPoint(1, signed=True).parse("-0.5") == -1
    assert refusal(FixedPoint(16), "65536") == "out of range, bound 65535.99998"
    assert refusal(FixedPoint(16, signed=True), "-40000") == "out of range, bound -32768"
    assert refusal(FixedPoint(16), "-1") == "parse error"
    assert refusal(FixedPoint(16), "x") == "parse error"
