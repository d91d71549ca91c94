"""Print: the exact lines."""

from __future__ import annotations

from tests.elements.harness import Captured, configuration_errors, run_config

TIME = 1_600_000_000_123_456_789


def lines(arguments: str, packets: list[bytes | Captured], before: str = "Null", writes: str = "") -> list[str]:
    result = run_config(
        f"f :: FromDump(in.pcap, ACTIVE false, END_CALL dm.step) -> {before} -> p :: Print({arguments}) -> Discard;"
        f"dm :: DriverManager({writes} write f.active true, pause, stop);",
        {"in": packets},
    )
    assert result.status == 0, result.stderr
    return result.stderr.splitlines()


def test_a_line_has_label_length_and_the_first_bytes_in_groups_of_four() -> None:
    packets: list[bytes | Captured] = [b"", b"a", bytes(range(9)), bytes(range(60))]
    assert lines("x", packets) == [
        "x:    0",
        "x:    1 | 61",
        "x:    9 | 00010203 04050607 08",
        "x:   60 | 00010203 04050607 08090a0b 0c0d0e0f 10111213 14151617",
    ]
    assert lines("", packets[:2]) == ["   0", "   1 | 61"]


def test_the_bytes_can_be_more_fewer_or_text() -> None:
    packet: list[bytes | Captured] = [b"GET / HTTP/1.0\r\n\xff" + bytes(10_000 - 17)]
    short: list[bytes | Captured] = [b"GET / HTTP/1.0\r\n"]
    assert lines("'a b', 3", short) == ["a b:   16 | 474554"]
    assert lines("x, LENGTH 2", short) == ["x:   16 | 4745"]
    assert lines("x, NBYTES 2", short) == ["x:   16 | 4745"]
    assert lines("x, 0", short) == ["x:   16"]
    assert lines("x, CONTENTS none", short) == ["x:   16"]
    assert lines("x, CONTENTS false", short) == ["x:   16"]
    assert lines("x, CONTENTS true, MAXLENGTH 4", short) == ["x:   16 | 47455420"]
    assert lines("x, CONTENTS ascii", short) == ["x:   16 |  GET / HT TP/1.0.."]
    [long] = lines("x, -1", packet)
    assert long.startswith("x: 10000 | 47455420 2f204854") and len(long) == len("x: 10000 | ") + 20_000 + 2499


def test_time_room_and_annotations_are_shown_when_asked_for() -> None:
    packet: list[bytes | Captured] = [Captured(b"ab", time=TIME)]
    assert lines("x, TIMESTAMP true", packet) == ["x: 1600000000.123456789:    2 | 6162"]
    assert lines("TIMESTAMP true", packet) == ["1600000000.123456789:    2 | 6162"]
    assert lines("x, CPU true", packet) == ["x(0):    2 | 6162"]
    annotations = "00" * 16 + "07" + "00" * 3 + "09" + "00" * 27
    assert lines("x, PRINTANNO true", packet, "Paint(7) -> Paint(9, 20)") == [f"x:    2 | {annotations} | 6162"]
    [line] = lines("x, HEADROOM true", packet)
    head, tail = line.removeprefix("x:    2 (h").removesuffix(") | 6162").split(" t")
    assert int(head) >= 64 and int(head) + int(tail) + 2 >= 2048


def test_it_can_be_silenced() -> None:
    assert lines("x, ACTIVE false", [b"a"]) == []
    assert lines("x, ACTIVE false", [b"a"], writes="write p.active true,") == ["x:    1 | 61"]


def test_contents_must_be_known() -> None:
    assert configuration_errors("Print(x, CONTENTS octal)") == [
        "config.click:1: While configuring 'Print@2 :: Print':\n"
        "  bad contents value 'OCTAL'; should be 'NONE', 'HEX', or 'ASCII'\nRouter could not be initialized!\n"
    ]
