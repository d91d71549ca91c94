"""Elaborating a text in a test: a few element classes, and what comes out as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from nmclick.lang.diagnostics import Diagnostics
from nmclick.lang.elaborate import load_configuration
from nmclick.lang.flat import FlatConfiguration
from nmclick.lang.flatten import flat_text
from nmclick.lang.source import Source

CLASSES = (
    *("CheckIPHeader", "Classifier", "Counter", "Discard", "Idle", "InfiniteSource", "Message", "Null", "Paint"),
    *("Print", "Queue", "Script", "Strip", "Tee"),
)


def elaborate(
    text: str,
    *,
    name: str = "F",
    defines: Mapping[str, str] | None = None,
    search_path: Sequence[Path] = (),
    packages: Sequence[str] = (),
) -> tuple[FlatConfiguration | None, Diagnostics]:
    """The flat configuration of a file called `name`, and what was said about it."""
    diagnostics = Diagnostics()
    configuration = load_configuration(
        Source(name, text),
        diagnostics,
        known_class=CLASSES.__contains__,
        class_names=lambda: CLASSES,
        defines=defines,
        search_path=search_path,
        available_package=packages.__contains__,
    )
    return configuration, diagnostics


def loaded(text: str, **options: object) -> FlatConfiguration:
    """The flat configuration of a text that has no errors."""
    configuration, diagnostics = elaborate(text, **options)  # type: ignore[arg-type]
    assert configuration is not None, diagnostics.render("click")
    assert diagnostics.render("click") == ""
    return configuration


def flat(text: str, **options: object) -> list[str]:
    """Declarations and connections of a text that has no errors, one a line, chains joined."""
    printed = flat_text(loaded(text, **options)).replace("\n    -> ", " -> ")
    return [line for line in printed.splitlines() if line]


def messages(text: str, **options: object) -> list[str]:
    """Click's lines about a text."""
    _, diagnostics = elaborate(text, **options)  # type: ignore[arg-type]
    return diagnostics.render("click").splitlines()
