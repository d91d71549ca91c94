"""An installed nmclick needs nothing of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CONFIG = """
RatedSource(DATA \\<0000 0000 0001 0000 0000 0002 0800>, LIMIT 5, STOP true)
    -> c :: Classifier(12/0800, -) -> EtherMirror -> good :: Counter -> ToNetmap(pcap:out.pcap);
c [1] -> Discard;
"""


def command(*words: str | Path, cwd: Path) -> str:
    """Run a program that must succeed, away from this process's Python environment."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "NMCLICK"))
    }
    environment |= {"XDG_CACHE_HOME": str(cwd / "cache"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        list(map(str, words)), cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a virtual environment `env` that has the wheel installed. It sees the dependencies of this
    environment, but not a checkout that is installed as editable: nobody reads a .pth file beside the dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env")
    (packages,) = (folder / "env" / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = folder / "env" / "bin" / "python"
    command(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--force-reinstall",
            "--ignore-installed", wheel, cwd=folder)  # fmt: skip
    return folder


def test_installed_wheel_runs_a_configuration_outside_the_checkout(home: Path) -> None:
    (home / "config.click").write_text(CONFIG)
    nmclick = home / "env" / "bin" / "nmclick"
    assert command(nmclick, "run", "config.click", "-h", "good.count", cwd=home) == "5\n"
    frame = bytes.fromhex("0000 0000 0002 0000 0000 0001 0800")
    assert (home / "out.pcap").read_bytes().count(frame) == 5


def test_installed_package_is_the_one_of_the_wheel(home: Path) -> None:
    where = command(
        home / "env" / "bin" / "python",
        "-c",
        "import nmclick, nmclick.graph.registry as r; print(nmclick.__file__); print(r.elements_folder())",
        cwd=home,
    ).split()
    assert [Path(path).is_relative_to(home / "env") for path in where] == [True, True]
    assert Path(where[1]).name == "nmclick_elements"


def test_wheel_has_every_element_and_every_native_source(home: Path) -> None:
    packages = Path(next((home / "env" / "lib").glob("python*/site-packages")))
    for source, installed in (("elements", "nmclick_elements"), ("native", "nmclick/native")):
        wanted = {
            path.relative_to(ROOT / source) for path in (ROOT / source).rglob("*") if path.suffix in (".py", ".c", ".h")
        }
        found = {path.relative_to(packages / installed) for path in (packages / installed).rglob("*") if path.is_file()}
        assert len(wanted) > 20
        assert wanted <= found
