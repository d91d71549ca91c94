"""The text of a flat configuration."""

from __future__ import annotations

from language import loaded

from nmclick.lang.flatten import flat_text


def test_requirements_declarations_and_chains() -> None:
    text = "require(package p) i :: Idle -> Strip( 14 /* x */) -> t :: Tee => d :: Discard, [1] Null[1] -> Discard"
    assert flat_text(loaded(text, packages=["p"])) == (
        'require(package "p");\n'
        "\n"
        "i :: Idle;\n"
        "Strip@2 :: Strip( 14 /* x */);\n"
        "t :: Tee;\n"
        "d :: Discard;\n"
        "Null@5 :: Null;\n"
        "Discard@6 :: Discard;\n"
        "\n"
        "i -> Strip@2\n"
        "    -> t\n"
        "    -> d\n"
        "    -> Discard@6;\n"
        "t [1] -> [1] Null@5;\n"
        "Null@5 [1] -> Discard@6;\n"
    )


def test_chains_go_on_only_from_output_0_of_elements_entered_at_input_0() -> None:
    assert flat_text(loaded("a, b, c, d :: Tee; a -> b; b -> c; b [1] -> d; a [1] -> [1] c; c -> d")).splitlines()[
        5:
    ] == [
        "a -> b",
        "    -> c",
        "    -> d;",
        "a [1] -> [1] c;",
        "b [1] -> d;",
    ]


def test_a_chain_prefers_input_0_and_else_takes_the_last() -> None:
    assert flat_text(loaded("a, b, c :: Tee; a -> b; b -> [1] a; b -> [2] a; b -> c")).splitlines()[4:] == [
        *("b -> [1] a;", "b -> [2] a;", "a -> b", "    -> c;")
    ]
    assert flat_text(loaded("a, b, c :: Tee; a -> b; b -> [1] c; b -> [2] c;")).splitlines()[4:] == [
        *("a -> b", "    -> [2] c;", "b -> [1] c;")
    ]


def test_cycles_start_at_their_first_connection() -> None:
    assert flat_text(loaded("a, b :: Null; a -> b -> a; c :: Null; c -> c")).splitlines()[4:] == [
        *("c -> c;", "b -> a", "    -> b;")
    ]


def test_nothing_is_nothing() -> None:
    assert flat_text(loaded("")) == ""


def test_flat_text_is_its_own_flat_text() -> None:
    text = "elementclass F { $a | -> Paint($a) -> } Idle -> F(1) -> { [0] -> Tee -> [0] } -> Null; Idle => F(2) => Null"
    once = flat_text(loaded(text))
    assert flat_text(loaded(once)) == once
