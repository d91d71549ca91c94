from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nmclick.element import Arguments, Element, Notice, Optional, Positional, String, Word

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class Message(Element):
    """Print a message when the router is configured.

    Tells who uses a configuration what they should know. With TYPE ERROR the router does not start.

        Message("This file is deprecated, use gateway.click", WARNING)

    Arguments:
      MESSAGE  the text
      TYPE     MESSAGE (the default), WARNING or ERROR
    """

    example = '"hello"'
    arguments = Arguments(Positional("MESSAGE", String()), Optional("TYPE", Word(), "MESSAGE"))

    def configure(self, environment: Environment) -> Iterable[str | Notice]:
        message, kind = self.args.MESSAGE, self.args.TYPE
        if kind in ("MESSAGE", "WARNING"):
            yield Notice(message, is_warning=kind == "WARNING")
        else:
            yield message if kind == "ERROR" else "unrecognized message type"
