"""Quantities with units: bandwidths, byte counts, times."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmclick.lang.arguments import (
    Argument,
    ArgumentError,
    Bandwidth,
    ByteSize,
    Double,
    FixedPoint,
    Signed,
    TimeSpan,
    TimeStamp,
    Unsigned,
)
from nmclick.lang.values.units import unparse_decimal, unparse_interval, unparse_time

MS = 1_000_000
S = 1_000_000_000


def refusal(kind: Argument, text: str) -> str:
    with pytest.raises(ArgumentError) as caught:
        kind.parse(text)
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8", 8),
        ("8 baud", 1),
        ("8Kbps", 1000),
        ("8kbps", 1000),
        ("8KBps", 8000),
        ("8 KB/s", 8000),
        ("1.5Mb/s", 187500),
        ("10Gbps", 1250000000),
        ("100Gbps", 12500000000),
        ("12bps", 2),
        ("4bps", 0),
        ("1e6Bps", 1000000),
        ("1_000", 1000),
        ("0", 0),
    ],
)
def test_bandwidths_are_bytes_per_second(text: str, value: int) -> None:
    assert Bandwidth().parse(text) == value


def test_bandwidths_that_are_none() -> None:
    for text in ("", "bps", "Mbps", "8K", "8 M bps", "-1Mbps", "x", "8mbps", "1 0bps"):
        assert refusal(Bandwidth(), text) == "parse error"
    assert refusal(Bandwidth(32), "100Gbps") == "out of range"
    assert refusal(Bandwidth(), "1e30") == "out of range"
    assert refusal(Bandwidth(), "1e999999999999999999") == "out of range"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0kbps"),
        (1000, "8kbps"),
        (1, "0.008kbps"),
        (125000, "1Mbps"),
        (187500, "1.5Mbps"),
        (125000000, "1Gbps"),
        (0x20000000, "536.870912MBps"),
    ],
)
def test_bandwidths_print_as_clicks(value: int, text: str) -> None:
    assert Bandwidth().unparse(value) == text


@given(st.integers(0, (1 << 64) - 1))
def test_bandwidth_text_reads_back(value: int) -> None:
    assert Bandwidth().parse(Bandwidth().unparse(value)) == value


def test_byte_sizes() -> None:
    sizes = {
        "0": 0,
        "4096": 4096,
        "0x10": 16,
        "64K": 65536,
        "64k": 65536,
        "1KiB": 1024,
        "1kB": 1000,
        "1KB": 1000,
        "2M": 2 << 20,
        "2MB": 2_000_000,
        "1.5G": 3 << 29,
        "10 B": 10,
    }
    assert {text: ByteSize().parse(text) for text in sizes} == sizes
    for text in ("", "K", "-1", "-1K", "1X", "1.5", "1 0"):
        assert refusal(ByteSize(), text) == "invalid number"
    assert refusal(ByteSize(), "99999999999T") == "out of range, bound 18446744073709551615"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3600", 3600 * S),
        ("3600s", 3600 * S),
        ("3.6e6 msec", 3600 * S),
        ("60m", 3600 * S),
        ("1 hr", 3600 * S),
        ("1.99 hr", 7164 * S),
        ("2h", 7200 * S),
        ("1 d", 86400 * S),
        ("1day", 86400 * S),
        ("2 min", 120 * S),
        ("20ms", 20 * MS),
        ("1.5us", 1500),
        ("7nsec", 7),
        (".5", 500 * MS),
        ("1.0000000014", S + 1),
        ("1.0000000015", S + 2),
        ("0", 0),
    ],
)
def test_times_are_in_nanoseconds(text: str, value: int) -> None:
    assert TimeSpan().parse(text) == value


def test_times_that_are_none() -> None:
    for text in ("", "s", "ms", "-1", "1 2", "1sx", "1..0", "1S", ".", "e5"):
        assert refusal(TimeSpan(), text) == "parse error"
    assert refusal(TimeSpan(), "1e10") == "out of range"
    assert refusal(TimeSpan(0), "5000000000") == "out of range"
    assert refusal(TimeSpan(3), "50d") == "out of range"
    assert TimeSpan(0, saturate=True).parse("5000000000") == 0xFFFFFFFF * S


@pytest.mark.parametrize(
    ("digits", "text", "value"),
    [
        (0, "1.99 s", 2 * S),
        (1, "1.99 s", 2 * S),
        (2, "1.99 s", 1990 * MS),
        (0, "1ms", 0),
        (3, "1ms", MS),
        (3, "1.9ms", 2 * MS),
        (6, "1.9ms", 1900 * 1000),
    ],
)
def test_times_are_rounded_to_the_resolution(digits: int, text: str, value: int) -> None:
    assert TimeSpan(digits).parse(text) == value


def test_times_print_as_clicks() -> None:
    assert TimeSpan().unparse(1500 * MS) == "1.500000"
    assert TimeSpan().unparse(1) == "0.000000001"
    assert TimeSpan(0).unparse(60 * S) == "60"
    assert TimeSpan(3).unparse(1500 * MS) == "1.5"
    assert TimeSpan(interval=True).unparse(500 * MS) == "500ms"
    assert [unparse_interval(value) for value in (0, 20_000, 7, 2 * S)] == ["0ms", "20us", "7ns", "2.000000s"]
    assert [unparse_time(value) for value in (-1001 * MS, -10 * S, -1)] == [
        "-1.001000",
        "-10.000000",
        "-0.000000001",
    ]
    assert [unparse_decimal(value, 3) for value in (0, 1500, -20, 1001)] == ["0", "1.5", "-0.02", "1.001"]


@given(st.integers(0, (1 << 62)))
def test_time_text_reads_back(value: int) -> None:
    assert TimeSpan().parse(TimeSpan().unparse(value)) == value
    assert TimeSpan().parse(unparse_interval(value)) == value
    assert TimeStamp(signed=True).parse(TimeStamp().unparse(-value)) == -value


@given(st.decimals(0, 10**8, allow_nan=False, places=7), st.sampled_from([("s", 1), ("ms", 1000), ("us", 10**6)]))
def test_times_are_exact(number: Fraction, unit: tuple[str, int]) -> None:
    suffix, divisor = unit
    exact = Fraction(number) * S / divisor
    assert abs(TimeSpan().parse(f"{number:f}{suffix}") - exact) <= Fraction(1, 2)


def test_timestamps() -> None:
    assert TimeStamp().parse("1189383079.180265331") == 1189383079180265331
    assert TimeStamp().unparse(1189383079180265331) == "1189383079.180265331"
    assert TimeStamp().unparse(1000000000 * S + 500) == "1000000000.000000500"
    assert TimeStamp(signed=True).parse("-1.5") == -1500 * MS
    assert refusal(TimeStamp(), "-1.5") == "parse error"
    assert (TimeStamp().c_type, TimeStamp(signed=True).c_type) == ("uint64_t", "int64_t")


@given(st.text(alphabet="0123456789.eE+-_ mskKMGTbBphd/x", max_size=14))
def test_no_text_makes_reading_a_quantity_fail(text: str) -> None:
    for kind in (
        Bandwidth(),
        ByteSize(),
        TimeSpan(),
        TimeSpan(3),
        TimeStamp(signed=True),
        FixedPoint(16),
        Double(),
        Unsigned(8),
        Signed(64),
    ):
        try:
            value = kind.parse(text)
        except ArgumentError:
            continue
        assert isinstance(value, int | float)
