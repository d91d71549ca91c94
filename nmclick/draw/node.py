"""One element as an HTML-like label: its ports in order as fields along two sides, name, class and configuration."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nmclick.draw.escape import markup, plain
from nmclick.draw.style import INK, MUTED, family_colors, port_glyph
from nmclick.graph.processing import Mode
from nmclick.lang.configstring import split_arguments

if TYPE_CHECKING:
    from nmclick.element import Element

__all__ = ["element_label", "family_of", "short_lines"]

_LINE_WIDTH = 28
_MAX_LINES = 3
_AFTER_COMMA = re.compile(r"(?<=,) ")


def family_of(element: Element) -> str:
    """The family folder that the element's class comes from ("ip" for nmclick_elements.ip.checkipheader)."""
    parts = type(element).__module__.rsplit(".", 2)
    return parts[-2] if len(parts) > 1 else ""


def short_lines(config: str) -> list[str]:
    """A configuration in at most three short lines, without comments; what is left out shows as an ellipsis."""
    lines: list[str] = []
    for argument in _AFTER_COMMA.split(plain(", ".join(split_arguments(config)))):
        # Arguments stay whole where they fit on a line.
        if lines and len(lines[-1]) + 1 + len(argument) <= _LINE_WIDTH:
            lines[-1] += f" {argument}"
        else:
            lines += textwrap.wrap(argument, _LINE_WIDTH)
    if len(lines) > _MAX_LINES:
        lines = [*lines[: _MAX_LINES - 1], lines[_MAX_LINES - 1][: _LINE_WIDTH - 2] + " …"]
    return lines


def element_label(
    element: Element,
    inputs: Sequence[tuple[Mode, Mode]],
    outputs: Sequence[tuple[Mode, Mode]],
    *,
    sideways: bool,
) -> str:
    """The label's markup. Ports are given as (declared mode, resolved mode)."""
    fill, outline = family_colors(family_of(element))
    body = f'<TD CELLPADDING="4">{"<BR/>".join(_body_lines(element))}</TD>'
    before = _ports("input", inputs, sideways=sideways)
    after = _ports("output", outputs, sideways=sideways)
    if sideways:
        rows = f"<TR>{before}{body}{after}</TR>"
    else:
        rows = "".join(f"<TR>{cell}</TR>" for cell in (before, body, after) if cell)
    return (
        f'<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" STYLE="ROUNDED" '
        f'BGCOLOR="{fill}" COLOR="{outline}">{rows}</TABLE>'
    )


def _body_lines(element: Element) -> list[str]:
    name = element.name.rpartition("/")[2]
    class_name = type(element).__name__
    anonymous = name.rpartition("@")[0] == class_name
    title = f"<B>{markup(class_name if anonymous else name)}</B>"
    if not anonymous:
        title += f' <FONT COLOR="{MUTED}">::</FONT> {markup(class_name)}'
    return [
        title,
        *(f'<FONT POINT-SIZE="9" COLOR="#57606a">{markup(line)}</FONT>' for line in short_lines(element.config)),
    ]


def _ports(kind: str, ports: Sequence[tuple[Mode, Mode]], *, sideways: bool) -> str:
    if not ports:
        return ""
    cells = []
    for number, (declared, mode) in enumerate(ports):
        color = MUTED if declared is Mode.AGNOSTIC else INK
        glyph = f'<FONT POINT-SIZE="8" COLOR="{color}">{port_glyph(kind, mode, sideways=sideways)}</FONT>'
        digits = f'<FONT POINT-SIZE="7" COLOR="{MUTED}">{number}</FONT>' if len(ports) > 1 else ""
        cells.append(f'<TD PORT="{kind[0]}{number}" CELLPADDING="1">{digits}{glyph}</TD>')
    rows = "".join(f"<TR>{cell}</TR>" for cell in cells) if sideways else f"<TR>{''.join(cells)}</TR>"
    return f'<TD><TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">{rows}</TABLE></TD>'
