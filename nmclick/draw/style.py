"""What the diagrams look like: fonts, colours, and how pushing, pulling and agnostic ports are told apart.

Ports follow the figures of the Click papers (Kohler et al., The Click Modular Router, TOCS 2000): inputs are triangles,
outputs are squares, filled where packets are pushed and hollow where they are pulled. Ports that take after their
neighbours, double-outlined in the papers, are grey here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from zlib import crc32

from nmclick.graph.processing import Mode

FONT = "Helvetica,Arial,sans-serif"
INK = "#1f2328"
MUTED = "#8b949e"
CLUSTER_LINE = "#c4ccd4"
#: Compounds get a shade darker with every level, so that nesting shows without heavier lines.
CLUSTER_FILLS = ("#f8fafb", "#f1f4f7", "#eaeef2", "#e3e8ed")

LEGEND = "filled port, solid line: push   ·   hollow port, dashed line: pull   ·   grey port: agnostic"

#: Fill and outline of an element by its family; others take one of these by their name.
FAMILIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "standard": ("#ffffff", "#99a3ad"),
        "control": ("#f3f4f6", "#99a3ad"),
        "io": ("#fdf0d5", "#c9a24a"),
        "traffic": ("#fdf0d5", "#c9a24a"),
        "ethernet": ("#e3f1e4", "#7fb185"),
        "ip": ("#e1ecf9", "#7c9fc9"),
        "ip6": ("#dcedf2", "#6fa6b5"),
        "icmp": ("#fae4e1", "#cf8f87"),
        "tcpudp": ("#ece6f7", "#9d8bc4"),
        "nat": ("#ece6f7", "#9d8bc4"),
        "queue": ("#fbe8d8", "#cf9868"),
        "schedule": ("#fbe8d8", "#cf9868"),
        "analysis": ("#eef2d8", "#a4ad62"),
    }
)


def family_colors(family: str) -> tuple[str, str]:
    """(fill, outline) of the elements of a family; always the same for the same name."""
    known = FAMILIES.get(family)
    if known:
        return known
    if not family:
        return FAMILIES["standard"]
    choices = sorted(set(FAMILIES.values()))
    return choices[crc32(family.encode()) % len(choices)]


def port_glyph(kind: str, mode: Mode, *, sideways: bool) -> str:
    """The symbol of a port; `kind` is "input" or "output", `sideways` for diagrams that run left to right."""
    pull = mode is Mode.PULL
    if kind == "output":
        return "□" if pull else "■"
    if sideways:
        return "▷" if pull else "▶"
    return "▽" if pull else "▼"
