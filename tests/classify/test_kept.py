"""Classifier programs from the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from nmclick.classify import compile as compiling
from nmclick.classify import compile_classifier as compile_anew
from nmclick.classify import kept

PATTERNS = ["12/0806 20/0001", "12/0800", "-"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NMCLICK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_kept_program_is_the_same_c_and_the_same_text() -> None:
    kept.compile_classifier(PATTERNS)
    program, errors, warnings = kept.compile_classifier(PATTERNS)
    assert isinstance(program, kept.KeptProgram)
    assert (errors, warnings) == ([], [])
    anew, _, _ = compile_anew(PATTERNS)
    assert program.emit_c("e7_classify") == anew.emit_c("e7_classify")
    assert program.text() == anew.text()
    assert set(program.headers) == anew.headers


@pytest.mark.parametrize("patterns", [["12/08x"], ["-", "12/0800"]], ids=["error", "warning"])
def test_nothing_is_kept_of_patterns_with_an_error_or_a_warning(patterns: list[str], folder: Path) -> None:
    first = kept.compile_classifier(patterns)[1:]
    assert first != ([], [])
    assert kept.compile_classifier(patterns)[1:] == first
    assert not folder.exists() or not list(folder.iterdir())


def test_other_patterns_and_other_compilers_of_patterns_have_their_own_programs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled = []
    monkeypatch.setattr(
        compiling, "compile_classifier", lambda patterns: (compiled.append(patterns), compile_anew(patterns))[1]
    )
    kept.compile_classifier(PATTERNS)
    kept.compile_classifier(PATTERNS)
    kept.compile_classifier(PATTERNS[::-1][1:])
    monkeypatch.setattr(kept, "code_state", lambda folder: "another")
    kept.compile_classifier(PATTERNS)
    assert compiled == [PATTERNS, PATTERNS[::-1][1:], PATTERNS]
