"""The language cases recorded from Click: whether they load, and the configurations that elements end up with."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from nmclick.lang.diagnostics import Diagnostics
from nmclick.lang.elaborate import load_configuration
from nmclick.lang.source import Source

CASES = Path(__file__).parents[1] / "conformance" / "lang"

# These are wrong in what elements or drivers check, after elaboration.
LATER_ERRORS = {
    *("bad-group-ports", "bad-handler-name", "bad-line-directive", "bad-missing-argument", "bad-port-number"),
    *("bad-port-reused", "bad-unconnected-port"),
}


@pytest.mark.skipif(not CASES.is_dir(), reason="no conformance cases")
@pytest.mark.parametrize("folder", sorted(CASES.iterdir()) if CASES.is_dir() else (), ids=lambda folder: folder.name)
def test_elements_get_the_recorded_configurations(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = tomllib.loads((folder / "case.toml").read_text())
    arguments = case["args"]
    monkeypatch.chdir(folder)
    if "-e" in arguments:
        source = Source.expression(arguments[arguments.index("-e") + 1])
    else:
        source = Source.read("config.click")
    diagnostics = Diagnostics()
    configuration = load_configuration(
        source,
        diagnostics,
        known_class=case["elements"].__contains__,
        defines=dict(argument.split("=", 1) for argument in arguments if "=" in argument and " " not in argument),
    )
    printed = diagnostics.render("click")
    for line in case.get("stderr", {}).get("lines", ()) if folder.name not in LATER_ERRORS else ():
        assert line in printed
    assert (configuration is None) == (case["exit"] == "nonzero" and folder.name not in LATER_ERRORS)
    recorded = folder / "expected" / "handlers.txt"
    if configuration is not None and recorded.exists():
        configs = {element.name: element.config for element in configuration.elements}
        for handler in case["handlers"]:
            name, _, which = handler.rpartition(".")
            assert not name or name in configs
            if which == "config":
                value = f"{handler}:\n{configs[name]}\n" if len(case["handlers"]) > 1 else f"{configs[name]}\n"
                assert value in recorded.read_text()
