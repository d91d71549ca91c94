"""Command lines are read as Click reads its own."""

import pytest

from nmclick.cli.options import HELP, Option, UsageError, format_help, parse

FLAG = Option("quit", "q", help="Do not run.")
VALUE = Option("handler", "h", "H", "Read H.")
OPTIONAL = Option("simtime", "s", "T", "Simulate.", optional=True)
NEGATED = Option("affinity", "a", "N", "Pin.", optional=True, negate=True, aliases=("cpu",))
OPTIONS = (FLAG, VALUE, OPTIONAL, NEGATED, HELP)


def read(*words: str) -> list[tuple[str | None, str]]:
    return [(option and option.long, value) for option, value in parse(words, OPTIONS)]


def test_options_and_arguments_mix_in_any_order() -> None:
    assert read("f", "-q", "-h", "x.y", "N=1") == [(None, "f"), ("quit", ""), ("handler", "x.y"), (None, "N=1")]


def test_a_value_is_the_next_word_or_joined() -> None:
    wanted = [("handler", "x")]
    assert read("-h", "x") == read("-hx") == read("--handler", "x") == read("--handler=x") == read("-h=x") == wanted


def test_short_options_can_be_bundled() -> None:
    assert read("-qhx") == [("quit", ""), ("handler", "x")]


def test_an_optional_value_is_only_taken_when_joined() -> None:
    assert read("--simtime", "file") == [("simtime", ""), (None, "file")]
    assert read("-s", "file") == [("simtime", ""), (None, "file")]
    assert read("--simtime=5", "-s5") == [("simtime", "5"), ("simtime", "5")]


def test_long_names_can_be_cut_short_and_negated() -> None:
    assert read("--hand=1", "--sim", "--no-aff", "--no-cpu") == [
        ("handler", "1"),
        ("simtime", ""),
        ("affinity", "no"),
        ("affinity", "no"),
    ]


def test_two_dashes_end_the_options_and_one_is_an_argument() -> None:
    assert read("-", "--", "-q", "--") == [(None, "-"), (None, "-q"), (None, "--")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--nothing"], "unknown option '--nothing'"),
        (["-z"], "unknown option '-z'"),
        (["-qz"], "unknown option '-z'"),
        (["--h"], "'--h' is ambiguous: --handler, --help"),
        (["--"[:2] + "=3"], "unknown option '--'"),
        (["-h"], "'-h' needs a value: H"),
        (["--handler"], "'--handler' needs a value: H"),
        (["--quit=1"], "'--quit' takes no value"),
        (["--no-cpu=1"], "'--no-cpu' takes no value"),
        (["--no-quit"], "unknown option '--no-quit'"),
    ],
)
def test_what_makes_no_sense_is_refused(words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(*words)
    assert str(caught.value) == message


def test_help_lists_every_option_in_columns() -> None:
    assert format_help("Summary.", "x [OPTION]...", OPTIONS) == (
        "Usage: x [OPTION]...\n\nSummary.\n\nOptions:\n"
        "  -q, --quit                    Do not run.\n"
        "  -h, --handler H               Read H.\n"
        "  -s, --simtime[=T]             Simulate.\n"
        "  -a, --affinity[=N]            Pin.\n"
        "      --help                    Print this message and exit.\n"
    )
