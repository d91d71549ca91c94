"""Where the messages of a running script go: one sink, with context lines printed before the first message."""

from __future__ import annotations

from collections.abc import Callable


class Errors:
    """Counts messages and passes them on, each one or more whole lines."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self.count = 0

    def error(self, message: str) -> None:
        self.count += 1
        self._write(message)

    def within(self, context: str) -> Errors:
        """A sink for messages that belong under the line `context`, which is printed once, when there is one."""
        printed = False

        def write(message: str) -> None:
            nonlocal printed
            indented = "\n".join("  " + line for line in message.split("\n"))
            self.error(indented if printed else f"{context}\n{indented}")
            printed = True

        return Errors(write)
