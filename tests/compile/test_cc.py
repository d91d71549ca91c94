"""Compilers and the cache."""

from __future__ import annotations

import ctypes
import os
import stat
from pathlib import Path

import pytest

from nmclick.compile import cc

SOURCE = '__attribute__((visibility("default"))) int answer(void) { return 42; }\n'


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMCLICK_CACHE", str(tmp_path / "cache"))
    cc.find_compiler.cache_clear()


def test_a_compiled_text_can_be_loaded_and_called() -> None:
    assert ctypes.CDLL(str(cc.compile_shared([SOURCE]))).answer() == 42


def test_the_same_text_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = cc.compile_shared([SOURCE])
    monkeypatch.setattr("subprocess.run", None)
    assert cc.compile_shared([SOURCE]) == first


def test_another_text_flag_or_header_gives_another_object(tmp_path: Path) -> None:
    header = tmp_path / "x.h"
    header.write_text("1")
    first = cc.compile_shared([SOURCE], depends=[header])
    header.write_text("2")
    paths = {
        first,
        cc.compile_shared([SOURCE], depends=[header]),
        cc.compile_shared([SOURCE.replace("42", "43")]),
        cc.compile_shared([SOURCE], flags=["-DX"]),
    }
    assert len(paths) == 4


def test_the_cache_folder_is_private() -> None:
    folder = cc.cache_folder()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_cache_folder_that_others_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    os.chmod(tmp_path / "cache", 0o777)
    with pytest.raises(cc.CompilerError) as error:
        cc.cache_folder()
    assert str(error.value) == (
        f"the cache folder {tmp_path}/cache belongs to or can be written by somebody else: "
        "chmod 700 it, or set NMCLICK_CACHE to a folder of yours"
    )


def test_without_any_compiler_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cc, "find_program", lambda name: None)
    monkeypatch.setattr(cc.importlib.util, "find_spec", lambda name: None)
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(cc.CompilerError) as error:
        cc.find_compiler()
    assert str(error.value) == (
        "no C compiler found: install gcc or clang (Debian, Ubuntu: apt install gcc libc6-dev), "
        "or the PyPI package ziglang (pip install ziglang)"
    )


def test_a_compiler_that_cc_names_and_does_not_exist_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(cc.CompilerError) as error:
        cc.find_compiler()
    assert str(error.value) == "the C compiler 'no-such-compiler' that CC names does not exist"


def test_a_refused_text_gives_the_first_error_and_keeps_the_rest(tmp_path: Path) -> None:
    with pytest.raises(cc.CompilerError) as error:
        cc.compile_shared(["int f(void) { return nothing; }\n"])
    assert "nothing" in str(error.value)
    assert str(tmp_path / "cache" / "failed.log") in str(error.value)
    assert not list((tmp_path / "cache").glob("*.so"))


@pytest.mark.parametrize("name", ["gcc", "clang"])
def test_either_compiler_works(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if cc.find_program(name) is None:
        pytest.skip(f"{name} is not installed")
    monkeypatch.setenv("CC", name)
    assert ctypes.CDLL(str(cc.compile_shared([SOURCE]))).answer() == 42


def test_options_that_only_gcc_knows_are_given_to_gcc_only() -> None:
    assert cc.Compiler(("cc",), "/usr/bin/x86_64-linux-gnu-gcc-12:1:2").is_gcc
    assert not cc.Compiler(("cc",), "/usr/lib/llvm-14/bin/clang:1:2").is_gcc
    assert not cc.Compiler(("python", "-m", "ziglang", "cc"), "zig:/gcc/ziglang/__init__.py:1:2").is_gcc


def test_a_runtime_built_on_the_side_is_the_library_itself() -> None:
    build = cc.RuntimeBuild()
    assert build.path() == cc.runtime_library()
    assert build.done


def test_a_runtime_that_cannot_be_built_is_told_to_who_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    cc.find_compiler.cache_clear()
    build = cc.RuntimeBuild()
    with pytest.raises(cc.CompilerError, match="no-such-compiler"):
        build.path()


def test_an_object_that_was_cut_off_is_made_again() -> None:
    """The page of a file that ends before it would kill the process that loads it."""
    path = cc.compile_shared([SOURCE])
    path.write_bytes(path.read_bytes()[:3000])
    assert ctypes.CDLL(str(cc.compile_shared([SOURCE]))).answer() == 42
