"""Port counts, processing codes and flow codes: Click's notations, all of them."""

from __future__ import annotations

import pytest

from nmclick.graph.flow import flow_matrix
from nmclick.graph.portcount import parse_port_count
from nmclick.graph.processing import Mode, parse_processing


@pytest.mark.parametrize(
    ("text", "connected", "resolved"),
    [
        ("0/0", (0, 0), (0, 0)),
        ("0/0", (2, 3), (0, 0)),
        ("1/1", (0, 0), (1, 1)),
        ("1/1", (1, 4), (1, 1)),
        ("1/1-2", (1, 0), (1, 1)),
        ("1/1-2", (1, 2), (1, 2)),
        ("1/1-2", (1, 3), (1, 2)),
        ("1/-6", (1, 0), (1, 0)),
        ("1/-6", (1, 9), (1, 6)),
        ("2-/-", (0, 0), (2, 0)),
        ("2-/-", (7, 5), (7, 5)),
        ("3", (0, 5), (3, 3)),
        ("-", (4, 2), (4, 2)),
        ("-/=", (3, 0), (3, 3)),
        ("-/=", (3, 9), (3, 3)),
        ("1-/=+", (0, 0), (1, 2)),
        ("1-/=++", (4, 0), (4, 6)),
        ("", (1, 1), (0, 0)),
    ],
)
def test_port_counts_follow_the_connections_within_their_range(
    text: str, connected: tuple[int, int], resolved: tuple[int, int]
) -> None:
    assert parse_port_count(text).resolve(*connected) == resolved


@pytest.mark.parametrize("text", ["x", "1/2/3", "1/=-", "=/1", "1/1x", "1 /1", "1/+", "1/=1"])
def test_a_malformed_port_count_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="bad port count"):
        parse_port_count(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1/1", "1"),
        ("-/0", "any number of"),
        ("2-/0", "at least 2"),
        ("-4/0", "at most 4"),
        ("1-2/0", "1 to 2"),
    ],
)
def test_port_ranges_read_as_words(text: str, words: str) -> None:
    assert str(parse_port_count(text).inputs) == words


def _letters(modes: tuple[Mode, ...]) -> str:
    return "".join("ahl"[mode] for mode in modes)


@pytest.mark.parametrize(
    ("text", "counts", "inputs", "outputs"),
    [
        ("a/ah", (1, 3), "a", "ahh"),
        ("h/l", (2, 2), "hh", "ll"),
        ("hl/hlh", (3, 4), "hll", "hlhh"),
        ("a", (2, 2), "aa", "aa"),
        ("hl", (1, 3), "h", "hll"),
        ("H/L", (1, 1), "h", "l"),
        ("lh/l", (1, 0), "l", ""),
    ],
)
def test_the_last_processing_letter_serves_all_further_ports(
    text: str, counts: tuple[int, int], inputs: str, outputs: str
) -> None:
    result = parse_processing(text, *counts)
    assert (_letters(result[0]), _letters(result[1])) == (inputs, outputs)


def test_a_malformed_processing_code_is_refused() -> None:
    for text in ("x/h", "a/a/a", "p"):
        with pytest.raises(ValueError, match="bad processing code"):
            parse_processing(text, 1, 1)


@pytest.mark.parametrize(
    ("text", "counts", "matrix"),
    [
        ("x/x", (2, 2), [[0, 1], [0, 1]]),
        ("x/y", (1, 2), [[]]),
        ("xy/x", (2, 1), [[0], []]),
        ("#/#", (3, 3), [[0], [1], [2]]),
        ("##/##", (2, 2), [[0], [1]]),
        ("#/[^#]", (3, 3), [[1, 2], [0, 2], [0, 1]]),
        ("[^#]/#", (2, 2), [[1], [0]]),
        ("xy/[xy]x", (2, 3), [[0, 1, 2], [0]]),
        ("xy/xxyx", (2, 4), [[0, 1, 3], [2]]),
        ("[x#]/x#", (1, 3), [[0]]),
        ("[x#][x#][x#]/x######", (3, 4), [[0], [0, 1], [0, 2]]),
        ("[^ab]/a", (1, 1), [[]]),
        ("[^ab]/c", (1, 1), [[0]]),
        ("[^a]/[^b]", (1, 1), [[0]]),
        ("[^x]/#", (2, 2), [[0, 1], [0, 1]]),
        ("#/x", (1, 1), [[]]),
        ("[abz]/[cde]", (1, 1), [[]]),
        ("xyz/xy", (3, 2), [[0], [1], []]),
        ("#", (2, 2), [[0], [1]]),
    ],
)
def test_flow_codes_match_by_common_letters_and_port_numbers(
    text: str, counts: tuple[int, int], matrix: list[list[int]]
) -> None:
    assert [list(outputs) for outputs in flow_matrix(text, *counts)] == matrix


def test_a_malformed_flow_code_is_refused() -> None:
    for text in ("x/", "/x", "[ab/x", "1/x", "x/y/z"):
        with pytest.raises(ValueError, match="bad flow code"):
            flow_matrix(text, 1, 1)
