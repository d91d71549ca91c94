"""Graphs from configuration text, for the tests of the compiler."""

from __future__ import annotations

from nmclick.graph.router import RouterGraph
from nmclick.lang.diagnostics import Diagnostics
from nmclick.run.load import Input, load


def graph_of(text: str) -> RouterGraph:
    """The checked graph of a configuration that has no mistake."""
    diagnostics = Diagnostics()
    loaded = load(Input(text, is_expression=True), diagnostics, initialize=False)
    assert loaded is not None, diagnostics.render("click")
    return loaded.graph
