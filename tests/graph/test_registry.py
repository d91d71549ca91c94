"""Finding element classes by name, without importing the others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nmclick.element import Element
from nmclick.graph.registry import Registry, RegistryError, elements_folder

COUNT = '''
from nmclick.element import Element

class Helper:
    pass

class TellTale(Element):
    """Counts."""
    ports = "1/1"
    aliases = ("OldTale", "TaleTeller")
'''


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    for name, text in {
        "alpha/telltale.py": COUNT,
        "alpha/telltale.c": "",
        "alpha/_shared.py": "raise RuntimeError('not an element')",
        "beta/broken.py": "class Broken(Element):\n    pass\n",
        "beta/odd.py": "from nmclick.element import Element\nclass Odd(Element):\n    ports = 'many'\n",
        "beta/plain.py": "class Plain(dict):\n    pass\n",
        "beta/notes.txt": "",
        "README": "",
        "__pycache__/stale.py": "class Stale(Element):\n    pass\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return Registry(tmp_path, f"elements_of_{tmp_path.name}")


def test_a_class_is_found_by_its_name_and_by_its_aliases(registry: Registry) -> None:
    cls = registry.find("TellTale")
    assert cls is not None
    assert issubclass(cls, Element)
    assert registry.find("OldTale") is cls
    assert registry.find("TaleTeller") is cls


def test_names_are_case_sensitive_and_exact(registry: Registry) -> None:
    for name in ("telltale", "Telltale", "Helper", "Nothing", "_shared", "stale", "Stale", "Element"):
        assert registry.find(name) is None, name


def test_listing_names_imports_nothing(registry: Registry) -> None:
    assert registry.class_names() == ["Broken", "Odd", "OldTale", "Plain", "TaleTeller", "TellTale"]
    assert registry.class_names(aliases=False) == ["Broken", "Odd", "Plain", "TellTale"]
    assert not [name for name in sys.modules if name.startswith(registry.package)]


def test_only_the_file_of_the_class_is_imported(registry: Registry) -> None:
    registry.find("TellTale")
    modules = {name for name in sys.modules if name.startswith(f"{registry.package}.")}
    assert modules == {f"{registry.package}.alpha", f"{registry.package}.alpha.telltale"}


def test_the_c_source_is_the_sibling(registry: Registry, tmp_path: Path) -> None:
    cls = registry.find("TellTale")
    assert cls is not None
    assert Registry.c_source(cls) == tmp_path / "alpha" / "telltale.c"
    assert Registry.folder(cls) == tmp_path / "alpha"
    (tmp_path / "alpha" / "telltale.c").unlink()
    assert Registry.c_source(cls) is None


def test_a_broken_file_is_named(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(RegistryError) as raised:
        registry.find("Broken")
    file = tmp_path / "beta" / "broken.py"
    assert str(raised.value) == f"{file}: cannot be imported: NameError: name 'Element' is not defined"
    with pytest.raises(RegistryError, match=r"odd\.py: bad port count 'many'"):
        registry.find("Odd")
    with pytest.raises(RegistryError, match=r"plain\.py: 'Plain' is no Element"):
        registry.find("Plain")


def test_a_name_declared_twice_is_refused(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "beta" / "oldtale.py").write_text("class OldTale(Element):\n    pass\n")
    with pytest.raises(RegistryError, match=r"telltale.py and .*oldtale.py both declare 'OldTale'"):
        registry.class_names()


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="No such file or directory"):
        Registry(tmp_path / "none").class_names()


def test_every_element_of_the_project_can_be_imported() -> None:
    registry = Registry()
    files = set(elements_folder().glob("*/[!_]*.py"))
    names = registry.class_names(aliases=False)
    assert {name.lower() for name in names} == {file.stem for file in files}
    for name in registry.class_names():
        cls = registry.find(name)
        assert cls is not None
        assert name == cls.__name__ or name in cls.aliases
