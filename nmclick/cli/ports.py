"""``nmclick ports``: switches, pipes and interfaces, and how busy they are."""

from __future__ import annotations

import os
import sys

from nmclick.cli.common import HELP
from nmclick.cli.options import Option, UsageError, format_help, parse

INTERVAL = Option(
    "interval", "i", "SECONDS", "Time over which rates are measured, default 1; 0: do not wait, and tell no rates."
)
JSON = Option("json", help="Print JSON.")
OPTIONS = (INTERVAL, JSON, HELP)
SUMMARY = (
    "List the switches and pipes in user space, the switches of a kernel netmap, who is attached to them with which "
    "rings and buffers, and the network interfaces that xdp: and packet: can open, with their rates."
)
_LONGEST = 3600.0


def main(arguments: list[str]) -> int:
    interval = 1.0
    as_json = False
    for option, value in parse(arguments, OPTIONS):
        if option is HELP:
            sys.stdout.write(format_help(SUMMARY, "nmclick ports [OPTION]...", OPTIONS))
            return 0
        if option is None:
            raise UsageError(f"takes no argument, but got '{value}'")
        if option is INTERVAL:
            interval = _seconds(value)
        else:
            as_json = True
    _show(interval, as_json)
    return 0


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= _LONGEST:
        raise UsageError(f"--interval is '{text}', not a number of seconds from 0 to 3600")
    return value


def _show(interval: float, as_json: bool) -> None:
    from nmclick.cli import porttables
    from nmclick.run.census import take_census

    before = None
    if interval > 0:
        import time

        before = take_census()
        time.sleep(interval)
    now = take_census()
    if as_json:
        import json

        sys.stdout.write(json.dumps(porttables.as_data(before, now)) + "\n")
    elif sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        porttables.print_tables(before, now)
    else:
        sys.stdout.write(porttables.plain(before, now))
