"""Print: the exact lines."""

from __future__ import annotations

from tests.elements.harness import Captured, configuration_errors, run_config

TIME = 1_600_000_000_123_456_789


def printed(packets: list[bytes | Captured], *printers: str, before: str = "Null", writes: str = "") -> list[str]:
    """What each printer of a row has to say, one after the other."""
    row = " -> ".join(f"p{n} :: Print({arguments})" for n, arguments in enumerate(printers))
    result = run_config(
        f"f :: FromDump(in.pcap, ACTIVE false, END_CALL dm.step) -> {before} -> {row} -> Discard;"
        f"dm :: DriverManager({writes} write f.active true, pause, stop);",
        {"in": packets},
    )
    assert result.status == 0, result.stderr
    return result.stderr.splitlines()


def test_a_line_has_label_length_and_the_first_bytes_in_groups_of_four() -> None:
    assert printed([b"", b"a", bytes(range(9)), bytes(range(60))], "x", "") == [
        "x:    0",
        "   0",
        "x:    1 | 61",
        "   1 | 61",
        "x:    9 | 00010203 04050607 08",
        "   9 | 00010203 04050607 08",
        "x:   60 | 00010203 04050607 08090a0b 0c0d0e0f 10111213 14151617",
        "  60 | 00010203 04050607 08090a0b 0c0d0e0f 10111213 14151617",
    ]


def test_the_bytes_can_be_more_fewer_or_text() -> None:
    printers = {
        "'a b', 3": "a b:   16 | 474554",
        "a, LENGTH 2": "a:   16 | 4745",
        "b, NBYTES 2": "b:   16 | 4745",
        "c, 0": "c:   16",
        "d, CONTENTS none": "d:   16",
        "e, CONTENTS false": "e:   16",
        "f, CONTENTS true, MAXLENGTH 4": "f:   16 | 47455420",
        "g, CONTENTS ascii": "g:   16 |  GET / HT TP/1.0..",
        "h, ACTIVE false": None,
    }
    shown = [line for line in printers.values() if line is not None]
    assert printed([b"GET / HTTP/1.0\r\n"], *printers) == shown
    [long] = printed([b"GET / HTTP/1.0\r\n\xff" + bytes(10_000 - 17)], "x, -1")
    assert long.startswith("x: 10000 | 47455420 2f204854")
    assert len(long) == len("x: 10000 | ") + 20_000 + 2499


def test_time_room_and_annotations_are_shown_when_asked_for() -> None:
    annotations = "00" * 16 + "07" + "00" * 3 + "09" + "00" * 27
    printers = ["x, TIMESTAMP true", "TIMESTAMP true", "x, CPU true", "x, PRINTANNO true", "x, HEADROOM true"]
    *lines, room = printed([Captured(b"ab", time=TIME)], *printers, before="Paint(7) -> Paint(9, 20)")
    assert lines == [
        "x: 1600000000.123456789:    2 | 6162",
        "1600000000.123456789:    2 | 6162",
        "x(0):    2 | 6162",
        f"x:    2 | {annotations} | 6162",
    ]
    head, tail = room.removeprefix("x:    2 (h").removesuffix(") | 6162").split(" t")
    assert int(head) >= 64 and int(head) + int(tail) + 2 >= 2048


def test_it_can_be_switched_while_running() -> None:
    writes = "write p0.active true, write p1.active false,"
    assert printed([b"a"], "x, ACTIVE false", "y", writes=writes) == ["x:    1 | 61"]


def test_contents_must_be_known() -> None:
    assert configuration_errors("Print(x, CONTENTS octal)") == [
        "config:1: While configuring 'Print@2 :: Print':\n"
        "  bad contents value 'OCTAL'; should be 'NONE', 'HEX', or 'ASCII'\nRouter could not be initialized!\n"
    ]
