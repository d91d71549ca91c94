"""Flat configurations from the cache: the same as parsed ones, and never one that is out of date."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nmclick import cache
from nmclick.lang.diagnostics import Diagnostics
from nmclick.lang.flat import FlatConfiguration
from nmclick.lang.source import Source
from nmclick.run import frontend, load
from nmclick.run.load import Input

TEXT = """require(compact_config);
define($LIMIT 7);
elementclass Limited { $n | input -> Counter(COUNT_CALL $n c.reset) -> output }
InfiniteSource(LIMIT $LIMIT, DATA "\\<ff>") -> Limited($LIMIT) -> c :: Counter -> Discard;
"""

Parses = Callable[[], int]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NMCLICK_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> Parses:
    """How many configurations have been parsed."""
    count = 0
    original = load.load_configuration

    def counting(*arguments: object, **keywords: object) -> object:
        nonlocal count
        count += 1
        return original(*arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(load, "load_configuration", counting)
    return lambda: count


def flat(wanted: Input | str) -> FlatConfiguration | None:
    diagnostics = Diagnostics()
    if isinstance(wanted, str):
        wanted = Input(wanted, is_expression=True)
    source = load.read_source(wanted, diagnostics)
    assert source is not None
    found = load.load_flat(wanted, source, load.Registry(), diagnostics)
    assert not diagnostics.messages
    return found


def messages(text: str) -> str:
    diagnostics = Diagnostics()
    load.load(Input(text, is_expression=True), diagnostics)
    return diagnostics.render("pretty")


def test_a_configuration_is_parsed_once_and_then_the_same(parses: Parses) -> None:
    parsed = flat(TEXT)
    kept = flat(TEXT)
    assert parses() == 1
    assert kept == parsed
    assert kept is not None and kept.elements[0].span.landmark == "config:4"
    assert kept.elements[0].span.text == "InfiniteSource"


def test_another_text_name_or_definition_is_parsed_anew(parses: Parses, folder: Path) -> None:
    for name in ("a.click", "b.click"):
        (folder / name).write_text(TEXT)
    wanted = [
        Input("a.click"),
        Input("b.click"),
        Input("a.click", defines={"LIMIT": "8"}),
        Input("a.click", defines={"LIMIT": "9"}),
        Input("a.click", search_path=[folder]),
    ]
    configs = [flat(each) for each in wanted]
    assert parses() == len(wanted)
    assert [each and each.elements[0].config for each in configs][2:4] == [
        'LIMIT 8, DATA "\\<ff>"',
        'LIMIT 9, DATA "\\<ff>"',
    ]
    (folder / "a.click").write_text(TEXT.replace("7", "6"))
    changed = flat(Input("a.click"))
    assert changed is not None and changed.elements[0].config == 'LIMIT 6, DATA "\\<ff>"'


def test_a_configuration_with_a_library_is_always_parsed(parses: Parses, folder: Path) -> None:
    (folder / "lib.click").write_text("elementclass Twice { input -> Counter -> output }")
    (folder / "a.click").write_text("require(library lib.click); Idle -> Twice -> Discard;")
    first = flat(Input("a.click"))
    (folder / "lib.click").write_text("elementclass Twice { input -> Null -> output }")
    second = flat(Input("a.click"))
    assert parses() == 2
    assert [
        each and {e.name: e.class_name for e in each.elements}.get("Twice@2/Counter@1") for each in (first, second)
    ] == ["Counter", None]


@pytest.mark.parametrize(
    "text",
    [
        "Idle -> Discrad;",
        "Idle -> -> Discard;",
        "Idle -> Counter(1, 2) -> Discard;",
        "Idle -> StaticIPLookup(0/0 0, 0/0 0) -> Discard;",
        "require(library missing.click); Idle -> Discard;",
    ],
)
def test_what_is_said_of_a_configuration_is_the_same_each_time(text: str) -> None:
    first = messages(text)
    assert first
    assert messages(text) == first


def test_nothing_is_kept_of_a_configuration_with_an_error(parses: Parses) -> None:
    for _ in range(2):
        messages("Idle -> Discrad;")
    assert parses() == 2


def test_a_damaged_entry_is_parsed_anew(parses: Parses, folder: Path) -> None:
    parsed = flat(TEXT)
    (entry,) = (folder / "cache").glob("flat-*.memo")
    entry.write_bytes(entry.read_bytes()[:-1] + b"?")
    assert flat(TEXT) == parsed
    assert parses() == 2


def test_another_version_of_the_language_parses_anew(parses: Parses, monkeypatch: pytest.MonkeyPatch) -> None:
    flat(TEXT)
    monkeypatch.setattr(frontend, "code_state", lambda folder: ("another",))
    flat(TEXT)
    assert parses() == 2


def test_a_class_that_came_or_went_makes_an_entry_useless() -> None:
    source = Source.expression("Idle -> Discard")
    classes = {"Idle": True, "Discard": True, "x": False}
    frontend.keep_flat("key", source, FlatConfiguration(), classes)
    assert frontend.kept_flat("key", source, lambda name: classes[name]) is not None
    assert frontend.kept_flat("key", source, lambda name: True) is None
    assert frontend.kept_flat("key", source, lambda name: name == "Idle") is None


def test_a_class_whose_file_broke_is_reported_as_if_nothing_were_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    flat(TEXT)

    def broken(self: object, name: str) -> None:
        raise load.RegistryError(f"{name} is broken")

    monkeypatch.setattr(load.Registry, "find", broken)
    assert "Counter is broken" in messages(TEXT)


def test_the_cache_is_not_needed(parses: Parses, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "cache").mkdir(mode=0o777)
    (folder / "cache").chmod(0o777)
    parsed = flat(TEXT)
    assert flat(TEXT) == parsed
    assert parses() == 2
    assert not list((folder / "cache").glob("*.memo"))
    assert cache.recall("flat", "x") is None
