"""Programs from the cache: planned and emitted once, and again as soon as anything they are made from changes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from build import graph_of

from nmclick.cache import code_state
from nmclick.compile import cc, compile_router, memo, plan
from nmclick.graph.build import build
from nmclick.graph.registry import Registry
from nmclick.graph.router import RouterGraph
from nmclick.lang.diagnostics import Diagnostics
from nmclick.lang.elaborate import load_configuration
from nmclick.lang.source import Source

CHAIN = "s :: InfiniteSource(LIMIT 5) -> c :: Counter -> k :: Classifier(12/0800, -) -> Discard; k[1] -> Discard;"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NMCLICK_CACHE", str(tmp_path / "cache"))
    # What the C compiler makes of a program is no matter here, and it takes long.
    monkeypatch.setattr(cc, "OPTIMISE", ("-O0",))
    return tmp_path / "cache"


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many plans have been made."""
    count = 0
    original = plan.make_plan

    def counting(graph: RouterGraph, workers: int) -> plan.Plan:
        nonlocal count
        count += 1
        return original(graph, workers)

    monkeypatch.setattr(plan, "make_plan", counting)
    return lambda: count


def test_a_router_is_planned_once_and_its_program_the_same(plans: Callable[[], int]) -> None:
    made = compile_router(graph_of(CHAIN))
    assert compile_router(graph_of(CHAIN)) == made
    assert plans() == 1
    assert made.fields and made.calls and made.tasks == [0] and 2 in made.drops


def test_a_damaged_entry_or_a_missing_object_is_made_anew(plans: Callable[[], int], folder: Path) -> None:
    made = compile_router(graph_of(CHAIN))
    (entry,) = folder.glob("program-*.memo")
    entry.write_bytes(b"?" + entry.read_bytes()[1:])
    assert compile_router(graph_of(CHAIN)) == made
    made.path.unlink()
    assert compile_router(graph_of(CHAIN)) == made
    assert made.path.is_file()
    assert plans() == 3


def test_an_output_file_is_written_whatever_is_kept(tmp_path: Path) -> None:
    made = compile_router(graph_of(CHAIN))
    compile_router(graph_of(CHAIN), output=tmp_path / "x.so")
    assert (tmp_path / "x.so").read_bytes() == made.path.read_bytes()


def key(text: str = CHAIN, burst: int = 32, flags: tuple[str, ...] = (), workers: int = 1) -> str:
    return memo.program_key(graph_of(text), burst, workers, flags)


def test_the_same_configuration_has_the_same_key() -> None:
    assert key() == key()
    assert key() == key(CHAIN.replace("-> ", "->  /* comment */  "))


def test_whatever_a_configuration_says_is_in_the_key() -> None:
    texts = [
        CHAIN,
        CHAIN.replace("LIMIT 5", "LIMIT 6"),
        CHAIN.replace("c ::", "d ::"),
        CHAIN.replace("12/0800", "12/0806"),
        CHAIN.replace("-> Discard; k[1]", "-> Null -> Discard; k[1]"),
        CHAIN.replace("k[1] -> Discard", "k[1] -> Strip(14) -> Discard"),
        CHAIN.replace("k[1] -> Discard", "k[1] -> Strip(15) -> Discard"),
        CHAIN.replace("-> c :: Counter ", "-> Null ") + " Idle -> c :: Counter -> Discard;",
        "AddressInfo(a 1.2.3.4); Idle -> GetIPAddress(16) -> IPClassifier(host a) -> Discard;",
        "AddressInfo(a 1.2.3.5); Idle -> GetIPAddress(16) -> IPClassifier(host a) -> Discard;",
        "Idle -> q :: Queue(5) -> Discard;",
        "Idle -> q :: Queue(6) -> Discard;",
        "FromDevice(eth0) -> Discard;",
        "FromDevice(eth1) -> Discard;",
        "Idle -> t :: Tee -> a :: Discard; t[1] -> b :: Discard;",
        "Idle -> t :: Tee; t[1] -> a :: Discard; t -> b :: Discard;",
    ]
    assert len({key(text) for text in texts}) == len(texts)


def test_burst_flags_compiler_and_sanitizer_are_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {key(), key(burst=64), key(flags=("-DX",))}
    monkeypatch.setenv("NMCLICK_SANITIZE", "1")
    keys.add(key())
    monkeypatch.delenv("NMCLICK_SANITIZE")
    monkeypatch.setattr(cc, "_cpu", lambda: "another")
    keys.add(key())
    monkeypatch.setattr(cc, "find_compiler", lambda: cc.Compiler(("gcc",), "another"))
    keys.add(key())
    assert len(keys) == 6


def test_a_changed_header_of_the_hot_path_is_in_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "include" / "nmclick").mkdir(parents=True)
    header = tmp_path / "include" / "nmclick" / "packet.h"
    header.write_text("1")
    monkeypatch.setattr(memo, "native_folder", lambda: tmp_path)
    before = key()
    header.write_text("2")
    assert key() != before


TOY_PY = """from nmclick.element import Element


class Toy(Element):
    ports = "0/0"
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """Element files of a class Toy: toy.py, toy.c, toy.h."""
    family = tmp_path / "elements" / "toys"
    family.mkdir(parents=True)
    for name, text in (("toy.py", TOY_PY), ("toy.c", "/* 1 */"), ("toy.h", "/* 1 */")):
        (family / name).write_text(text)
    return family


def toy_key(family: Path) -> str:
    registry = Registry(family.parent, f"toys_{family.parent.parent.name}".replace("-", "_"))
    diagnostics = Diagnostics()
    flat = load_configuration(Source.expression("t :: Toy"), diagnostics, known_class=lambda name: name == "Toy")
    graph = flat and build(flat, registry, diagnostics)
    assert graph, diagnostics.render("click")
    code_state.cache_clear()  # as in another process
    return memo.program_key(graph, 32, 1, ())


@pytest.mark.parametrize("name", ["toy.c", "toy.h", "toy.py"])
def test_a_changed_file_of_an_element_is_in_the_key(toy: Path, name: str) -> None:
    before = toy_key(toy)
    status = (toy / name).stat()
    (toy / name).write_text((toy / name).read_text().replace("1", "2"))
    os.utime(toy / name, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert toy_key(toy) != before


def test_a_changed_planner_is_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key()
    monkeypatch.setattr(memo, "code_state", lambda folder: (str(folder), "another"))
    assert key() != before
