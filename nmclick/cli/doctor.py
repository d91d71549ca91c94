"""``nmclick doctor``: what nmclick can do on this machine, and what to do about what it cannot."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from nmclick.cli.common import HELP
from nmclick.cli.options import Option, UsageError, format_help, parse

if TYPE_CHECKING:
    from nmclick.doctor.checks import Finding

JSON = Option("json", help="Print JSON: whether all is well, and the findings.")
OPTIONS = (JSON, HELP)
SUMMARY = (
    "Check this machine: compiler, kinds of ports, privileges, memory, network interfaces. A line each: ok; a note "
    "about what cannot be done or could be better; or a problem, without whose cure no configuration runs (exit "
    "status 1)."
)
_COLOURS = {"ok": "green", "note": "yellow", "problem": "bold red"}
_STATE_WIDTH = 7


def main(arguments: list[str]) -> int:
    as_json = False
    for option, value in parse(arguments, OPTIONS):
        if option is HELP:
            sys.stdout.write(format_help(SUMMARY, "nmclick doctor [OPTION]...", OPTIONS))
            return 0
        if option is None:
            raise UsageError(f"takes no argument, but got '{value}'")
        as_json = True
    from nmclick.doctor.checks import examine
    from nmclick.doctor.look import look

    findings = examine(look())
    well = all(finding.state != "problem" for finding in findings)
    if as_json:
        import json

        sys.stdout.write(json.dumps({"ok": well, "findings": [asdict(finding) for finding in findings]}) + "\n")
    elif sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        _print_table(findings)
    else:
        sys.stdout.write(plain(findings))
    return 0 if well else 1


def plain(findings: list[Finding]) -> str:
    """One line a finding."""
    width = max(len(finding.subject) for finding in findings)
    lines = []
    for finding in findings:
        cure = f" -> {finding.cure}" if finding.cure else ""
        lines.append(f"{finding.state:<{_STATE_WIDTH}}  {finding.subject:<{width}}  {finding.text}{cure}\n")
    return "".join(lines)


def _print_table(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for finding in findings:
        text = Text(finding.text)
        if finding.cure:
            text.append(f"\n{finding.cure}", style="cyan")
        table.add_row(Text(finding.state, style=_COLOURS[finding.state]), Text(finding.subject, style="bold"), text)
    Console(highlight=False).print(table)
