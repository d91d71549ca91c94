"""Flat configurations kept from one run to the next, so that a configuration that was fine is not parsed again.

Kept is only what came without a word of complaint and from the configuration's own text: whoever reads it back could
otherwise miss a diagnostic, or a library that has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nmclick.cache import code_state, fingerprint, recall, remember
from nmclick.lang.flat import FlatConfiguration, FlatConnection, FlatElement, Requirement
from nmclick.lang.source import Source, Span

__all__ = ["flat_key", "keep_flat", "kept_flat"]

_KIND = "flat"


def flat_key(source: Source, defines: Mapping[str, str], search_path: Sequence[Path]) -> str:
    """Names everything that a flat configuration is made from, but which element classes there are."""
    code = code_state(Path(__file__).resolve().parent.parent)
    folders = [str(folder) for folder in search_path]
    return fingerprint(source.name, source.text, list(defines.items()), folders, code)


def kept_flat(key: str, source: Source, known_class: Callable[[str], bool]) -> FlatConfiguration | None:
    """What was kept under this key, if all the classes are still known that were and no others."""
    found = recall(_KIND, key)
    if found is None:
        return None
    classes, elements, connections, requirements, text = found
    if any(known_class(name) != known for name, known in classes.items()):
        return None
    return FlatConfiguration(
        [
            FlatElement(name, class_name, config, Span(source, *span), config_span and Span(source, *config_span))
            for name, class_name, config, span, config_span in elements
        ],
        [
            FlatConnection(from_element, from_port, to_element, to_port, Span(source, *span))
            for from_element, from_port, to_element, to_port, span in connections
        ],
        [Requirement(*requirement) for requirement in requirements],
        source.text if text is None else text,
    )


def keep_flat(key: str, source: Source, flat: FlatConfiguration, classes: Mapping[str, bool]) -> None:
    """Keep a configuration; `classes` are the names that were looked up, and whether there are such classes."""
    if flat.libraries:
        return
    elements = [(e.name, e.class_name, e.config, _span(e.span), _span(e.config_span)) for e in flat.elements]
    connections = [(c.from_element, c.from_port, c.to_element, c.to_port, _span(c.span)) for c in flat.connections]
    requirements = [tuple(requirement) for requirement in flat.requirements]
    text = None if flat.text == source.text else flat.text
    remember(_KIND, key, (dict(classes), elements, connections, requirements, text))


def _span(span: Span | None) -> Any:
    return span and (span.start, span.end, span.file, span.line)
