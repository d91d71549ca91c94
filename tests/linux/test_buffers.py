"""The ports alone, under the sanitizers: every buffer comes back, and a program's mistakes stay its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from native_build import HERE, NATIVE, Build

from tests.linux.network import Network
from tests.linux.test_ports import FRAMES, Cable, sent_and_received

NOTES = {
    "xdp:p{}": "AF_XDP, driver mode, copying, queue 0",
    "xdp:p{},skb": "AF_XDP, SKB mode (the slowest), queue 0",
    "xdp:p{},copy": "AF_XDP, driver mode, copying, queue 0",
    "packet:p{},promisc": "AF_PACKET, TPACKET_V2, 1 ring of 1037 frames",
    "packet:p{},rings=2": "AF_PACKET, TPACKET_V2, 2 rings of 1037 frames",
}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    base = tmp_path_factory.getbasetemp()
    return Build((base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "native-build")


def compiled(build: Build, name: str) -> Path:
    """A C program of this folder, linked with the ports."""
    library = build.library()
    source = Path(__file__).parent / f"{name}.c"
    return build.compile(name + "-linux", source, library, f"-I{HERE}", f"-I{NATIVE}", f"-Wl,-rpath,{library.parent}")


@pytest.fixture(scope="module")
def program(build: Build) -> Path:
    return compiled(build, "devices")


CHECKSUMS = ("unfinished_checksums_are_finished_and_others_kept", "fragments_and_cut_frames_are_let_be")


@pytest.mark.parametrize("test", CHECKSUMS)
def test_checksums(build: Build, test: str) -> None:
    done = subprocess.run([compiled(build, "checksums"), test], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.root
@pytest.mark.parametrize("kind", NOTES)
def test_every_buffer_comes_back(network: Network, program: Path, kind: str) -> None:
    hosts, middle = (network.namespace(), network.namespace()), network.namespace()
    for number, host in enumerate(hosts):
        network.join((middle, f"p{number}"), (host, "h"))
    process = network.start(
        subprocess.Popen(
            middle.command(program, "cable"),
            env={**os.environ, "PORT_A": kind.format(0), "PORT_B": kind.format(1)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(3)]
    assert said == [f"{NOTES[kind]}\n", f"{NOTES[kind]}\n", "ready\n"]
    cable = Cable(network, hosts, middle, kind)
    for way in ((0, 1), (1, 0)):
        assert sent_and_received(cable, FRAMES * 60, way) == FRAMES * 60
    output, errors = process.communicate("", timeout=20)
    assert (process.returncode, errors) == (0, "")
    if "rings" not in kind:
        assert output == f"{len(FRAMES) * 60} {len(FRAMES) * 60}\n"
