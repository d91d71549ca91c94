"""Executes a program: its position, its variables, and one method for each kind of instruction."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from enum import Enum, auto
from typing import Protocol, runtime_checkable

from nmclick.element import Element, HandlerError, Router
from nmclick.lang.configstring import shift_word, split_words, unquote
from nmclick.lang.source import encode
from nmclick.script.calls import Call, resolve
from nmclick.script.errors import Errors
from nmclick.script.expand import expand
from nmclick.script.numbers import format_bool, parse_bool, parse_integer, parse_time
from nmclick.script.program import Instruction, Op, Program

#: So many jumps without a pause and the script is taken for an endless loop.
MAX_JUMPS = 1000


class Outcome(Enum):
    """What an instruction does to the run: go on, wait where it is (or return), or end the script."""

    NEXT = auto()
    BLOCKED = auto()
    ENDED = auto()


class Machine:
    """A program and where it stands. `arguments`, `handler_name` and `is_write` are what ``$args``, ``$0`` and
    ``$write`` show of the handler that runs it."""

    def __init__(self, element: Element, program: Program) -> None:
        self.element = element
        self.program = program
        self.variables: dict[str, str] = {i.variable: "" for i in program.instructions if i.variable}
        self.arguments = ""
        self.handler_name = ""
        self.is_write = False
        self.position = 0
        #: Whether START, the first instruction of a script that runs by itself, has still to take a step.
        self.starting = False
        self.blocked = False
        self._write_status = 0
        self._steps = 0
        self._step_limit = 0
        self._passed = [0] * len(program.instructions)
        self._timer: object | None = None
        self._caller: Errors | None = None

    @property
    def router(self) -> Router:
        return self.element.router

    @property
    def title(self) -> str:
        return f"{self.element.name} :: {type(self.element).__name__}"

    @property
    def current(self) -> Instruction | None:
        at = self.position
        return self.program.instructions[at] if at < len(self.program.instructions) else None

    # Running

    def advance(self, steps: int, errors: Errors, *, jumps: int = 0, for_driver: bool = False) -> int:
        """Run until the script blocks after `steps` steps, or ends. Returns the jumps made so far, plus one."""
        outer_limit, self._step_limit = self._step_limit, steps + self._steps
        try:
            return self._advance(errors, jumps, for_driver) + 1
        finally:
            self._step_limit = outer_limit

    def _advance(self, errors: Errors, jumps: int, for_driver: bool) -> int:
        while self._step_limit >= self._steps and jumps < MAX_JUMPS and (instruction := self.current):
            at = self.position
            # Moved on before the instruction runs: it may write the handler `goto` of this very script.
            self.position += 1
            outcome = self._execute(instruction, at, errors)
            if outcome is Outcome.ENDED:
                self.position = at
                self.blocked = False
                if instruction.op is Op.STOP and not for_driver:
                    self.router.stop(self.element)
                return jumps
            if outcome is Outcome.BLOCKED:
                break
            jumps += self.position != at + 1

        self.blocked = True
        if jumps >= MAX_JUMPS:
            self.router.report(f"{self.title}: too many jumps, giving up")
            self.position = len(self.program.instructions)
            self._cancel_timer()
        return jumps

    def jump(self, target: int, until: int) -> None:
        """Go to an instruction; the pauses from there to `until` begin to count anew."""
        self._passed[target:until] = [0] * max(0, until - target)
        self.position = target

    def schedule(self, delay: int) -> None:
        self._timer = self.router.call_later(self.router.now() + delay, self._timer_fired)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self.router.cancel(self._timer)
            self._timer = None

    def _timer_fired(self) -> None:
        self._timer = None
        self.advance(1, self.own_errors())
        self.finished()

    def own_errors(self) -> Errors:
        return Errors(self.router.report).within(f"While executing '{self.title}':")

    def finished(self) -> None:
        """A run that the script's own timer began is over."""

    # Instructions

    def _execute(self, instruction: Instruction, at: int, errors: Errors) -> Outcome:
        match instruction.op:
            case Op.START:
                self._steps += self.starting
                self.starting = False
            case Op.PAUSE:
                return self._pause(instruction, at)
            case Op.WAIT:
                return self._wait(instruction, at, errors)
            case Op.PRINT | Op.SAVE:
                self._print(instruction, errors)
            case Op.READ:
                self._read(instruction, errors)
            case Op.WRITE:
                self._write(instruction, errors)
            case Op.SET:
                self.assign(instruction, errors)
            case Op.RETURN:
                self.assign(instruction, errors)
                if self.position == at + 1:
                    self.position = at
                    return Outcome.BLOCKED
            case Op.GOTO:
                return self._goto(instruction, at, errors)
            case Op.ERROR:
                if message := self._text(instruction, errors):
                    errors.error(message)
                return Outcome.ENDED
            case Op.END | Op.EXIT:
                return Outcome.ENDED
            case Op.STOP:
                self._steps += 1
                return Outcome.ENDED
            case Op.LABEL | Op.INIT | Op.EXPORT:
                pass
        return Outcome.NEXT

    def _pause(self, instruction: Instruction, at: int) -> Outcome:
        taken = max(0, min(self._step_limit - self._steps, instruction.count - self._passed[at]))
        self._passed[at] += taken
        self._steps += taken
        if self._steps == self._step_limit and self._passed[at] < instruction.count:
            self.position = at
            return Outcome.BLOCKED
        return Outcome.NEXT

    def _wait(self, instruction: Instruction, at: int, errors: Errors) -> Outcome:
        if self._steps < self._step_limit:
            self._steps += 1
            self._cancel_timer()
            return Outcome.NEXT
        if self.start_timer(instruction, errors):
            self.position = at
        return Outcome.BLOCKED

    def start_timer(self, instruction: Instruction, errors: Errors) -> bool:
        delay = parse_time(self.expand(instruction.text, errors))
        if delay is None:
            errors.error("syntax error at 'wait'")
            return False
        self._cancel_timer()
        self.schedule(delay)
        return True

    def _goto(self, instruction: Instruction, at: int, errors: Errors) -> Outcome:
        condition = self.expand(instruction.text, errors)
        holds = parse_bool(condition) if condition else True
        if holds is None:
            errors.error(f"bad condition '{condition}'")
        elif holds:
            if isinstance(instruction.target, Op):
                return Outcome.ENDED
            self.jump(instruction.target, at)
        return Outcome.NEXT

    def _print(self, instruction: Instruction, errors: Errors) -> None:
        text, path, append = instruction.text, "", instruction.form.append
        if instruction.op is Op.SAVE:
            text, path = shift_word(text)
        elif text.startswith(">"):
            append = text.startswith(">>")
            path, text = shift_word(text[1 + append :])
        if path in ("", "-"):
            self.router.print(self._printed(text, instruction, errors))
            return
        try:
            with open(path, "ab" if append else "wb") as file:
                file.write(encode(self._printed(text, instruction, errors)))
        except OSError as error:
            errors.error(f"{path}: {error.strerror}")
        except ValueError as error:  # a NUL in the name
            errors.error(f"{path}: {error}")

    def _printed(self, text: str, instruction: Instruction, errors: Errors) -> str:
        before = errors.count
        result = ""
        if text and (text[0] in "@_" or (text[0].isascii() and text[0].isalpha())):
            if call := self._resolve(text, instruction, errors):
                result = self._call(call, errors.within(f"While calling '{call}':"))[1]
        else:
            result = unquote(self.expand(text, errors, quote_values=True))
        complete = result.endswith("\n") or errors.count != before
        return result + "\n" if instruction.form.newline and not complete else result

    def _read(self, instruction: Instruction, errors: Errors) -> None:
        if call := self._resolve(instruction.text, instruction, errors):
            result = self._call(call, errors.within(f"While calling '{call}':"))[1]
            self.router.report(f"{call.handler.name}:\n{result}\n")

    def _write(self, instruction: Instruction, errors: Errors) -> None:
        if call := self._resolve(instruction.text, instruction, errors, write=True):
            self._write_status = self._call(call, errors.within(f"While calling '{call}':"), write=True)[0]

    # Handlers of elements, other scripts among them

    def _resolve(self, text: str, instruction: Instruction, errors: Errors, write: bool = False) -> Call | None:
        expanded = self.expand(text, errors)
        try:
            return resolve(self.router, self.element, expanded, write=write, unquote_value=instruction.form.unquote)
        except HandlerError as error:
            errors.error(str(error))
            return None

    def _call(self, call: Call, errors: Errors, write: bool = False) -> tuple[int, str]:
        """The status and the text that a handler answers; what it complains of goes to `errors`."""
        target = call.handler.element
        with target.script.reporting_to(errors) if isinstance(target, ScriptHost) else nullcontext():
            try:
                if write:
                    return call.handler.write(call.value), ""
                return 0, call.handler.read(call.value)
            except HandlerError as error:
                if str(error):
                    errors.error(str(error))
                return error.status, ""
            except RecursionError:
                errors.error("too many handlers call each other")
                return -1, ""

    @contextmanager
    def reporting_to(self, errors: Errors) -> Iterator[None]:
        """Meanwhile, what happens in this script is told to another one, which calls it."""
        before, self._caller = self._caller, errors
        try:
            yield
        finally:
            self._caller = before

    # Substitution

    def assign(self, instruction: Instruction, errors: Errors) -> None:
        self.variables[instruction.variable] = self._text(instruction, errors)

    def expand(self, text: str, errors: Errors, *, quote_values: bool = False) -> str:
        def lookup(name: str, is_call: bool) -> str | None:
            return self._call_value(name, errors) if is_call else self._value(name)

        return expand(text, lookup, quote_values=quote_values)

    def _text(self, instruction: Instruction, errors: Errors) -> str:
        text = self.expand(instruction.text, errors)
        return unquote(text) if instruction.form.unquote else text

    def _call_value(self, text: str, errors: Errors) -> str | None:
        try:
            call = resolve(self.router, self.element, text, write=False)
        except HandlerError as error:
            errors.error(str(error))
            return None
        return self._call(call, errors)[1]

    def _value(self, name: str) -> str | None:
        if name in self.variables:
            return self.variables[name]
        match name:
            case "?":
                return str(self._write_status)
            case "args":
                return self.arguments
            case "$":
                return str(os.getpid())
            case "0":
                return self.handler_name
            case "#":
                return str(len(split_words(self.arguments)))
            case "write":
                return format_bool(self.is_write)
        if name[:1] in set("123456789") and (index := parse_integer(name, 32)):
            return (split_words(self.arguments)[index - 1 : index] or [""])[0]
        return None


@runtime_checkable
class ScriptHost(Protocol):
    """An element with a script: its messages go to the script that calls it."""

    script: Machine
