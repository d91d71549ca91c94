"""Results kept between runs: found again, never when they are not what was kept."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from nmclick import cache

KEY = "0123456789abcdef"
VALUE = ({"Queue": True}, [(1, 2, None)], "text with \udcff", b"bytes")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NMCLICK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_is_remembered_is_recalled_under_its_kind_and_key_only() -> None:
    cache.remember("flat", KEY, VALUE)
    assert cache.recall("flat", KEY) == VALUE
    assert cache.recall("program", KEY) is None
    assert cache.recall("flat", KEY[::-1]) is None


def test_a_damaged_entry_is_no_result(folder: Path) -> None:
    cache.remember("flat", KEY, VALUE)
    (entry,) = folder.iterdir()
    whole = entry.read_bytes()
    for at in range(len(whole)):
        entry.write_bytes(whole[:at])
        assert cache.recall("flat", KEY) is None
        entry.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert cache.recall("flat", KEY) is None


def test_a_folder_that_others_may_write_is_neither_read_nor_written(folder: Path) -> None:
    cache.remember("flat", KEY, VALUE)
    os.chmod(folder, 0o777)
    cache.remember("flat", "another", VALUE)
    assert cache.recall("flat", KEY) is None
    assert len(list(folder.iterdir())) == 1


def test_a_folder_that_cannot_be_made_is_an_error_only_for_those_who_need_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NMCLICK_CACHE", str(tmp_path / "file" / "cache"))
    cache.remember("flat", KEY, VALUE)
    assert cache.recall("flat", KEY) is None
    with pytest.raises(cache.CacheError) as error:
        cache.cache_folder()
    assert str(error.value) == (
        f"cannot make the cache folder {tmp_path}/file/cache: Not a directory; set NMCLICK_CACHE to a folder of yours"
    )


def test_fingerprints_tell_values_and_their_types_apart() -> None:
    parts = ["1", 1, 1.0, True, None, b"1", [1], (1,), {"1": 1}, "", [[]], ["", ""]]
    assert len({cache.fingerprint(part) for part in parts}) == len(parts)
    assert cache.fingerprint(1, 2) != cache.fingerprint((1, 2))
    assert cache.fingerprint("\udcff") == cache.fingerprint("\udcff")


def test_fingerprints_belong_to_one_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache.fingerprint("x")
    monkeypatch.setattr(cache, "__version__", "another")
    assert cache.fingerprint("x") != before


def test_a_changed_added_or_replaced_file_changes_the_state_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    file = tmp_path / "a" / "x.h"
    file.write_text("1")
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    states = [cache.tree_state(tmp_path, ".h")]
    file.write_text("2")
    os.utime(file, ns=times)  # as long and as old as before
    states.append(cache.tree_state(tmp_path, ".h"))
    (tmp_path / "y.h").write_text("")
    states.append(cache.tree_state(tmp_path, ".h"))
    assert len(set(states)) == 3
    (tmp_path / "y.c").write_text("")
    assert cache.tree_state(tmp_path, ".h") == states[-1]


def test_the_state_of_code_is_what_it_was_when_the_process_asked_first(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("1")
    before = cache.code_state(tmp_path)
    (tmp_path / "x.py").write_text("22")
    assert cache.code_state(tmp_path) == before
    cache.code_state.cache_clear()
    assert cache.code_state(tmp_path) != before


def test_what_nobody_uses_goes_after_a_month(folder: Path) -> None:
    for key in ("old", "used", "new"):
        cache.remember("flat", key, VALUE)
    long_ago = time.time() - 31 * 86400
    for key in ("old", "used"):
        os.utime(folder / f"flat-{key}.memo", (long_ago, long_ago))
    assert cache.recall("flat", "used") == VALUE
    cache.prune()
    assert [cache.recall("flat", key) for key in ("old", "used", "new")] == [None, VALUE, VALUE]


def test_a_file_is_kept_whole_or_not_at_all(folder: Path) -> None:
    with cache.workplace() as place:
        (place / "made").write_bytes(b"code")
        cache.keep(place / "made", folder / "kept")
    assert cache.is_whole(folder / "kept")
    whole = (folder / "kept").read_bytes()
    for size in range(len(whole)):
        (folder / "kept").write_bytes(whole[:size])
        assert not cache.is_whole(folder / "kept")
    assert not cache.is_whole(folder / "missing")
    assert [entry.name for entry in folder.iterdir()] == ["kept"]
