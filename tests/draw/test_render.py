"""Diagrams as files, and what is said when there can be none."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from graph_stubs import load

from nmclick.draw import DrawError, draw, to_dot
from nmclick.graph.router import RouterGraph

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not installed")


@pytest.fixture
def graph() -> RouterGraph:
    return load("s :: Source\nq :: Queue\np/k :: Sink\ns -> q -> p/k").sound


@needs_dot
@pytest.mark.parametrize(
    ("name", "start"), [("x.svg", b"<?xml"), ("x.png", b"\x89PNG"), ("x.pdf", b"%PDF"), ("X.SVG", b"<?xml")]
)
def test_the_suffix_chooses_the_format(graph: RouterGraph, tmp_path: Path, name: str, start: bytes) -> None:
    draw(graph, tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(start)


def test_dot_text_needs_no_program(graph: RouterGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    draw(graph, tmp_path / "x.dot", direction="left-right")
    assert (tmp_path / "x.dot").read_text() == to_dot(graph, direction="left-right")


def test_without_graphviz_the_error_says_what_to_install(
    graph: RouterGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DrawError) as raised:
        draw(graph, tmp_path / "x.svg")
    assert str(raised.value) == (
        "the program 'dot' is not installed: install graphviz (apt install graphviz, dnf install graphviz, "
        "brew install graphviz), or write a .dot file, which needs no program"
    )
    assert not (tmp_path / "x.svg").exists()


def test_other_suffixes_are_refused(graph: RouterGraph, tmp_path: Path) -> None:
    for name in ("x", "x.gif", "x.svg.bak"):
        with pytest.raises(DrawError) as raised:
            draw(graph, tmp_path / name)
        assert str(raised.value) == f"{tmp_path / name}: a diagram's file name ends in .svg, .png, .pdf or .dot"


def test_a_folder_that_is_not_there_is_reported(graph: RouterGraph, tmp_path: Path) -> None:
    with pytest.raises(DrawError) as raised:
        draw(graph, tmp_path / "none" / "x.dot")
    assert str(raised.value) == f"{tmp_path / 'none' / 'x.dot'}: No such file or directory"
