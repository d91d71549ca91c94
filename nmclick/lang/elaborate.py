"""From a source to a flat configuration: parse, declare, expand compounds, lead connections through them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from nmclick.lang.diagnostics import Diagnostics
from nmclick.lang.flat import FlatConfiguration, FlatConnection, FlatElement, Requirement
from nmclick.lang.flatten import flat_text
from nmclick.lang.source import MAX_SIZE, Source

__all__ = ["FlatConfiguration", "FlatConnection", "FlatElement", "Requirement", "load_configuration"]


def load_configuration(
    source: Source,
    diagnostics: Diagnostics,
    *,
    known_class: Callable[[str], bool],
    defines: Mapping[str, str] | None = None,
    class_names: Callable[[], Iterable[str]] = tuple,
    search_path: Sequence[Path] = (),
    available_package: Callable[[str], bool] = lambda name: False,
    incomplete: bool = False,
) -> FlatConfiguration | None:
    """The elements and connections of a configuration, or None after errors, which are in `diagnostics`. With
    `incomplete`, if the only errors are unknown classes and elements: what is left, with the names of the `missing`.

    `known_class` says which element classes exist besides those of the file, and `class_names` lists them for
    suggestions. `defines` are variables given on the command line; they win over the file's. Libraries are looked
    for beside the file and in the folders of `search_path`. Ports are not checked, except those of compounds.
    """
    # The parser is imported here because lark costs more than everything else that a command may need.
    from nmclick.lang.compounds import Compound, LimitError, Primitive, Special
    from nmclick.lang.context import Context
    from nmclick.lang.declare import Declarer
    from nmclick.lang.expand import Expander
    from nmclick.lang.libraries import COMPACT_CONFIG, RequirementReader
    from nmclick.lang.parser import parse
    from nmclick.lang.variables import Scope

    if len(source.text) > MAX_SIZE:
        diagnostics.error(None, f"{source.name}: configuration too large: more than {MAX_SIZE} characters")
        return None
    errors_before = diagnostics.errors
    file = parse(source)
    top = Compound("", file.end(), 0)
    reader = RequirementReader(diagnostics, search_path, available_package)
    context = Context(file, top, diagnostics, known_class, class_names)
    declarer = Declarer(context, reader)
    flat = FlatConfiguration(requirements=reader.requirements, text=source.text, libraries=reader.libraries)
    try:
        declarer.declare_file(file)
        if file.truncated or diagnostics.full:
            return None
        scope = Scope()
        for name, value in {**top.definitions, **(defines or {})}.items():
            scope.define(name, value)
        expander = Expander(top, context.tunnels, diagnostics, file.end(), context.class_type)
        expander.expand(scope)
        numbers: list[int] = []
        for instance in top.elements:
            numbers.append(len(flat.elements))
            if isinstance(instance.type, Primitive):
                flat.elements.append(
                    FlatElement(
                        instance.name,
                        instance.type.name,
                        instance.config,
                        instance.span,
                        instance.config_span,
                    )
                )
        wires = {
            (wire.to_element, wire.to_port, wire.from_element, wire.from_port): wire.span
            for wire in context.tunnels.connections()
        }
    except LimitError as error:
        diagnostics.error(file.end(), str(error))
        return None
    if diagnostics.errors > errors_before + (context.unknown if incomplete else 0):
        return None
    flat.missing = [instance.name for instance in top.elements if instance.type is Special.UNKNOWN]
    flat.connections = [
        FlatConnection(numbers[source_], output, numbers[target], input_, span)
        for (target, input_, source_, output), span in sorted(wires.items(), key=lambda item: item[0])
    ]
    if any(requirement.kind == COMPACT_CONFIG for requirement in flat.requirements):
        flat.text = flat_text(flat)
    return flat
