"""The files of Unix sockets: one that a killed server left, one that is in use, one that is something else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.linux.routers import Here, refusal, start_router


@pytest.fixture
def here() -> Iterator[Here]:
    with Here() as made:
        yield made


def server(path: Path, kind: str) -> str:
    return f"s :: Socket({kind}, {path}) -> Discard"


@pytest.mark.parametrize("kind", ["UNIX", "UNIX_DGRAM"])
def test_a_server_takes_the_place_of_one_that_was_killed(here: Here, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "socket"
    start_router(here, here, server(path, kind)).kill()
    assert path.is_socket()
    outcome = start_router(here, here, server(path, kind)).stop()
    assert (outcome.status, outcome.errors) == (0, "")


@pytest.mark.parametrize("kind", ["UNIX", "UNIX_DGRAM"])
def test_a_file_in_use_stays_and_is_named_with_the_cure(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if kind == "UNIX" else socket.SOCK_DGRAM) as other:
        other.bind(str(path))
        if kind == "UNIX":
            other.listen()
        check_refused(path, kind)
    assert path.is_socket()


def test_a_file_that_is_no_socket_stays(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    path.write_text("precious")
    check_refused(path, "UNIX")
    assert path.read_text() == "precious"


def check_refused(path: Path, kind: str) -> None:
    assert refusal(Here(), server(path, kind)) == (
        "config:1: While initializing 's :: Socket':\n"
        f"  bind: {path}: Address already in use: if no program uses the file any more, remove it\n"
        "Router could not be initialized!\n"
    )
