"""Where element classes come from: class ``CheckIPHeader`` is in ``FAMILY/checkipheader.py``.

Files are found by one directory scan a family, classes and aliases by their text; a file is imported when its class is
asked for. The files are the package ``nmclick_elements`` of an installed nmclick, or ``elements/`` of a checkout.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from functools import cached_property
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING

from nmclick.graph.flow import flow_matrix
from nmclick.graph.portcount import parse_port_count
from nmclick.graph.processing import parse_processing

if TYPE_CHECKING:
    from nmclick.element import Element

__all__ = ["Registry", "RegistryError", "elements_folder"]

PACKAGE = "nmclick_elements"

_CLASS = re.compile(r"^class (?P<name>\w+)\(", re.MULTILINE)
_ALIASES = re.compile(r"^ {4}aliases\b[^=\n]*=\s*[(\[](?P<names>[^)\]]*)[)\]]", re.MULTILINE)
_STRING = re.compile(r"""["'](\w+)["']""")


class RegistryError(Exception):
    """The element files are missing, or one of them is broken; the text says which and why."""


def elements_folder() -> Path:
    """The folder that holds the families, beside the nmclick package or wherever ``nmclick_elements`` is installed."""
    beside = Path(__file__).resolve().parent.parent.parent
    for folder in (beside / PACKAGE, beside / "elements"):
        if folder.is_dir():
            return folder
    spec = importlib.util.find_spec(PACKAGE)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        return Path(location)
    raise RegistryError(f"no element files: neither {beside / 'elements'} nor the package {PACKAGE} exists")


class Registry:
    """The element classes below a folder. `package` names the modules that their files are imported as."""

    def __init__(self, root: Path | None = None, package: str = PACKAGE) -> None:
        self.root = root if root is not None else elements_folder()
        self.package = package
        self._found: dict[str, type[Element] | None] = {}

    def find(self, name: str) -> type[Element] | None:
        """The class called `name`, or that `name` is an alias of; None if there is none.

        RegistryError if its file cannot be imported or what it declares makes no sense.
        """
        if name not in self._found:
            file = self._files.get(name.lower())
            if file is None or _declared(file) != name:
                file = self._by_name.get(name)
            self._found[name] = None if file is None else self._load(file)
        return self._found[name]

    def class_names(self, *, aliases: bool = True) -> list[str]:
        """The names of all classes, sorted, without importing any of them."""
        if aliases:
            return sorted(self._by_name)
        return sorted(name for name, file in self._by_name.items() if name.lower() == file.stem)

    @cached_property
    def _files(self) -> dict[str, Path]:
        """Element files by their stem."""
        files: dict[str, Path] = {}
        for family in sorted(_entries(self.root), key=lambda entry: entry.name):
            if family.name.startswith(("_", ".")) or not family.is_dir():
                continue
            for entry in sorted(_entries(family.path), key=lambda entry: entry.name):
                stem, suffix = os.path.splitext(entry.name)
                if suffix != ".py" or stem.startswith("_"):
                    continue
                path = Path(entry.path)
                if stem in files:
                    raise RegistryError(f"{files[stem]} and {path} have the same name")
                files[stem] = path
        return files

    @cached_property
    def _by_name(self) -> dict[str, Path]:
        """Element files by class name and alias."""
        names: dict[str, Path] = {}
        for file in self._files.values():
            text = _read(file)
            name = _class_in(text, file.stem)
            if name is None:
                continue
            listed = _ALIASES.search(text)
            for each in (name, *(_STRING.findall(listed["names"]) if listed else ())):
                if each in names:
                    raise RegistryError(f"{names[each]} and {file} both declare '{each}'")
                names[each] = file
        return names

    def _load(self, file: Path) -> type[Element]:
        from nmclick.element import Element

        module_name = f"{self.package}.{file.parent.name}.{file.stem}"
        module = sys.modules.get(module_name)
        if module is None:
            _ensure_package(self.package, self.root)
            try:
                module = importlib.import_module(module_name)
            except Exception as error:  # whatever an element file does wrong is reported with the file's name
                raise RegistryError(f"{file}: cannot be imported: {type(error).__name__}: {error}") from error
        name = _declared(file)
        cls = getattr(module, name or "", None)
        if not isinstance(cls, type) or not issubclass(cls, Element):
            raise RegistryError(f"{file}: '{name}' is no Element")
        try:
            parse_port_count(cls.ports)
            parse_processing(cls.processing, 1, 1)
            flow_matrix(cls.flow, 1, 1)
        except ValueError as error:
            raise RegistryError(f"{file}: {error}") from error
        return cls

    @staticmethod
    def file(element: type[Element]) -> Path:
        """The Python file of an element class."""
        origin = getattr(sys.modules[element.__module__], "__file__", None)
        if origin is None:
            raise RegistryError(f"class {element.__name__} comes from no file")
        return Path(origin)

    @staticmethod
    def folder(element: type[Element]) -> Path:
        """The family folder of an element class."""
        return Registry.file(element).parent

    @staticmethod
    def c_source(element: type[Element]) -> Path | None:
        """The C sibling of an element class; None if it has no packet code of its own."""
        path = Registry.file(element).with_suffix(".c")
        return path if path.is_file() else None


def _entries(folder: Path | str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise RegistryError(f"{folder}: {error.strerror}") from error


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RegistryError(f"{file}: {error}") from error


def _class_in(text: str, stem: str) -> str | None:
    return next((m["name"] for m in _CLASS.finditer(text) if m["name"].lower() == stem), None)


def _declared(file: Path) -> str | None:
    """The name of the element class in a file: the one that spells the file's name."""
    return _class_in(_read(file), file.stem)


def _ensure_package(package: str, root: Path) -> None:
    """Make `package` importable where it is not installed: a package whose families are below `root`."""
    if package in sys.modules:
        return
    spec = ModuleSpec(package, None, is_package=True)
    spec.submodule_search_locations = [str(root)]
    sys.modules[package] = importlib.util.module_from_spec(spec)
