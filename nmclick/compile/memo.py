"""What compiling a router gave, kept from one run to the next, so that a program that was compiled before is neither
planned nor emitted again.

The key holds everything that the planner and the emitter read of a graph, by value; whatever may have decided those
values (files, names, addresses of the machine) need not be known.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nmclick.cache import (
    cache_folder,
    code_state,
    files_state,
    fingerprint,
    is_whole,
    note_use,
    recall,
    remember,
    tree_state,
)
from nmclick.compile.cc import native_folder, recipe
from nmclick.compile.program import CompiledProgram
from nmclick.compile.threads import thread_wishes
from nmclick.element import Element
from nmclick.graph.registry import Registry
from nmclick.graph.router import RouterGraph

__all__ = ["keep_program", "kept_program", "program_key"]

_KIND = "program"


def program_key(graph: RouterGraph, burst: int, workers: int, flags: tuple[str, ...]) -> str:
    """Names everything that the program of a graph is made from. Raises CompilerError without a compiler."""
    package = Path(__file__).resolve().parent.parent
    classes = dict.fromkeys(type(element) for element in graph.elements)
    return fingerprint(
        burst,
        workers,
        thread_wishes(graph),
        recipe(flags),
        tree_state(native_folder() / "include", ".h"),
        code_state(package),
        [code_state(folder) for folder in sorted({Registry.folder(cls).parent for cls in classes})],
        files_state(file for cls in classes for file in _c_files(cls)),
        [_facts(element) for element in graph.elements],
        [(connection.source, connection.target) for connection in graph.connections],
        [[list(map(int, modes)) for modes in modes_by_element] for modes_by_element in _modes(graph)],
    )


def _modes(graph: RouterGraph) -> Iterator[list[list[int]]]:
    for modes in (graph.declared_inputs, graph.declared_outputs, graph.input_modes, graph.output_modes):
        yield [list(each) for each in modes]


def _c_files(cls: type[Element]) -> Iterator[Path]:
    """The C half of a class, and the headers that it may include besides those of native/include."""
    source = Registry.c_source(cls)
    if source is not None:
        yield source
        yield from sorted(source.parent.glob("*.h"))


def _facts(element: Element) -> tuple[object, ...]:
    """What an element says of itself once it is configured; what its class says is in the state of its file."""
    return (
        element.name,
        type(element).__module__,
        type(element).__qualname__,
        element.n_inputs,
        element.n_outputs,
        element.constant_output(),
        element.c_arguments(),
        element.c_code("SYMBOL"),
        sorted(map(repr, element.annotations_read())),
        sorted(map(repr, element.annotations_written())),
        element.devices(),
        element.sharing,
        element.spread,
    )


def kept_program(key: str) -> CompiledProgram | None:
    """What was kept under this key, if the object is still there too."""
    found = recall(_KIND, key)
    if found is None:
        return None
    name, *tables = found
    path = cache_folder() / name
    if not is_whole(path):
        return None
    note_use(path)
    return CompiledProgram(path, *tables)


def keep_program(key: str, program: CompiledProgram) -> None:
    p = program
    remember(_KIND, key, (p.path.name, p.fields, p.calls, p.tasks, p.timers, p.drops, p.workers, p.per_worker))
