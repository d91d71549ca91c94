"""A script's instructions, parsed once when its element is configured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from nmclick.lang.configstring import shift_word
from nmclick.script.numbers import parse_integer


class Op(Enum):
    """Instructions. PAUSE, WAIT and START block; everything else runs through."""

    START = auto()
    PAUSE = auto()
    WAIT = auto()
    PRINT = auto()
    SAVE = auto()
    READ = auto()
    WRITE = auto()
    SET = auto()
    INIT = auto()
    EXPORT = auto()
    LABEL = auto()
    GOTO = auto()
    RETURN = auto()
    ERROR = auto()
    END = auto()
    EXIT = auto()
    STOP = auto()


@dataclass(frozen=True, slots=True)
class Form:
    """How an instruction's word is understood."""

    op: Op
    unquote: bool = False
    newline: bool = True
    append: bool = False


_FORMS = {
    "append": Form(Op.SAVE, append=True),
    "end": Form(Op.END),
    "error": Form(Op.ERROR),
    "errorq": Form(Op.ERROR, unquote=True),
    "exit": Form(Op.EXIT),
    "export": Form(Op.EXPORT),
    "exportq": Form(Op.EXPORT, unquote=True),
    "goto": Form(Op.GOTO),
    "init": Form(Op.INIT),
    "initq": Form(Op.INIT, unquote=True),
    "label": Form(Op.LABEL),
    "loop": Form(Op.GOTO),
    "pause": Form(Op.PAUSE),
    "print": Form(Op.PRINT),
    "printn": Form(Op.PRINT, newline=False),
    "printnq": Form(Op.PRINT, unquote=True, newline=False),
    "printq": Form(Op.PRINT, unquote=True),
    "read": Form(Op.READ),
    "readq": Form(Op.READ, unquote=True),
    "return": Form(Op.RETURN),
    "returnq": Form(Op.RETURN, unquote=True),
    "save": Form(Op.SAVE),
    "set": Form(Op.SET),
    "setq": Form(Op.SET, unquote=True),
    "stop": Form(Op.STOP),
    "wait": Form(Op.WAIT),
    "wait_for": Form(Op.WAIT),
    "wait_step": Form(Op.PAUSE),
    "wait_stop": Form(Op.PAUSE),
    "wait_time": Form(Op.WAIT),
    "write": Form(Op.WRITE),
    "writeq": Form(Op.WRITE, unquote=True),
}

#: Instructions that end a script are labels too: ``goto exit $(...)``.
_ENDINGS = {"end": Op.END, "exit": Op.EXIT, "stop": Op.STOP, "error": Op.ERROR, "errorq": Op.ERROR}

RETURN_VALUE = "_"


@dataclass(slots=True)
class Instruction:
    """One instruction. `text` is what follows its word (for a jump: its condition), not yet substituted."""

    op: Op
    form: Form
    text: str = ""
    variable: str = ""
    #: PAUSE: steps to wait for.
    count: int = 1
    #: GOTO: where to, or how the script ends.
    target: int | Op = 0


@dataclass(slots=True)
class Program:
    """Instructions, the first of them a blocking one, the last an END or STOP."""

    instructions: list[Instruction] = field(default_factory=list)

    def find_label(self, label: str) -> int | Op | None:
        for at, instruction in enumerate(self.instructions):
            if instruction.op is Op.LABEL and instruction.text == label:
                return at
        if label in _ENDINGS:
            return _ENDINGS[label]
        return 0 if label in ("begin", "loop") else None

    @property
    def exports(self) -> list[str]:
        return [i.variable for i in self.instructions if i.op is Op.EXPORT]


def parse_program(lines: Sequence[str], *, is_driver: bool = False) -> tuple[Program, list[str]]:
    """The program that the arguments `lines` spell, and what is wrong with them."""
    program, errors = Program(), []
    instructions = program.instructions

    for line in lines:
        word, rest = shift_word(line)
        if not word:
            continue
        instruction = _parse(word, rest)
        if instruction is None:
            errors.append(f"syntax error at '{word}'")
            continue
        if not instructions and instruction.op not in (Op.PAUSE, Op.WAIT):
            instructions.append(Instruction(Op.START, Form(Op.START)))
        instructions.append(instruction)

    for instruction in instructions:
        if instruction.op is Op.GOTO and instruction.text:
            label, instruction.text = shift_word(instruction.text)
            target = program.find_label(label)
            if target is None:
                errors.append(f"no such label '{label}'")
            else:
                instruction.target = target

    if not instructions:
        first = Op.PAUSE if is_driver else Op.START
        instructions.append(Instruction(first, Form(first)))
    last = Op.STOP if is_driver else Op.END
    instructions.append(Instruction(last, Form(last)))
    return program, errors


def _parse(word: str, rest: str) -> Instruction | None:
    form = _FORMS.get(word)
    if form is None:
        return None
    op = form.op
    match op:
        case Op.WAIT if not rest and word == "wait":
            return Instruction(Op.PAUSE, form)
        case Op.PAUSE:
            count = parse_integer(rest, 32, signed=False) if rest else 1
            return None if count is None else Instruction(op, form, count=count)
        case Op.SET | Op.INIT | Op.EXPORT:
            variable, value = shift_word(rest)
            complete = variable and (value or op is not Op.SET)
            return Instruction(op, form, value, variable) if complete else None
        case Op.RETURN:
            return Instruction(op, form, rest, RETURN_VALUE)
        case Op.LABEL:
            label, more = shift_word(rest)
            return Instruction(op, form, label) if label and not more else None
        case Op.END | Op.EXIT | Op.STOP if rest:
            return None
        case Op.GOTO if word == "loop":
            return None if rest else Instruction(op, form)
        case _:
            return Instruction(op, form, rest)
