"""What README.md shows is true: its commands run, their output is as printed, its element works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its kind ("sh") and text, and the last name of a file in the paragraph before it."""

    kind: str
    text: str
    file: str


def blocks(*kinds: str) -> list[Block]:
    found = []
    for match in _BLOCK.finditer(README):
        files = re.findall(r"`([\w/.]+\.\w+)`", README[: match.start()])
        if match["kind"] in kinds:
            found.append(Block(match["kind"], match["text"], files[-1] if files else ""))
    return found


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, in which commands may write."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("nmclick", "elements", "native", "configs", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    return folder


def shell(script: str, checkout: Path) -> subprocess.CompletedProcess[str]:
    """Run a script at the top of the checkout, where `nmclick` is the one of the checkout."""
    tool = checkout / "bin" / "nmclick"
    if not tool.exists():
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m nmclick "$@"\n')
        tool.chmod(0o755)
    environment = os.environ | {"PATH": f"{tool.parent}:{os.environ['PATH']}", "PYTHONPATH": str(checkout)}
    environment.pop("NMCLICK_DIAGNOSTICS", None)
    return subprocess.run(
        ["sh", "-ec", script],
        cwd=checkout,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("script", [block.text for block in blocks("sh")])
def test_commands_run(checkout: Path, script: str) -> None:
    done = shell(script, checkout)
    assert done.returncode == 0, done.stdout


def examples() -> list[tuple[str, str]]:
    """Commands with the output that is shown below them."""
    lines = [block.text.partition("\n") for block in blocks("console")]
    return [(command.removeprefix("$ "), output) for command, _, output in lines]


@pytest.mark.parametrize(("command", "output"), examples())
def test_commands_print_what_is_shown(checkout: Path, command: str, output: str) -> None:
    assert shell(command, checkout).stdout == output


def test_first_configuration_is_the_file_it_names() -> None:
    (block,) = blocks("click")
    head, _, rest = (ROOT / "configs" / "echo.click").read_text(encoding="utf-8").partition("\n\n")
    assert head.startswith("//")
    assert block.text == rest


def test_every_configuration_and_folder_that_exists_is_listed() -> None:
    for file in (ROOT / "configs").glob("*.click"):
        assert f"(configs/{file.name})" in README
    for link in re.findall(r"\]\(([\w./]+)\)", README):
        assert (ROOT / link).exists(), link


def test_element_is_added_by_two_files_and_a_test(checkout: Path) -> None:
    for block in blocks("python", "c"):
        file = checkout / block.file
        assert not file.exists()
        file.write_text(block.text)
    done = shell(
        f"{sys.executable} -m pytest -q -p no:cacheprovider tests/elements/standard/test_everynth.py", checkout
    )
    assert "1 passed" in done.stdout, done.stdout
    inline = re.search(r"`(nmclick run -e 'Infinite[^`]*)`[^`]* prints (\d+)\.", README)
    assert inline is not None
    assert shell(inline[1].replace("\n", " "), checkout).stdout == f"{inline[2]}\n"
