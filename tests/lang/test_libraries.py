"""`require(library ...)`: where libraries are found, and that each is read once."""

from __future__ import annotations

from pathlib import Path

import pytest
from language import elaborate, flat, messages

from nmclick.lang.source import MAX_SIZE, Source


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_library_is_found_beside_the_file_and_read_once(folder: Path) -> None:
    write(folder / "sub/lib.click", "elementclass H { $n | input -> Strip($n) -> output } define($L 21); x :: Idle;")
    text = 'require(library lib.click); require(library "lib.click", library lib.click) x -> H($L) -> Discard'
    expected = ["x :: Idle;", "Discard@3 :: Discard;", "H@2/Strip@1 :: Strip(21);", "x -> H@2/Strip@1 -> Discard@3;"]
    assert flat(text, name="sub/main.click") == expected


def test_libraries_require_libraries_beside_themselves(folder: Path) -> None:
    write(folder / "lib", "require(library dir/lib2)\nelementclass A { b :: B; }\n")
    write(folder / "dir/lib2", "require(library lib3) elementclass B { i :: C; }")
    write(folder / "dir/lib3", "elementclass C Idle")
    write(folder / "lib4", "require(library lib)")
    assert flat("require(library lib, library lib4)\na :: A;") == ["a/b/i :: Idle;"]


def test_the_search_path_has_libraries_in_conf(folder: Path) -> None:
    for place, name in (("conf/click", "A"), ("conf", "B"), ("", "C")):
        write(folder / "path" / place / f"{name}.click", f"elementclass {name} Idle")
    text = "require(library A.click, library B.click, library C.click) A; B; C;"
    assert flat(text, search_path=[folder / "none", folder / "path"]) == [
        *("A@1 :: Idle;", "B@2 :: Idle;", "C@3 :: Idle;")
    ]


def test_elements_of_a_library_are_declared_where_it_is_required(folder: Path) -> None:
    write(folder / "lib", "Idle -> Discard")
    assert flat("Null require(library lib) Null") == [
        *("Null@1 :: Null;", "Idle@2 :: Idle;", "Discard@3 :: Discard;", "Null@4 :: Null;"),
        "Idle@2 -> Discard@3;",
    ]


def test_landmarks_go_on_after_a_library(folder: Path) -> None:
    write(folder / "lib", "x :: X;\n( ")
    assert messages("require(library lib)\ny :: Y;") == [
        *("./lib:1: unknown element class 'X'", "./lib:2: expected ')'", "F:2: unknown element class 'Y'")
    ]


def test_a_file_that_requires_itself_is_an_error_and_no_loop(folder: Path) -> None:
    write(folder / "F", "a :: Idle; require(library F)")
    assert messages("a :: Idle; require(library F)") == [
        *("./F:1: redeclaration of element 'a'", "F:1: element 'a' previously declared here")
    ]


def test_libraries_do_not_nest_for_ever(folder: Path) -> None:
    for number in range(60):
        write(folder / f"lib{number}", f"require(library lib{number + 1})")
    assert messages("require(library lib0)") == ["./lib48:1: libraries nested too deep"]


def test_files_that_cannot_be_read(folder: Path) -> None:
    write(folder / "sub/x", "")
    assert messages("require(library sub)") == ["F:1: ./sub: Is a directory"]
    assert messages("require(library /no/such/file)") == ["F:1: /no/such/file: No such file or directory"]
    assert messages('require(library "a\\0b")') == ["F:1: library 'a^@b' not found in CLICKPATH/conf"]
    assert messages('require(library "/a\\0b")') == ["F:1: /a^@b: No such file or directory"]


def test_a_file_without_an_end_is_too_large() -> None:
    with pytest.raises(OSError, match="File too large"):
        Source.read("/dev/zero")
    assert messages("require(library /dev/zero)") == ["F:1: /dev/zero: File too large"]
    assert MAX_SIZE == 16 * 1024 * 1024


def test_sources_keep_every_byte(folder: Path) -> None:
    data = b"// \xff\xc3\xa9\r\na :: Idle"
    (folder / "f").write_bytes(data)
    source = Source.read("f")
    assert source.name == "f"
    assert source.text.encode("utf-8", "surrogateescape") == data


def test_expressions_are_called_config() -> None:
    source = Source.expression("a :: X")
    _, diagnostics = elaborate(source.text, name=source.name)
    assert diagnostics.render("click") == "config:1: unknown element class 'X'\n"
