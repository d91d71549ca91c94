from __future__ import annotations

import pytest

from tests.elements.harness import run_config


@pytest.mark.parametrize(
    ("arguments", "status", "lines"),
    [
        ('"hello, world"', 0, "  hello, world\n"),
        ('"one\\ntwo", MESSAGE', 0, "  one\n  two\n"),
        ("TYPE WARNING, MESSAGE old", 0, "  warning: old\n"),
        ('"no way", ERROR', 1, "  no way\nRouter could not be initialized!\n"),
        ("a, FOO", 1, "  unrecognized message type\nRouter could not be initialized!\n"),
        ("", 1, "  MESSAGE: required argument missing\nRouter could not be initialized!\n"),
        ("a b", 1, "  MESSAGE: parse error\nRouter could not be initialized!\n"),
    ],
)
def test_a_message_is_shown_when_the_router_is_configured(arguments: str, status: int, lines: str) -> None:
    result = run_config(f"Message({arguments});\nDriverManager(stop);\n")
    assert (result.status, result.stdout) == (status, "")
    assert result.stderr == f"config.click:1: While configuring 'Message@1 :: Message':\n{lines}"
