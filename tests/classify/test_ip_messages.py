"""The errors and warnings of the IP pattern language: Click's texts, with the place in the argument."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmclick.classify import compile_ipclassifier, compile_ipfilter
from nmclick.classify.names import NoNames

NAMES = NoNames()

ERRORS = [
    ("!tcp !udp", ["transport protocol specified twice"], "udp"),
    ("echo", ["'echo' is ambiguous; try 'port echo', 'icmp type echo'"], "echo"),
    ("icmp type www", ["'icmp type icmp www' is meaningless; try 'port icmp www'"], "www"),
    ("src", ["partial directive"], "src"),
    ("10", ["specify header field or 'port'"], "10"),
    ("src port", ["'src port': value missing"], "src port"),
    ("port tcp", ["'port': value missing"], "port tcp"),
    ("icmp port 5", ["'port': bad protocol 1"], "icmp port 5"),
    ("udp opt syn", ["'tcp opt udp syn' is meaningless; try 'tcp opt udp syn'"], "syn"),
    ("tcp opt 256", ["'tcp opt': value 256 out of range"], "tcp opt 256"),
    ("tcp opt != syn", ["'tcp opt': operator or mask not supported"], "tcp opt != syn"),
    ("port type 3", ["type specified twice"], "type"),
    ("src dst port 80", ["'src' or 'dst' specified twice"], "dst"),
    ("icmp type 300", ["'icmp type': out of range, bound 255"], "icmp type 300"),
    ("ip tos & 0x100 1", ["'ip tos': mask out of range, bound 0xFF"], "ip tos & 0x100 1"),
    ("ip tos & 0 1", ["zero mask ignored"], "0"),
    ("port & 10.0.0.0 1", ["'port': bad mask"], "port & 10.0.0.0 1"),
    ("src port 20-10", ["'src port': empty range 20-10"], "src port 20-10"),
    ("src port > 1-2", ["'src port': operator not supported"], "src port > 1-2"),
    ("ip proto 300", ["'proto': out of range, bound 255"], "ip proto 300"),
    ("tcp ip proto 17", ["'proto': specified twice"], "tcp ip proto 17"),
    ("host 10.0.0.0/8", ["'ip host': address missing"], "host 10.0.0.0/8"),
    ("net 1.2.3.4", ["'ip net': address missing"], "net 1.2.3.4"),
    ("src host > 1.2.3.4", ["'src ip host': operator not supported"], "src host > 1.2.3.4"),
    ("ether port 80", ["'port': ip only"], "ether port 80"),
    ("ip frag 3", ["'ip frag': value not supported"], "ip frag 3"),
    ("tcp[2:3]", ["field [2:3] does not fit in a single word"], "[2:3]"),
    ("tcp[0:5] 1", ["LEN in '[POS:LEN]' out of range, should be between 1 and 4"], "[0:5]"),
    ("tcp[x] 1", ["syntax error after '[', expected '[POS]' or '[POS:LEN]'"], "[x]"),
    ("tcp[9000] 1", ["POS in '[POS:LEN]' out of range, bound 8191"], "[9000]"),
    ("tcp and", ["missing expression"], ""),
    ("tcp or", ["missing expression"], ""),
    ("(tcp", ["missing ')'"], ""),
    ("()", ["missing expression", "missing expression after '('"], ")"),
    ("not", ["missing expression after 'not'"], "not"),
    ("tcp ? udp", ["missing ':' in ternary expression"], ""),
    ("tcp ) udp", ["garbage after expression at ')'"], ")"),
    ("tcp != foo", ["dangling operator near 'foo'"], "foo"),
    ("(" * 50 + "tcp" + ")" * 50, ["expression is nested too deeply"], "("),
]


@pytest.mark.parametrize(("pattern", "messages", "place"), ERRORS, ids=[pattern[:30] for pattern, _, _ in ERRORS])
def test_a_broken_pattern_has_clicks_message_and_its_place(pattern: str, messages: list[str], place: str) -> None:
    _, errors, _ = compile_ipclassifier(["-", pattern], NAMES)
    assert [error.argument for error in errors] == [1] * len(errors)
    assert [error.message for error in errors][: len(messages)] == [f"pattern 1: {message}" for message in messages]
    assert pattern[errors[0].start : errors[0].end] == place


def test_a_word_that_means_nothing_has_the_three_messages_that_click_has() -> None:
    _, errors, _ = compile_ipclassifier(["nosuchword"], NAMES)
    assert [error.message for error in errors] == [
        "pattern 0: empty term near 'nosuchword'",
        "pattern 0: missing expression",
        "pattern 0: garbage after expression at 'nosuchword'",
    ]


def test_all_broken_arguments_are_reported() -> None:
    _, errors, _ = compile_ipfilter(["permit tcp", "", "4 udp", "allow src", "deny all"], NAMES, 2)
    assert [(error.argument, error.message) for error in errors] == [
        (0, "pattern 0: unknown slot ID 'permit'"),
        (1, "empty pattern 1"),
        (2, "pattern 2: slot '4' out of range"),
        (3, "pattern 3: partial directive"),
    ]
    assert (errors[0].start, errors[0].end) == (0, 6)


def test_allow_needs_an_output() -> None:
    _, errors, _ = compile_ipfilter(["allow tcp"], NAMES, 0)
    assert [error.message for error in errors] == [
        "pattern 0: 'allow' is meaningless, element has zero outputs",
    ]


def test_the_actions_of_an_ipfilter_are_outputs() -> None:
    program, errors, _ = compile_ipfilter(["deny tcp", "2 udp", "drop icmp", "allow"], NAMES)
    assert not errors
    assert program.n_outputs == 3
    assert [rule.output for rule in program.rules] == [-1, 2, -1, 0]


def test_relations_that_are_always_true_or_false_are_warned_of() -> None:
    patterns = ["tcp port > 65535", "ip ttl >= 0", "src ip tos 3", "ip tos & 3 < 4"]
    _, errors, warnings = compile_ipclassifier([*patterns, "-"], NAMES)
    assert errors == []
    assert [warning.message for warning in warnings] == [
        "pattern 0: relation '> 65535' is always false (range 0-65535)",
        "pattern 1: relation '>= 0' is always true (range 0-255)",
        "pattern 2: 'src ip tos': 'src' or 'dst' ignored",
        "pattern 3: relation '< 4' is always true (range 0-3)",
        "output 0 matches no packets",
        "output 2 matches no packets",
        "output 3 matches no packets",
        "output 4 matches no packets",
    ]


def test_a_pattern_that_an_earlier_one_covers_is_warned_of() -> None:
    patterns = ["src net 10.0.0.0/8", "tcp", "src host 10.1.2.3 and tcp", "src port 1 and src port 2", "-"]
    _, _, warnings = compile_ipclassifier(patterns, NAMES)
    assert [(warning.argument, warning.message) for warning in warnings] == [
        (2, "output 2 matches no packets"),
        (3, "output 3 matches no packets"),
    ]


WORDS = "tcp udp src dst port host net ip ether not and or && || ! ( ) [ ] ? : & = != < > 80 0x10 10-20 10.0.0.1 10/8"


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(st.sampled_from([*WORDS.split(), "1:2:3:4:5:6", "syn", "echo", "icmp", "type", "mask", "-"])).map(
            " ".join
        ),
    )
)
def test_any_text_gives_a_program_or_errors_with_places(text: str) -> None:
    for program, errors, warnings in (compile_ipclassifier([text], NAMES), compile_ipfilter([text], NAMES, 2)):
        for message in errors + warnings:
            assert message.argument == 0
            assert message.start is not None
            assert message.end is not None
            assert 0 <= message.start <= message.end <= len(text)
        if not errors:
            program.emit_c("f")
            program.text()
