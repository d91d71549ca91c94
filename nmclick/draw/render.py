"""Diagrams as files: DOT as it is, everything else through the ``dot`` program of graphviz."""

from __future__ import annotations

from pathlib import Path

from nmclick.draw.dot import Direction, to_dot
from nmclick.graph.router import RouterGraph

__all__ = ["FORMATS", "DrawError", "draw", "format_of"]

#: Formats by the suffix of the file.
FORMATS = ("svg", "png", "pdf", "dot")


class DrawError(Exception):
    """A diagram could not be made; the text says why and what to do."""


def format_of(path: Path) -> str:
    """The format that a file's suffix asks for; DrawError if it is none of FORMATS."""
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise DrawError(f"{path}: a diagram's file name ends in .svg, .png, .pdf or .dot")
    return suffix


def draw(graph: RouterGraph, path: Path, *, direction: Direction = "top-down", legend: bool = True) -> None:
    """Draw `graph` into `path`, in the format that its suffix names; DrawError if that cannot be done."""
    chosen = format_of(path)
    text = to_dot(graph, direction=direction, legend=legend)
    data = text.encode() if chosen == "dot" else _render(text, chosen)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise DrawError(f"{path}: {error.strerror}") from error


def _render(text: str, chosen: str) -> bytes:
    import subprocess

    import graphviz

    if chosen == "png":
        # At 72 dpi, graphviz's choice for bitmaps, small print is unreadable.
        text = text.replace("digraph router {\n", "digraph router {\n    dpi=144;\n", 1)
    try:
        data: bytes = graphviz.Source(text).pipe(format=chosen)
    except (graphviz.ExecutableNotFound, PermissionError, NotADirectoryError) as error:
        raise DrawError(
            "the program 'dot' is not installed: install graphviz (apt install graphviz, dnf install graphviz, "
            "brew install graphviz), or write a .dot file, which needs no program"
        ) from error
    except subprocess.CalledProcessError as error:
        message = (error.stderr or b"").decode(errors="replace").strip()
        raise DrawError(f"graphviz refused the diagram: {message}") from error
    return data
