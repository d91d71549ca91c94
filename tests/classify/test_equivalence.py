"""The patterns read plainly, the decision DAG, and the compiled C give the same output for every packet."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmclick.classify import Program, compile_classifier, compile_ipfilter
from nmclick.classify.evaluate import Headers
from nmclick.classify.names import NoNames

from .native import Executable, compiler
from .strategies import classifier_patterns, ip_packet, ip_rules, plain_packet

PACKETS = 40

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C compiler")


def ip_program(r: random.Random) -> Program:
    rules = ip_rules(r)
    program, errors, _ = compile_ipfilter(rules, NoNames(), 4)
    assert not errors, (rules, errors)
    return program


def plain_program(r: random.Random) -> Program:
    patterns = classifier_patterns(r)
    program, errors, _ = compile_classifier(patterns)
    assert not errors, (patterns, errors)
    return program


def packet(program: Program, r: random.Random) -> Headers:
    return ip_packet(r) if program.packet else plain_packet(r)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_the_dag_of_an_ipfilter_does_what_its_patterns_say(seed: int) -> None:
    r = random.Random(seed)
    program = ip_program(r)
    for _ in range(PACKETS):
        headers = ip_packet(r)
        assert program.walk(headers) == program.evaluate(headers), headers


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32))
def test_the_dag_of_a_classifier_does_what_its_patterns_say(seed: int) -> None:
    r = random.Random(seed)
    program = plain_program(r)
    for _ in range(PACKETS):
        headers = plain_packet(r)
        assert program.walk(headers) == program.evaluate(headers), headers


@needs_compiler
@pytest.mark.parametrize(
    ("flags", "seeds"),
    [
        (["-O1"], range(0, 20)),
        (["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"], range(30, 40)),
    ],
    ids=["plain", "sanitized"],
)
def test_the_generated_c_does_what_the_patterns_say(flags: list[str], seeds: range, tmp_path: Path) -> None:
    programs = []
    packets: list[tuple[int, Headers]] = []
    for seed in seeds:
        r = random.Random(seed)
        for program in (ip_program(r), plain_program(r)):
            packets.extend((len(programs), packet(program, r)) for _ in range(4 * PACKETS))
            programs.append(program)
    got = Executable(programs, tmp_path, *flags).outputs(packets)
    expected = [programs[number].evaluate(headers) for number, headers in packets]
    assert len(got) == len(expected)
    wrong = [(packets[i], g, e) for i, (g, e) in enumerate(zip(got, expected, strict=True)) if g != e]
    assert not wrong, wrong[:3]
