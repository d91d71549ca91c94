"""Where an argument is read: what its names may refer to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from nmclick.lang.addressinfo import AddressTable
from nmclick.lang.names import scopes


def no_handlers(element: str, handler: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Environment:
    """The element whose arguments are read, and the names that it can see.

    `elements` maps flat names ("compound/q") to elements and may still be growing. `has_handler(element,
    handler)` is asked whether an element, or the router ("" as element), has a handler; while configuring
    nothing is known yet.
    """

    element_name: str = ""
    addresses: AddressTable = field(default_factory=AddressTable)
    elements: Mapping[str, object] = field(default_factory=dict)
    has_handler: Callable[[str, str], bool] = no_handlers

    def at(self, element_name: str) -> Environment:
        """The same router seen from another element."""
        return replace(self, element_name=element_name)

    def full_name(self, name: str) -> str | None:
        """The flat name of the element that `name` means here: the enclosing compounds are searched
        outwards."""
        for scope in scopes(self.element_name):
            if scope + name in self.elements:
                return scope + name
        return None

    def element(self, name: str) -> object | None:
        """The element that `name` means here."""
        full = self.full_name(name)
        return None if full is None else self.elements[full]

    @staticmethod
    def element_class(element: object) -> tuple[str, ...]:
        """All the class names that `element` answers to: its class, its base classes, its aliases."""
        names = [cls.__name__ for cls in type(element).__mro__ if cls is not object]
        return (*names, *getattr(element, "aliases", ()))
