"""The declarations that Python uses are those of the C headers."""

import re
import subprocess
from pathlib import Path

import pytest

from nmclick.compile.cc import find_compiler, native_folder
from nmclick.run.ffi import DECLARATIONS, interface

STRUCTURES = re.findall(r"^struct (\w+) \{(.*?)^\};", DECLARATIONS, re.M | re.S)


def fields(body: str) -> list[str]:
    return [
        re.sub(r"\[.*", "", part).split()[-1].lstrip("*")
        for line in body.split(";")
        for part in line.split(",")
        if part.strip()
    ]


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    folder: Path = tmp_path_factory.mktemp("layout")
    lines = ["#include <stdio.h>", '#include "nmclick/runtime.h"', "int main(void)", "{"]
    for name, body in STRUCTURES:
        lines.append(f'printf("{name} %zu\\n", sizeof(struct {name}));')
        for field in fields(body):
            lines.append(f'printf("{name}.{field} %zu\\n", offsetof(struct {name}, {field}));')
    lines.append('printf("NM_DROP_REASONS %d\\nNM_EVENT_DRAINED %d\\n", NM_DROP_REASONS, NM_EVENT_DRAINED);')
    source = folder / "layout.c"
    source.write_text("\n".join([*lines, "return 0;", "}"]))
    command = [*find_compiler().command, "-std=gnu11", "-I", str(native_folder() / "include"), str(source)]
    subprocess.run([*command, "-o", str(folder / "layout")], check=True)
    output = subprocess.run([str(folder / "layout")], check=True, capture_output=True, text=True).stdout
    return {name: int(value) for name, value in (line.split() for line in output.splitlines())}


def test_structures_have_the_layout_of_the_headers(layout: dict[str, int]) -> None:
    ffi = interface()
    assert len(STRUCTURES) == 7
    for name, body in STRUCTURES:
        assert ffi.sizeof(f"struct {name}") == layout[name], name
        for field in fields(body):
            assert ffi.offsetof(f"struct {name}", field) == layout[f"{name}.{field}"], f"{name}.{field}"


def test_enumerations_are_those_of_the_headers(layout: dict[str, int]) -> None:
    ffi = interface()
    assert ffi.sizeof("struct nm_port_counters") == 8 * (7 + layout["NM_DROP_REASONS"])
    assert ffi.typeof("enum nm_event_kind").relements["NM_EVENT_DRAINED"] == layout["NM_EVENT_DRAINED"]


def test_every_function_declared_is_in_the_header() -> None:
    files = ("include/nmclick/runtime.h", "include/nmclick/port.h", "ports/netmap/user.h")
    header = "".join((native_folder() / file).read_text() for file in files)
    declared = re.findall(r"\b(nm_\w+)\(", DECLARATIONS)
    assert declared and [name for name in declared if f"{name}(" not in header] == []
