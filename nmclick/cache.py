"""The user's private cache folder, and results that are kept there from one run to the next.

A result is found by a key that names everything it was made from, so it is never out of date: what changes has another
key. Results are plain values (what marshal can write), stored with a digest, so that a damaged file is no result.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from nmclick import __version__

__all__ = [
    "CacheError",
    "cache_folder",
    "code_state",
    "files_state",
    "fingerprint",
    "is_whole",
    "keep",
    "note_use",
    "prune",
    "recall",
    "remember",
    "tree_state",
    "workplace",
]

_DIGEST_SIZE = 32
_DAY = 86400
#: The end of every file that is loaded as code: one that was cut off does not have it. Loaders do not mind it.
_MARK = b"\n# the end, nmclick\n"
#: Days that a file is kept which nobody uses.
KEPT_DAYS = 30


class CacheError(Exception):
    """There is no folder that only the user can write to. The text says what to do."""


def cache_folder() -> Path:
    """$NMCLICK_CACHE, else `nmclick` below $XDG_CACHE_HOME or ~/.cache, made if it is missing. Raises CacheError.

    Nobody else may write there, since what lies in it is loaded as code.
    """
    named = os.environ.get("NMCLICK_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = Path(named or os.path.join(base, "nmclick"))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        raise CacheError(
            f"cannot make the cache folder {folder}: {error.strerror}; set NMCLICK_CACHE to a folder of yours"
        ) from error
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o022:
        raise CacheError(
            f"the cache folder {folder} belongs to or can be written by somebody else: "
            "chmod 700 it, or set NMCLICK_CACHE to a folder of yours"
        )
    return folder


def fingerprint(*parts: object) -> str:
    """A key for plain values, and for frozen dataclasses of them, under this version of nmclick and of Python."""
    text = repr((__version__, sys.version, parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def files_state(paths: Iterable[Path | str]) -> tuple[tuple[object, ...], ...]:
    """What tells that none of these files was changed or replaced: the time of the last change cannot be set back."""
    return tuple(_state(str(path), os.stat(path)) for path in paths)


def tree_state(folder: Path, *suffixes: str) -> tuple[tuple[object, ...], ...]:
    """As files_state, of all files below a folder whose names end so."""
    found = []
    folders = [str(folder)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(suffixes):
                    found.append(_state(entry.path, entry.stat()))
                elif entry.is_dir() and entry.name != "__pycache__":
                    folders.append(entry.path)
    return tuple(sorted(found))


@cache
def code_state(folder: Path) -> tuple[tuple[object, ...], ...]:
    """The tree_state of Python code. Looked at once: that a file is changed does not change what this process runs."""
    return tree_state(folder, ".py", ".lark")


def _state(path: str, status: os.stat_result) -> tuple[str, int, int, int]:
    return path, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def recall(kind: str, key: str) -> Any | None:
    """The result that was kept under `key`, a fingerprint; None if there is none, or none that can be trusted."""
    try:
        path = _file(kind, key)
        data = path.read_bytes()
    except (OSError, CacheError):
        return None
    digest, payload = data[:_DIGEST_SIZE], data[_DIGEST_SIZE:]
    if hashlib.sha256(payload).digest() != digest:
        return None
    note_use(path)
    return marshal.loads(payload)


def remember(kind: str, key: str, value: Any) -> None:
    """Keep a plain value for later runs; where that is not possible nothing happens."""
    payload = marshal.dumps(value)
    try:
        path = _file(kind, key)
        made = path.with_suffix(f".{os.getpid()}")
        made.write_bytes(hashlib.sha256(payload).digest() + payload)
        os.replace(made, path)
    except (OSError, CacheError):
        return


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder in the cache to make something in; it goes away with all that is still in it. Raises CacheError."""
    import tempfile

    folder = cache_folder()
    try:
        place = tempfile.TemporaryDirectory(dir=folder, prefix="build-")
    except OSError as error:
        raise CacheError(
            f"cannot write to the cache folder {folder}: {error.strerror}; set NMCLICK_CACHE to a folder of yours"
        ) from error
    with place as name:
        yield Path(name)


def keep(made: Path, path: Path) -> None:
    """Put a file that was made in a workplace into the cache, whole or not at all."""
    with made.open("ab") as file:
        file.write(_MARK)
    os.replace(made, path)


def is_whole(path: Path) -> bool:
    """Whether a file that was kept is there, with all its bytes."""
    try:
        with path.open("rb") as file:
            file.seek(-len(_MARK), os.SEEK_END)
            return file.read() == _MARK
    except OSError:
        return False


def note_use(path: Path) -> None:
    """A file of the cache is of use: its time says so, to the day."""
    try:
        if time.time() - path.stat().st_mtime > _DAY:
            os.utime(path)
    except OSError:
        return


def prune() -> None:
    """Remove what nobody used for KEPT_DAYS. Raises CacheError."""
    oldest = time.time() - KEPT_DAYS * _DAY
    with os.scandir(cache_folder()) as entries:
        for entry in entries:
            try:
                if entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime < oldest:
                    os.unlink(entry.path)
            except FileNotFoundError:
                continue  # another process was faster


def _file(kind: str, key: str) -> Path:
    return cache_folder() / f"{kind}-{key}.memo"
