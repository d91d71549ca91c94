"""The text of a flat configuration, as Click's `flatconfig` handler prints it."""

from __future__ import annotations

from nmclick.lang import configstring
from nmclick.lang.flat import FlatConfiguration, FlatConnection


def flat_text(config: FlatConfiguration) -> str:
    """Requirements, one declaration a line, and the connections as chains."""
    return _requirements(config) + _declarations(config) + _chains(config)


def _requirements(config: FlatConfiguration) -> str:
    if not config.requirements:
        return ""
    parts = [kind + (f" {configstring.quote(value)}" if value else "") for kind, value in config.requirements]
    return f"require({', '.join(parts)});\n\n"


def _declarations(config: FlatConfiguration) -> str:
    lines = []
    for element in config.elements:
        string = f"({element.config})" if element.config else ""
        lines.append(f"{element.name} :: {element.class_name}{string};\n")
    return "".join(lines) + ("\n" if lines else "")


def _chains(config: FlatConfiguration) -> str:
    connections = config.connections
    names = [element.name for element in config.elements]
    following, starts = _chain_links(connections)
    used = [False] * len(connections)
    lines = []
    # What is left after the chains with a beginning are cycles, each printed from its first connection.
    order = [index for index, start in enumerate(starts) if start] + list(range(len(connections)))
    for first in order:
        if used[first]:
            continue
        start = connections[first]
        chain = names[start.from_element] + (f" [{start.from_port}]" if start.from_port else "")
        separator = " -> "
        index: int | None = first
        while index is not None and not used[index]:
            used[index] = True
            connection = connections[index]
            port = f"[{connection.to_port}] " if connection.to_port else ""
            chain += f"{separator}{port}{names[connection.to_element]}"
            separator = "\n    -> "
            index = following[index]
        lines.append(f"{chain};\n")
    return "".join(lines)


def _chain_links(connections: list[FlatConnection]) -> tuple[list[int | None], list[bool]]:
    """For each connection the one that a chain goes on with, and whether it begins a chain.

    A chain goes on from output 0 of an element entered by input 0, to an input 0 if there is one.
    """
    leaving: dict[int, list[int]] = {}
    for index, connection in enumerate(connections):
        if connection.from_port == 0:
            leaving.setdefault(connection.from_element, []).append(index)
    following: list[int | None] = [None] * len(connections)
    starts = [True] * len(connections)
    for index, connection in enumerate(connections):
        if connection.to_port != 0:
            continue
        candidates = [other for other in leaving.get(connection.to_element, ()) if other != index]
        if candidates:
            to_zero = (other for other in candidates if connections[other].to_port == 0)
            chosen = next(to_zero, candidates[-1])
            following[index] = chosen
            starts[chosen] = False
    return following, starts
