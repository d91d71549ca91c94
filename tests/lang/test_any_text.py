"""Whatever the text, elaboration ends with a configuration or with errors, and never with an exception."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from language import elaborate, flat

from nmclick.lang.flatten import flat_text

PIECES = [
    *("a", "b", "x/y", "Idle", "Null", "Tee", "Counter", "F", "G", "X", "input", "output", "0", "1", "2", "@1"),
    *("->", "=>", "::", "||", "...", "[", "]", "{", "}", "(", ")", ",", ";", "|", "-", "$x", "$y", "$"),
    *("elementclass", "require", "define", "provide", "elementclass F {", "{ $a, KEY $k, __REST__ $r |"),
    *("(1, 2)", "($x)", "('", '("', "[0]", "[0,1]", "[]", "[0-2]", " // c\n", "/* c */", "/*", "\\<41>", '\n# 7 "f"\n'),
    *(
        "\n#x\n",
        "define($x 1)",
        "require(p)",
        "require(library x)",
        "(-> Null ->)",
        "{ -> }",
        "é",
        "\x00",
        "\r\n",
        "\udcff",
    ),
]

VALID = """elementclass F { $a, KEY $k, __REST__ $r | input -> Message($a, $k, $r) -> Null -> output
  || input [0] -> c :: Counter -> [0] output; [1] -> [1] }
define($x 3, $y "a b");
i :: Idle -> F(1, KEY 2, 3) -> t :: Tee => ( -> Null -> ; [1] -> [1] ) => Discard, Discard;
elementclass G { -> Null -> } elementclass G { $a | -> Paint($a) -> || ... }
a, b :: Queue(${x-4}); i [1] -> G -> G(1) -> a => [0,1] F [0,1] => [0,1] x :: { [0-1] => [0-1] } [0,1] => b, [1] b; // c
"""

no_deadline = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(text: str) -> None:
    configuration, diagnostics = elaborate(text)
    assert (configuration is None) == diagnostics.failed
    for mode in ("pretty", "click", "json"):
        diagnostics.render(mode).encode()  # type: ignore[arg-type]
    if configuration is not None:
        count = len(configuration.elements)
        for connection in configuration.connections:
            assert 0 <= connection.from_element < count
            assert 0 <= connection.to_element < count
        assert len({element.name for element in configuration.elements}) == count


@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join))
@example("( -> ) -> ( -> )")
@example("elementclass F { input -> F -> output || $a | F || ... } F")
@no_deadline
def test_pieces_of_the_language_in_any_order(text: str) -> None:
    check(text)


@given(st.text(max_size=200))
@no_deadline
def test_any_characters(text: str) -> None:
    check(text)


@given(st.randoms(use_true_random=False), st.integers(1, 6))
@no_deadline
def test_a_valid_file_after_mutations(random_source: random.Random, mutations: int) -> None:
    text = VALID
    for _ in range(mutations):
        start = random_source.randrange(len(text) + 1)
        end = min(len(text), start + random_source.randrange(8))
        text = text[:start] + random_source.choice(["", *PIECES]) + text[end:]
    check(text)


NAMES = st.sampled_from(["a", "b", "c", "d"])
PORT = st.sampled_from(["", "[0]", "[1]", "[2]"])


@st.composite
def circuits(draw: st.DrawFn) -> str:
    """Declared elements, connected at random, parts of it inside compounds and groups."""
    lines = ["a, b, c, d :: Tee;", "elementclass F { $n | input -> Paint($n) -> output };"]
    for _ in range(draw(st.integers(0, 8))):
        middle = draw(st.sampled_from(["", "F(1) ->", "{ -> Null -> } ->", "( -> Null -> ) ->", "n :: Null ->"]))
        if "n ::" in middle and any("n ::" in line for line in lines):
            middle = "n ->"
        lines.append(f"{draw(NAMES)} {draw(PORT)} -> {middle} {draw(PORT) if not middle else ''} {draw(NAMES)};")
    return "\n".join(lines)


@given(circuits())
@no_deadline
def test_the_flat_text_of_a_circuit_has_the_same_flat_text(text: str) -> None:
    configuration, diagnostics = elaborate(text)
    assert configuration is not None, diagnostics.render("click")
    printed = flat_text(configuration)
    assert flat_text(elaborate(printed)[0]) == printed  # type: ignore[arg-type]


def test_the_valid_file_is_valid() -> None:
    assert flat(VALID)[0] == "i :: Idle;"
