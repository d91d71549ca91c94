"""The manual page of an element class: its docstring, and what its class body declares."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nmclick.graph.registry import Registry
from nmclick.run.handlers import declared_names

if TYPE_CHECKING:
    from nmclick.element import Element
    from nmclick.lang.arguments import Parameter

__all__ = ["as_data", "family", "first_sentence", "page"]

_MODES = {"h": "push", "l": "pull", "a": "agnostic"}
_WIDTH = 100
_LONGEST_DEFAULT = 30


def family(cls: type[Element]) -> str:
    """The folder that a class is in."""
    return Registry.folder(cls).name


def description(cls: type[Element]) -> str:
    """The docstring of the class itself, not of a base class."""
    return inspect.cleandoc(cls.__doc__ or "")


def first_sentence(cls: type[Element]) -> str:
    text = " ".join(description(cls).split("\n\n", 1)[0].split())
    return re.split(r"(?<=[.:])\s", text, maxsplit=1)[0].rstrip(".:")


def page(cls: type[Element]) -> str:
    """The manual page as text of at most 100 columns; headings begin in the first column, the rest is indented."""
    lines = [f"{cls.__name__}({cls.arguments.usage})"]
    lines += _indent(description(cls).splitlines())
    sections = (
        ("Ports", _ports(cls)),
        ("Types of the arguments", _arguments(cls)),
        ("Handlers", _handlers(cls)),
        ("Drop reasons", [f"{reason:<16}{text}" for reason, text in cls.drops.items()]),
        ("Annotations", _annotations(cls)),
        ("Other names", [", ".join(cls.aliases)] if cls.aliases else []),
    )
    for title, content in sections:
        if content:
            lines += ["", title, *_indent(content)]
    return "\n".join(lines) + "\n"


def _indent(lines: list[str]) -> list[str]:
    return [f"  {line}".rstrip() for line in lines]


def _ports(cls: type[Element]) -> list[str]:
    inputs, _, outputs = cls.ports.partition("/")
    outputs = outputs or inputs
    return [
        f"{_count(inputs, 'input')}, {_count(outputs, 'output', inputs)} ({cls.ports})",
        f"processing {cls.processing}: {_processing(cls.processing)}",
    ]


def _count(text: str, noun: str, other: str = "") -> str:
    low, dash, high = text.partition("-")
    if text.startswith("="):
        return f"as many {noun}s{' or more' if '+' in text else ''}"
    if dash and high:
        return f"{low} to {high} {noun}s"
    if dash:
        return f"{low or 'any number of'}{' or more' if low else ''} {noun}s"
    return f"{'no' if low == '0' else low} {noun}{'' if low == '1' else 's'}"


def _processing(code: str) -> str:
    inputs, _, outputs = code.partition("/")
    parts = []
    for noun, modes in (("inputs", inputs), ("outputs", outputs or inputs)):
        named = [_MODES.get(letter, letter) for letter in modes]
        parts.append(f"{noun} {', then '.join(named)}" if named else "")
    return "; ".join(part for part in parts if part)


def _arguments(cls: type[Element]) -> list[str]:
    rows = [(_shown(parameter), _meaning(parameter)) for parameter in cls.arguments]
    width = max((len(name) for name, _ in rows), default=0) + 2
    lines = []
    for name, meaning in rows:
        first, *rest = textwrap.wrap(meaning, _WIDTH - width - 2) or [""]
        lines += [f"{name:<{width}}{first}", *(" " * width + line for line in rest)]
    return lines


def _shown(parameter: Parameter) -> str:
    return parameter.name + ("..." if parameter.rest else "")


def _meaning(parameter: Parameter) -> str:
    kind = "" if parameter.positional or parameter.rest else "keyword, "
    if parameter.required:
        return f"{kind}required: {parameter.type.expects}"
    return f"{kind}{parameter.type.expects}{_default(parameter)}"


def _default(parameter: Parameter) -> str:
    if parameter.default is None:
        return ""
    text = parameter.type.unparse(parameter.default)
    return f" (default {text})" if 0 < len(text) <= _LONGEST_DEFAULT and text.isprintable() else ""


def _handlers(cls: type[Element]) -> list[str]:
    words = {"r": "read", "w": "write"}
    return [
        f"{name:<16}{', '.join(words[flag] for flag in flags)}" for name, flags in sorted(declared_names(cls).items())
    ]


def _annotations(cls: type[Element]) -> list[str]:
    return list(_annotation_lines(cls))


def _annotation_lines(cls: type[Element]) -> Iterator[str]:
    for verb, named in (("reads", cls.reads), ("writes", cls.writes)):
        if named:
            yield f"{verb:<8}{', '.join(sorted(annotation.name for annotation in named))}"


def as_data(cls: type[Element]) -> dict[str, Any]:
    """The page as data for programs."""
    return {
        "name": cls.__name__,
        "family": family(cls),
        "aliases": list(cls.aliases),
        "summary": first_sentence(cls),
        "description": description(cls),
        "ports": cls.ports,
        "processing": cls.processing,
        "flow": cls.flow,
        "arguments": [
            {
                "name": parameter.name,
                "type": type(parameter.type).__name__,
                "expects": parameter.type.expects,
                "required": parameter.required,
                "positional": parameter.positional,
                "rest": parameter.rest,
                "default": None if parameter.default is None else parameter.type.unparse(parameter.default),
            }
            for parameter in cls.arguments
        ],
        "handlers": declared_names(cls),
        "drops": dict(cls.drops),
        "reads": sorted(annotation.name for annotation in cls.reads),
        "writes": sorted(annotation.name for annotation in cls.writes),
    }
