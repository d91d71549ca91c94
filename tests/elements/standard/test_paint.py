"""Paint, CheckPaint, PaintTee, PaintSwitch."""

from __future__ import annotations

from tests.elements.harness import Case, configuration_errors, run_cases

PACKETS = [b"", b"a", b"bc" * 700]


def test_packets_are_painted_and_told_apart_by_their_colour() -> None:
    results = run_cases(
        {
            "check equal": Case("CheckPaint(3)", PACKETS, 2, before="Paint(3)", handlers=["color"]),
            "check other": Case("CheckPaint(3)", PACKETS, 2, before="Paint(4)"),
            "check and drop": Case("CheckPaint(3)", PACKETS, before="Paint(4)"),
            "unpainted": Case("CheckPaint(0)", PACKETS, 2),
            "check written": Case("CheckPaint(3)", PACKETS, 2, before="Paint(9)", writes=["color 9"]),
            "own annotation": Case("CheckPaint(7, 47)", PACKETS, 2, before="Paint(7, ANNO 47)"),
            "other annotation": Case("CheckPaint(7, 46)", PACKETS, 2, before="Paint(7, 47)"),
            "annotations overlap": Case("CheckPaint(1, 20)", PACKETS, 2, before="Paint(1, 20) -> Paint(2, 21)"),
            "tee equal": Case("PaintTee(5)", PACKETS, 2, before="Paint(5)", handlers=["color"]),
            "tee other": Case("PaintTee(5)", PACKETS, 2, before="Paint(6)"),
            "tee written": Case("PaintTee(5)", PACKETS, 2, before="Paint(6)", writes=["color 6"]),
            "switch": Case("PaintSwitch", PACKETS, 3, before="Paint(1)"),
            "switch to no output": Case("PaintSwitch", PACKETS, 3, before="Paint(3)"),
            "switch to all": Case("PaintSwitch", PACKETS, 3, before="Paint(255)"),
            "switch by annotation": Case("PaintSwitch(0)", PACKETS, 3, before="Paint(2, 0) -> Paint(1)"),
            "paint written": Case("Paint(1)", PACKETS, after="CheckPaint(8)", writes=["color 8"], handlers=["color"]),
        }
    )
    assert {name: result.outputs for name, result in results.items()} == {
        "check equal": [PACKETS, []],
        "check other": [[], PACKETS],
        "check and drop": [[]],
        "unpainted": [PACKETS, []],
        "check written": [PACKETS, []],
        "own annotation": [PACKETS, []],
        "other annotation": [[], PACKETS],
        "annotations overlap": [PACKETS, []],
        "tee equal": [PACKETS, PACKETS],
        "tee other": [PACKETS, []],
        "tee written": [PACKETS, PACKETS],
        "switch": [[], PACKETS, []],
        "switch to no output": [[], [], []],
        "switch to all": [PACKETS, PACKETS, PACKETS],
        "switch by annotation": [[], [], PACKETS],
        "paint written": [PACKETS],
    }
    assert results["check equal"].handlers == {"color": "3"}
    assert results["tee equal"].handlers == {"color": "5"}
    assert results["paint written"].handlers == {"color": "8"}


def test_colours_are_bytes_and_annotations_have_one_byte() -> None:
    assert configuration_errors("Paint(256)", "Paint(red)", "CheckPaint(1, DST_IP)") == [
        "config:1: While configuring 'Paint@2 :: Paint':\n"
        "  COLOR: out of range, bound 255\nRouter could not be initialized!\n",
        "config:1: While configuring 'Paint@2 :: Paint':\n  COLOR: invalid number\nRouter could not be initialized!\n",
        "config:1: While configuring 'CheckPaint@2 :: CheckPaint':\n"
        "  ANNO: parse error\nRouter could not be initialized!\n",
    ]
