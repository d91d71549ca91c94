"""DOT text: what is drawn, in which order, and that nothing in a file can break it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from graph_stubs import load

from nmclick.draw import to_dot
from nmclick.draw.node import short_lines
from nmclick.draw.style import FAMILIES, family_colors
from nmclick.graph.router import RouterGraph

GOLDEN = Path(__file__).parent / "golden"

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not installed")

ROUTER = """
    s :: Source(eth0)
    rt :: Lookup(10.0.0.0/24 0, 10.0.1.0/24 1, 0.0.0.0/0 10.0.1.2 1)
    out0/ttl :: Check(1)
    out0/Print@2 :: Print
    out0/inner/q :: Queue(200)
    out0/inner/Sink@2 :: Sink(eth0)
    out1/ttl :: Check(2)
    out1/q :: Queue(200)
    out1/Null@3 :: Null
    out1/Sink@4 :: Sink(eth1)
    e0 :: Null
    Discard@6 :: Discard
    s -> rt -> out0/ttl -> out0/inner/q -> out0/inner/Sink@2
    rt [1] -> out1/ttl -> out1/q -> out1/Null@3 -> out1/Sink@4
    rt [2] -> Discard@6
    out0/ttl [1] -> out0/Print@2 -> rt
    out1/ttl [1] -> e0 -> rt
"""


def graph_of(text: str) -> RouterGraph:
    return load(text).sound


@pytest.mark.parametrize("direction", ["top-down", "left-right"])
def test_the_diagram_is_the_golden_one(direction: str, golden) -> None:  # type: ignore[no-untyped-def]
    text = to_dot(graph_of(ROUTER), direction="left-right" if direction == "left-right" else "top-down")
    golden(GOLDEN / f"router-{direction}.dot", text)


def test_equal_graphs_give_equal_text() -> None:
    assert to_dot(graph_of(ROUTER)) == to_dot(graph_of(ROUTER))


def node(text: str, index: int) -> str:
    return next(line.strip() for line in text.splitlines() if line.strip().startswith(f"e{index} ["))


def edge(text: str, source: str, target: str) -> str:
    return next(line.strip() for line in text.splitlines() if f"{source} -> {target} " in line)


def test_ports_are_fields_in_order() -> None:
    text = to_dot(graph_of("s :: Source\nt :: Tee\nd :: Discard\ns -> t -> d\nt [1] -> d\nt [2] -> d"))
    assert re.findall(r'PORT="(\w+)"', node(text, 1)) == ["i0", "o0", "o1", "o2"]
    assert edge(text, "e1:o2:s", "e2:i0:n")


def test_push_is_filled_and_solid_pull_hollow_and_dashed() -> None:
    text = to_dot(graph_of("s :: Source\nq :: Queue\nk :: Sink\ns -> q -> k"))
    assert "dashed" not in edge(text, "e0:o0:s", "e1:i0:n")
    assert "style=dashed, arrowhead=onormal" in edge(text, "e1:o0:s", "e2:i0:n")
    assert "▼" in node(text, 1)
    assert "□" in node(text, 1)
    assert "▽" in node(text, 2)


def test_agnostic_ports_and_the_lines_between_them_are_grey() -> None:
    text = to_dot(graph_of("s :: Source\na :: Null\nb :: Null\nd :: Discard\ns -> a -> b -> d"))
    assert node(text, 1).count('COLOR="#8b949e">▼') == 1
    assert 'color="#6e7781"' in edge(text, "e1:o0:s", "e2:i0:n")
    assert 'color="#6e7781"' not in edge(text, "e0:o0:s", "e1:i0:n")


def test_left_to_right_uses_the_sides() -> None:
    text = to_dot(graph_of("s :: Source\nd :: Discard\ns -> d"), direction="left-right")
    assert "rankdir=LR" in text
    assert edge(text, "e0:o0:e", "e1:i0:w")
    assert "▶" in node(text, 1)


def test_anonymous_elements_show_their_class_alone() -> None:
    text = to_dot(graph_of("Source@1 :: Source(x)\nd :: Discard\nSource@1 -> d"))
    assert "<B>Source</B><BR/>" in node(text, 0)
    assert '<B>d</B> <FONT COLOR="#8b949e">::</FONT> Discard' in node(text, 1)


def test_back_edges_do_not_bend_the_order_and_many_become_tags() -> None:
    few = to_dot(graph_of(ROUTER))
    assert "constraint=false" in edge(few, "e3:o0:s", "e1:i0:n")
    lines = ["s :: Source", "t :: Lookup", "s -> t", "d :: Discard", "t [3] -> d"]
    for i in range(3):
        lines += [f"n{i} :: Null", f"t [{i}] -> n{i} -> t"]
    many = to_dot(graph_of("\n".join(lines)))
    assert many.count("↩ t</FONT>") == 3
    assert "-> e1:i0:n" not in many.replace("e0:o0:s -> e1:i0:n", "")


def test_text_of_the_file_cannot_break_the_diagram() -> None:
    nasty = 's :: Source(<B>"&\\N \\"; ]> // \x01\ud800 %s {} é)\nd :: Discard\ns -> d'
    text = to_dot(graph_of(nasty))
    line = node(text, 0)
    assert "&lt;B&gt;&quot;&amp;\N{SET MINUS}N" in line
    assert (
        'tooltip="s :: Source(&lt;B&gt;&quot;&amp;\N{SET MINUS}N \N{SET MINUS}&quot;; ]&gt; // \ufffd\ufffd %s {} é)"];'
        in line
    )
    text.encode()


@needs_dot
def test_graphviz_accepts_nasty_text() -> None:
    nasty = 's :: Source(<B>"&\\N \\"; ]> // \x01\ud800 &#x41; é)\na@/d :: Discard'
    text = to_dot(graph_of(nasty + "\ns -> a@/d"))
    done = subprocess.run(["dot", "-Tsvg"], input=text.encode(), capture_output=True, check=True)
    assert done.stderr == b""
    # Once as text, once as tooltip.
    assert done.stdout.decode().count("&lt;B&gt;&quot;&amp;\N{SET MINUS}N \N{SET MINUS}&quot;; ]&gt;") == 2


def test_long_configurations_are_cut_between_arguments() -> None:
    assert short_lines("") == []
    assert short_lines("  14 ") == ["14"]
    assert short_lines("10.0.0.1/32 1, 10.0.0.0/24 0") == ["10.0.0.1/32 1, 10.0.0.0/24 0"]
    assert short_lines("FILENAME in.pcap, STOP true, FORCE_IP true") == [
        "FILENAME in.pcap, STOP true,",
        "FORCE_IP true",
    ]
    assert short_lines("x" * 100) == ["x" * 28, "x" * 28, "x" * 26 + " …"]
    assert len(short_lines(", ".join(["argument"] * 50))) == 3


def test_families_have_colours_and_unknown_ones_always_the_same() -> None:
    assert family_colors("ip") == FAMILIES["ip"]
    assert family_colors("mine") == family_colors("mine")
    assert family_colors("mine") in FAMILIES.values()
