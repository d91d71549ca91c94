"""Importing beforehand what functions import when they are called, for who will not be able to read the files then."""

from __future__ import annotations

import ast
import importlib
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import nmclick

__all__ = ["late_imports", "open_to_all", "preload"]

#: Imported by name when text is first read or written so; idna for addresses of sockets.
_CODECS = ("encodings.ascii", "encodings.latin_1", "encodings.idna")
_READ_AND_ENTER, _ENTER = 0o005, 0o001


def preload() -> None:
    """Before privileges are given up: nothing happens where everybody can read Python's and nmclick's files. A Python
    that lies in root's home is the other case."""
    folders = [*nmclick.__path__, *sysconfig.get_paths().values()]
    if all(open_to_all(Path(folder)) for folder in folders if os.path.isdir(folder)):
        return
    _import(_CODECS)
    seen: set[str] = set()
    while waiting := [module for module in _own_modules() if module.__name__ not in seen]:
        for module in waiting:
            seen.add(module.__name__)
            _import(late_imports(Path(str(module.__file__)).read_text(encoding="utf-8")))


def open_to_all(folder: Path) -> bool:
    """Whether everybody can read a folder: by its mode bits, and by those of the folders above it."""
    real = folder.resolve()
    wanted = [(real, _READ_AND_ENTER), *((parent, _ENTER) for parent in real.parents)]
    return all(path.stat().st_mode & bits == bits for path, bits in wanted)


def _own_modules() -> Iterator[ModuleType]:
    """Modules of nmclick that are there, elements' among them. Not those that read command lines or compile."""
    root = str(Path(nmclick.__file__).parent.parent)
    done = ("nmclick.cli.", "nmclick.compile", "nmclick.graph", "nmclick.draw")
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None) or ""
        ours = file.startswith(root) and file.endswith(".py") and "site-packages" not in file[len(root) :]
        if ours and (not module.__name__.startswith(done) or module.__name__ == "nmclick.cli.statistics"):
            yield module


def late_imports(source: str) -> list[str]:
    """The names of modules that a file imports inside functions."""
    names = set()
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    names |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
                    names.add(node.module)
    return sorted(names)


def _import(names: Iterable[str]) -> None:
    for name in names:
        with suppress(ImportError):  # of another platform, or optional: then nobody will miss it
            importlib.import_module(name)
