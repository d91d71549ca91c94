"""Second stage of elaboration: every use of a compound class is replaced by the elements inside it.

Elements keep Click's order: those of the file first, then the insides of the first compound, of the compounds in it,
of the second compound, and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nmclick.lang import configstring
from nmclick.lang.compounds import Compound, ElementType, LimitError, Special, plural
from nmclick.lang.diagnostics import Diagnostics
from nmclick.lang.source import Span
from nmclick.lang.tunnels import Tunnels
from nmclick.lang.variables import ExpansionError, Scope

MAX_DEPTH = 1000
MAX_TEXT = 256 * 1024 * 1024


class Expander:
    """Expands the compounds of the top circuit in place. Raises LimitError."""

    def __init__(
        self,
        top: Compound,
        tunnels: Tunnels,
        diagnostics: Diagnostics,
        end: Span,
        class_type: Callable[[str], ElementType | None],
    ) -> None:
        self._top = top
        self._tunnels = tunnels
        self._diagnostics = diagnostics
        self._end = end
        self._class_type = class_type
        self._text = 0

    def expand(self, scope: Scope) -> None:
        """Expand everything; `scope` has the variables of the file."""
        pending: list[tuple[Iterator[int], Scope]] = [(iter(range(len(self._top.elements))), scope)]
        while pending:
            indexes, scope = pending[-1]
            index = next(indexes, None)
            if index is None or self._diagnostics.full:
                pending.pop()
                continue
            inside = self._expand_element(index, scope)
            if inside is not None:
                pending.append(inside)
                if len(pending) > MAX_DEPTH:
                    raise LimitError(f"compound elements nested more than {MAX_DEPTH} deep")

    def _expand_element(self, index: int, scope: Scope) -> tuple[Iterator[int], Scope] | None:
        """Settle an element; if it is a compound, the elements that took its place and their variables."""
        top = self._top
        instance = top.elements[index]
        top.settle_name(index)
        if instance.type is Special.TUNNEL:
            return None
        instance.config = self._expand_config(instance.config, scope, instance.span)
        if not isinstance(instance.type, Compound):
            return None
        arguments = configstring.split_arguments(instance.config)
        type_, values = self._resolve(index, instance.type, arguments)
        if not isinstance(type_, Compound):
            instance.type = type_
            return None
        inner = Scope(scope.enclosing(type_.depth))
        for formal, value in zip(type_.formals, values, strict=False):
            inner.define(formal.name, value)
        for name, value in type_.definitions.items():
            inner.define(name, self._expand_config(value, inner, instance.span))
        return iter(self._insert(index, type_, inner)), inner

    def _expand_config(self, config: str, scope: Scope, place: Span) -> str:
        try:
            expanded = scope.expand(config)
        except ExpansionError:
            self._diagnostics.error(place, "variables expand without end in configuration string")
            return ""
        if expanded is not config:
            self._text += len(expanded)
            if self._text > MAX_TEXT:
                raise LimitError("configuration too large: variables expand to too much text")
        return expanded

    def _resolve(self, index: int, compound: Compound, arguments: list[str]) -> tuple[ElementType, list[str]]:
        """The overload that fits an element, or else the nearest, and the values of its formals."""
        instance = self._top.elements[index]
        candidates: list[Compound] = []
        closest: Compound | None = None
        overload: ElementType | None = compound
        while isinstance(overload, Compound):
            if overload in candidates:
                break
            candidates.append(overload)
            values = overload.assign(arguments)
            if values is not None:
                if (overload.inputs, overload.outputs) == (instance.inputs, instance.outputs):
                    return overload, values
                closest = overload
            overload = overload.overload
        else:
            if overload is not None:
                return overload, []
        if len(candidates) != 1 or closest is None:
            self._report_no_match(index, candidates, len(arguments))
        if closest is None:
            return Special.UNKNOWN, []
        return closest, closest.assign(arguments) or []

    def _report_no_match(self, index: int, candidates: list[Compound], arguments: int) -> None:
        instance = self._top.elements[index]
        counts = [plural(instance.inputs, "input"), plural(instance.outputs, "output")]
        if arguments:
            counts.insert(0, plural(arguments, "argument"))
        used = f"{candidates[0].printable_name}[{', '.join(counts)}]"
        diagnostics = self._diagnostics
        diagnostics.error(self._end, f"no match for '{used}'", caret=instance.span)
        diagnostics.note(candidates[0].landmark, "candidates are:", excerpt=False)
        for candidate in candidates:
            diagnostics.note(candidate.landmark, f"  {candidate.signature()}")

    def _insert(self, index: int, compound: Compound, scope: Scope) -> list[int]:
        """Put the elements and connections of `compound` in the place of an element; the new elements' indexes."""
        top = self._top
        instance = top.elements[index]
        name, place = instance.name, instance.span
        instance.type = Special.TUNNEL
        _, *ends = self._tunnels.add(top, name, self._end)
        indexes: list[int | None] = list(ends)
        tunnels: list[int] = []
        for inside in compound.elements[2:]:
            if tunnels:
                indexes.append(tunnels.pop(0))
                continue
            full_name = f"{name}/{inside.name}"
            existing = top.index.get(full_name)
            if existing is not None:
                self._diagnostics.error(place, f"redeclaration of element '{full_name}'")
                note = f"'{full_name}' previously declared here"
                self._diagnostics.note(top.elements[existing].span, note)
                indexes.append(None)
                continue
            if self._class_type(full_name) is not None:
                self._diagnostics.error(place, f"'{full_name}' is an element class")
            if inside.type is Special.TUNNEL:
                whole, *tunnels = self._tunnels.add(top, full_name, self._end)
                indexes.append(whole)
            else:
                config = self._expand_config(inside.config, scope, inside.span)
                indexes.append(top.add(full_name, inside.type, inside.span, config, inside.config_span))
        for wire in compound.wires:
            source, target = indexes[wire.from_element], indexes[wire.to_element]
            if source is not None and target is not None:
                top.connect(source, wire.from_port, target, wire.to_port, wire.span)
        return [new for new in indexes[2:] if new is not None]
