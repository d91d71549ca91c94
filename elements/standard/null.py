from __future__ import annotations

from nmclick.element import Element


class Null(Element):
    """Pass every packet on unchanged.

    A place to join branches before the elements that follow are declared. It costs nothing: the compiled
    pipeline leaves it out. It has no arguments.
    """

    ports = "1/1"
    processing = "a/a"

    def constant_output(self) -> int | None:
        return 0
