"""A script in a router: what starts it, its packets, its driver events and signals, and its handlers."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from nmclick.element import Element, HandlerError
from nmclick.lang.configstring import shift_word, uncomment
from nmclick.script.errors import Errors
from nmclick.script.machine import MAX_JUMPS, Machine
from nmclick.script.numbers import parse_integer
from nmclick.script.program import RETURN_VALUE, Op, Program


class Kind(Enum):
    """When a script runs."""

    ACTIVE = auto()
    PASSIVE = auto()
    PACKET = auto()
    PROXY = auto()
    DRIVER = auto()
    SIGNAL = auto()


class Interpreter(Machine):
    """One script. Everything happens in the main thread; `start` comes first, when the router runs."""

    def __init__(self, element: Element, program: Program, kind: Kind, signals: tuple[int, ...] = ()) -> None:
        super().__init__(element, program)
        self.kind = kind
        self.signals = signals
        #: Steps that the script asked of itself while it ran; None: it does not run.
        self._queued: int | None = None

    # What makes it run

    def start(self) -> None:
        """Set the variables of init and export; schedule a script that runs by itself."""
        errors = Errors(self.router.report).within(f"{self.element.span.landmark}: While initializing '{self.title}':")
        for instruction in self.program.instructions:
            if instruction.op in (Op.INIT, Op.EXPORT):
                self.assign(instruction, errors)
        if self.kind is Kind.SIGNAL:
            self._catch_signals()
        if self.kind not in (Kind.ACTIVE, Kind.DRIVER):
            return
        first = self.program.instructions[0]
        if first.op is Op.WAIT:
            self.start_timer(first, errors)
        elif first.op is Op.START:
            self.starting = True
            if self.kind is Kind.DRIVER:
                self.router.stop(self.element)
            else:
                self.schedule(0)

    def driver_event(self) -> bool:
        """Go on because a stop event is pending; False: the script has ended and the router is to stop."""
        errors = Errors(self.router.report)
        for _ in range(MAX_JUMPS):
            status, _ = self._run("step", True, 1, errors, for_driver=True)
            if status or self.blocked:
                return self.blocked and not status
            if self.current is None or self.current.op is not Op.GOTO:
                break  # it would end in the same place again
        return False

    def packet(self, port: int) -> int:
        """Run for a packet that came in at `port`: the port it leaves by, -1 for none."""
        self.variables["input"] = str(port)
        self.position = 0
        self.advance(0, self.own_errors())
        output = parse_integer(self._result()[1], 32)
        return -1 if output is None else output

    def finished(self) -> None:
        self._result()

    def _catch_signals(self) -> None:
        for number in self.signals:
            self.router.catch_signal(number, self._signalled)

    def _signalled(self) -> None:
        self.position, self.arguments = 0, ""
        self._run("run", True, 0, Errors(self.router.report))

    # Handlers

    def step(self, text: str) -> int:
        """``step [N]``: pass so many pauses. As the others, returns the status for ``$?``."""
        data = uncomment(text)
        steps = parse_integer(data, 32) if data else 1
        if steps is None:
            raise HandlerError("syntax error")
        count = steps
        return self._answer(lambda errors: self._run("step", True, count, errors, is_step=True))[0]

    def goto(self, text: str) -> int:
        """``goto LABEL``."""
        target = self.program.find_label(uncomment(text))
        if not isinstance(target, int):
            raise HandlerError("jump to nonexistent label")
        self.jump(target, len(self.program.instructions))
        return self._answer(lambda errors: self._run("goto", True, 0, errors))[0]

    def run(self, arguments: str, *, write: bool, name: str = "run") -> tuple[int, str]:
        """``run ARGS``, or another handler of a PROXY script: from the first instruction. Also returns its value."""
        self.position, self.arguments = 0, arguments
        return self._answer(lambda errors: self._run(name, write, 0, errors))

    def get(self, text: str) -> str:
        return self._variable(text)[1]

    def set(self, text: str) -> None:
        name, value = shift_word(text)
        if not name:
            raise HandlerError("no variable")
        self._store(name, value)

    def shift(self, text: str) -> str:
        """Take the first word off a variable, by default ``args``, and return it."""
        name, value = self._variable(text or "args")
        first, rest = shift_word(value)
        self._store(name, rest)
        return first

    def _variable(self, text: str) -> tuple[str, str]:
        name, more = shift_word(text)
        if not name:
            raise HandlerError("no variable")
        if more:
            raise HandlerError("too many arguments")
        if name == "args":
            return name, self.arguments
        if name not in self.variables:
            raise HandlerError(f"undefined variable '{name}'")
        return name, self.variables[name]

    def _store(self, name: str, value: str) -> None:
        if name == "args":
            self.arguments = value
        else:
            self.variables[name] = value

    # One run

    def _answer(self, body: Callable[[Errors], tuple[int, str]]) -> tuple[int, str]:
        """Run for somebody else: messages go to the script that calls, or into what is raised or reported."""
        if self._caller:
            status, value = body(self._caller)
            if status < 0:
                raise HandlerError("", status)
            return status, value
        messages: list[str] = []
        status, value = body(Errors(messages.append))
        if status < 0:
            raise HandlerError("\n".join(messages), status)
        for message in messages:
            self.router.report(message)
        return status, value

    def _run(
        self,
        name: str,
        write: bool,
        steps: int,
        errors: Errors,
        *,
        is_step: bool = False,
        for_driver: bool = False,
    ) -> tuple[int, str]:
        self.handler_name, self.is_write = name, write
        if self._queued is None:
            self._queued, jumps = steps, 0
            try:
                while self._queued >= 0:
                    count, self._queued = self._queued, -1
                    jumps = self.advance(count, errors, jumps=jumps, for_driver=for_driver)
                    for_driver = False
            finally:
                self._queued = None
        elif is_step:
            self._queued += steps
        status, value = self._result()
        self.handler_name, self.is_write = "", False
        if status:
            self.arguments = ""
        return status, value

    def _result(self) -> tuple[int, str]:
        """The status and the value with which the script stands where it stands."""
        instruction = self.current
        op = instruction.op if instruction else None
        if instruction and isinstance(instruction.target, Op):
            op = instruction.target
        if op is Op.END and self.kind is Kind.SIGNAL:
            self._catch_signals()
        value = ""
        if op is Op.RETURN:
            value = self.variables[RETURN_VALUE]
        elif op is Op.END and self.kind is Kind.PACKET:
            value = "0"
        return (-1 if op is Op.ERROR else 1 if op is Op.STOP else 0), value
