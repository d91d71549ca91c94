"""Check the C of every element class on its own: ``python -m nmclick.compile.lint [COMPILER ...]``.

An element's C file is complete only behind the header that its Python half gives rise to. For each class one unit is
made (every annotation kept, then none) and compiled with -Wall -Wextra -Werror.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nmclick.compile.cc import native_folder
from nmclick.compile.emit import class_header, include
from nmclick.compile.entrypoints import entry_points
from nmclick.compile.layout import NAMED, PacketLayout, plan_layout
from nmclick.element import Annotation, Element
from nmclick.graph.portcount import parse_port_count
from nmclick.graph.registry import Registry, elements_folder
from nmclick.lang.arguments import Environment
from nmclick.lang.source import Source, Span

FLAGS = ("-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-fsyntax-only")


def _layouts() -> tuple[PacketLayout, PacketLayout]:
    everything = {Annotation(name) for name in NAMED} | {Annotation(str(at), at, 4) for at in range(0, 48, 4)}
    return plan_layout(everything, everything), plan_layout(set(), set())


def sample(cls: type[Element]) -> Element:
    """An instance configured as the class's `example` says."""
    count = parse_port_count(cls.ports)
    element = cls("sample", 0, cls.example, Span(Source("sample", ""), 0, 0, "sample", 1))
    element.n_inputs, element.n_outputs = count.resolve(1, 2)
    element.args, problems = cls.arguments.parse(cls.example, Environment())
    errors = [problem.message for problem in problems] or [
        error for error in element.configure(Environment()) if isinstance(error, str)
    ]
    if errors:
        raise ValueError(f"{cls.__name__}: the example '{cls.example}' does not configure it: {'; '.join(errors)}")
    return element


def unit_of(element: Element, layout: PacketLayout) -> str:
    """A unit that holds the C of one element class, and the instance's own."""
    code = entry_points(type(element).__name__, Registry.c_source(type(element)))
    values = element.c_arguments() | {device.field: 0 for device in element.devices()}
    return "\n".join(
        [
            layout.prelude(),
            '#include "nmclick/element.h"',
            '#include "nmclick/packet_slow.h"',
            class_header(element, values, code) + include(element, code),
            element.c_code("sample") or "",
            "",
        ]
    )


def main(compilers: Sequence[str]) -> int:
    """Compile everything with each compiler; 1 if any refused."""
    failed = 0
    registry = Registry()
    classes = [cls for name in registry.class_names(aliases=False) if (cls := registry.find(name)) is not None]
    texts = [(cls.__name__, unit_of(sample(cls), layout)) for cls in classes for layout in _layouts()]
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, text) in enumerate(texts):
            path = Path(folder, f"{name}_{number}.c")
            path.write_text(text, encoding="ascii")
        files = sorted(map(str, Path(folder).glob("*.c")))
        for compiler in compilers:
            command = [compiler, *FLAGS, "-I", str(native_folder() / "include"), "-I", str(elements_folder()), *files]
            done = subprocess.run(command, check=False)
            failed |= done.returncode != 0
            print(f"{compiler}: {len(files)} units of {len({name for name, _ in texts})} element classes")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["gcc", "clang"]))
