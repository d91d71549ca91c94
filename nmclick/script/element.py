"""What the element classes Script and DriverManager share: their arguments and their handlers."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    ArgumentError,
    Arguments,
    Element,
    Filename,
    HandlerError,
    Keyword,
    OwnHandler,
    Rest,
    Text,
)
from nmclick.lang.configstring import quote, shift_word, split_words
from nmclick.lang.source import decode
from nmclick.script.arithmetic import FUNCTIONS
from nmclick.script.calls import resolve
from nmclick.script.interpreter import Interpreter, Kind
from nmclick.script.numbers import format_bool, parse_integer
from nmclick.script.program import parse_program

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

_KINDS = {
    "ACTIVE": Kind.ACTIVE,
    "PASSIVE": Kind.PASSIVE,
    "PACKET": Kind.PACKET,
    "PUSH": Kind.PACKET,
    "PROXY": Kind.PROXY,
    "DRIVER": Kind.DRIVER,
    "SIGNAL": Kind.SIGNAL,
}
_SIGNALS = ("ABRT", "ALRM", "HUP", "INT", "IO", "PIPE", "QUIT", "TERM", "TSTP", "USR1", "USR2")
_RANDOM_MAX = 0x7FFFFFFF


class ScriptElement(Element):
    """An element that runs a script."""

    arguments = Arguments(Keyword("TYPE", Text(), ""), Rest("INSTRUCTIONS", Text()))
    #: What a script without TYPE is; None: PACKET if it has ports, else ACTIVE.
    default_kind: ClassVar[Kind | None] = None

    kind: Kind
    script: Interpreter

    def configure(self, environment: Environment) -> Iterable[str]:
        word, more = shift_word(self.args.TYPE)
        signals = [parse_signal(name) for name in split_words(more)] if word == "SIGNAL" else []
        kind = _KINDS.get(word) if word else self._default_kind()
        if kind is Kind.SIGNAL and (not signals or None in signals):
            return ["bad signal number"]
        if kind is None or (more and kind is not Kind.SIGNAL):
            return ["bad TYPE"]
        if error := self._unsuitable(kind, environment):
            return [error]
        program, errors = parse_program(self.args.INSTRUCTIONS, is_driver=kind is Kind.DRIVER)
        self.kind = kind
        self.script = Interpreter(self, program, kind, tuple(number for number in signals if number is not None))
        return errors

    def _default_kind(self) -> Kind:
        return self.default_kind or (Kind.PACKET if self.n_inputs or self.n_outputs else Kind.ACTIVE)

    def _unsuitable(self, kind: Kind, environment: Environment) -> str | None:
        others = (other for other in environment.elements.values() if other is not self)
        if kind is Kind.DRIVER and any(getattr(other, "kind", None) is Kind.DRIVER for other in others):
            return "router has more than one driver script"
        if kind is Kind.PACKET and not self.n_inputs:
            return "PACKET script must have inputs"
        if kind is not Kind.PACKET and (self.n_inputs or self.n_outputs):
            return "ports allowed only on PACKET scripts"
        return None

    # While running

    def started(self) -> None:
        self.script.start()

    def upcall(self, kind: int, argument: int) -> int:
        return self.script.packet(argument)

    def driver_event(self) -> bool | None:
        return self.script.driver_event() if self.kind is Kind.DRIVER else None

    # Handlers

    def own_handlers(self) -> Sequence[OwnHandler]:
        script = self.script
        handlers = [
            OwnHandler("step", write=script.step),
            OwnHandler("goto", write=script.goto),
            self._runner("run"),
        ]
        handlers += [OwnHandler(name, read=function, parameters=True) for name, function in FUNCTIONS.items()]
        handlers += [
            OwnHandler("random", read=_random, parameters=True),
            OwnHandler("now", read=lambda text: self._now()),
            OwnHandler("readable", read=lambda text: self._has(text, write=False), parameters=True),
            OwnHandler("writable", read=lambda text: self._has(text, write=True), parameters=True),
            OwnHandler("cat", read=_contents, parameters=True, private=True),
            OwnHandler("catq", read=lambda text: quote(_contents(text)), parameters=True, private=True),
            OwnHandler("kill", read=_kill, parameters=True, private=True),
            OwnHandler("get", read=script.get, parameters=True),
            OwnHandler("set", write=script.set),
            OwnHandler("shift", read=script.shift, parameters=True),
        ]
        handlers += [OwnHandler(name, read=self._reader(name)) for name in script.program.exports]
        return handlers

    def default_handler(self, name: str) -> OwnHandler | None:
        return self._runner(name) if self.kind is Kind.PROXY else None

    def _runner(self, name: str) -> OwnHandler:
        script = self.script
        return OwnHandler(
            name,
            read=lambda text: script.run(text, write=False, name=name)[1],
            write=lambda text: script.run(text, write=True, name=name)[0],
            parameters=True,
        )

    def _reader(self, variable: str) -> Callable[[str], str]:
        return lambda text: self.script.variables[variable]

    def _now(self) -> str:
        seconds, rest = divmod(self.router.now(), 10**9)
        return f"{seconds}.{rest:09d}"

    def _has(self, text: str, *, write: bool) -> str:
        """Whether all the handlers that `text` names exist."""
        try:
            for name in split_words(text):
                resolve(self.router, self, name, write=write)
        except HandlerError:
            return format_bool(False)
        return format_bool(True)


def parse_signal(text: str) -> int | None:
    """The number of a signal given by number or by name without SIG."""
    if text in _SIGNALS:
        return int(signal.Signals["SIG" + text])
    number = parse_integer(text, 32)
    return number if number is not None and 0 <= number < 32 else None


def _random(text: str) -> str:
    """``random``, ``random N`` (0 to N-1) or ``random N1 N2`` (both included)."""
    bounds = [parse_integer(word, 32, signed=False) for word in split_words(text)]
    if len(bounds) > 2:
        raise HandlerError("too many arguments")
    if wrong := [f"N{at}: invalid number" for at, bound in enumerate(bounds, 1) if bound is None]:
        raise HandlerError("\n".join(wrong))
    numbers = [bound for bound in bounds if bound is not None]
    low, high = {0: (0, _RANDOM_MAX), 1: (0, sum(numbers) - 1)}.get(len(numbers)) or (numbers[0], numbers[-1])
    if low > high:
        raise HandlerError("bad N")
    import random

    return str(random.randint(low, high))


def _contents(text: str) -> str:
    """The contents of a file."""
    try:
        name = Filename().parse(text)
    except ArgumentError:
        raise HandlerError("bad FILE") from None
    try:
        with open(0 if name == "-" else name, "rb", closefd=name != "-") as file:
            return decode(file.read())
    except OSError as error:
        raise HandlerError(f"{name}: {error.strerror}", -(error.errno or errno.EIO)) from None


def _kill(text: str) -> str:
    """Send a signal, given first, to the processes that follow."""
    word, rest = shift_word(text)
    number = parse_signal(word)
    if number is None:
        raise HandlerError("bad SIGNO")
    for word in split_words(rest):
        pid = parse_integer(word, 32)
        if pid is None:
            raise HandlerError("bad PID")
        try:
            os.kill(pid, number)
        except OSError as error:
            raise HandlerError(f"kill({pid}, {number}): {error.strerror}", error.errno or errno.EPERM) from None
    return ""
