"""`require(...)`: packages, libraries, and the configuration's own options."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from nmclick.lang import configstring
from nmclick.lang.declare import Declarer
from nmclick.lang.diagnostics import Diagnostics
from nmclick.lang.flat import Requirement
from nmclick.lang.parser import MAX_NESTING, parse
from nmclick.lang.recovery import printable
from nmclick.lang.source import Source, Span

COMPACT_CONFIG = "compact_config"


def find_library(name: str, directory: str, search_path: Sequence[Path]) -> str | None:
    """The path of a library: `name` beside the file that wants it, or in `conf` of a folder of the search path."""
    if os.path.isabs(name):
        return name
    candidates = [f"{directory}/{name}"]
    for folder in search_path:
        candidates += [os.path.join(folder, *parts, name) for parts in (("conf", "click"), ("conf",), ())]
    return next((path for path in candidates if os.path.exists(path)), None)


class RequirementReader:
    """Carries out the requirements of a configuration and keeps those that it will show."""

    def __init__(
        self,
        diagnostics: Diagnostics,
        search_path: Sequence[Path],
        available_package: Callable[[str], bool],
    ) -> None:
        self.requirements: list[Requirement] = []
        self._diagnostics = diagnostics
        self._search_path = search_path
        self._available_package = available_package
        self.libraries: list[str] = []
        self._missing_packages: set[str] = set()

    def require(self, declarer: Declarer, config: str, place: Span, caret: Span) -> None:
        """Do what a `require(config)` that ends at `place` says."""
        for argument in configstring.split_arguments(config):
            words = configstring.split_words(argument)
            if not words:
                continue
            kind = configstring.parse_word(words[0]) or ""
            if len(words) == 1 and kind not in ("", COMPACT_CONFIG, "package", "library"):
                kind, words = "package", ["package", words[0]]
            value = configstring.parse_string(words[1]) if len(words) == 2 else None
            if kind == COMPACT_CONFIG and len(words) == 1:
                self.requirements.append(Requirement(kind, ""))
            elif kind == "package" and value is not None:
                self._require_package(value, caret)
                self.requirements.append(Requirement(kind, value))
            elif kind == "library" and value is not None:
                self._require_library(declarer, value, place, caret)
            else:
                self._diagnostics.error(place, "syntax error at requirement", caret=caret)

    def _require_package(self, name: str, caret: Span) -> None:
        if self._available_package(name):
            return
        shown = printable(name)
        if name not in self._missing_packages:
            self._missing_packages.add(name)
            self._diagnostics.error(
                None,
                f"can't find required package '{shown}.uo'\nin CLICKPATH",
                context=f"While loading package '{shown}':",
            )
        self._diagnostics.error(None, f"requirement '{shown}' not available", caret=caret)

    def _require_library(self, declarer: Declarer, name: str, place: Span, caret: Span) -> None:
        if declarer.context.circuit.depth:
            self._diagnostics.error(place, "'require library' must be used at file scope", caret=caret)
            return
        directory, slash, _ = declarer.context.file.lines.locate(place.start)[0].rpartition("/")
        path = find_library(name, directory if slash and directory else ".", self._search_path)
        if path is None:
            message = f"library '{printable(name)}' not found in CLICKPATH/conf"
            self._diagnostics.error(place, message, caret=caret)
            return
        if path in self.libraries:
            return
        self.libraries.append(path)
        if declarer.nesting + 1 >= MAX_NESTING:
            self._diagnostics.error(place, "libraries nested too deep", caret=caret)
            return
        try:
            source = Source.read(path)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "No such file or directory"
            self._diagnostics.error(place, f"{printable(path)}: {reason}", caret=caret)
            return
        declarer.nesting += 1
        declarer.declare_file(parse(source, nesting=declarer.nesting))
        declarer.nesting -= 1
