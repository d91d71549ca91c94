"""Filter expressions as tcpdump has them: compiled by libpcap to BPF, then to C.

Source: McCanne, Jacobson, "The BSD Packet Filter", USENIX Winter 1993; the codes are those of ``bpf(4)``.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import NamedTuple

__all__ = ["FilterError", "Instruction", "NoLibpcap", "compile_filter", "filter_function"]

_LIBRARIES = ("libpcap.so.1", "libpcap.so.0.8", "libpcap.so", "libpcap.dylib")
_LONGEST = 262144
_NETMASK_UNKNOWN = 0xFFFFFFFF
#: Link types whose numbers in files are not the library's own on this system (www.tcpdump.org/linktypes).
_LIBRARY_NUMBERS = {100: 11, 101: 12}

_LD, _LDX, _ST, _STX, _ALU, _JMP, _RET, _MISC = range(8)
_SIZES = {0x00: 4, 0x08: 2, 0x10: 1}
_LOADS = {4: "load_be32(data + {})", 2: "load_be16(data + {})", 1: "data[{}]"}
_IMM, _ABS, _IND, _MEM, _LEN, _MSH = range(0, 0xC0, 0x20)
_OPERATORS = {0x00: "+", 0x10: "-", 0x20: "*", 0x30: "/", 0x40: "|", 0x50: "&", 0x90: "%", 0xA0: "^"}
_SHIFTS = {0x60: "<<", 0x70: ">>"}
_COMPARISONS = {0x10: "A == {}", 0x20: "A > {}", 0x30: "A >= {}", 0x40: "A & {}"}


class FilterError(Exception):
    """libpcap does not understand the expression; the text is its own."""


class NoLibpcap(Exception):
    """There is no libpcap on this machine."""


class Instruction(NamedTuple):
    """``struct bpf_insn``: `jt` and `jf` count instructions behind the next one."""

    code: int
    jt: int
    jf: int
    k: int


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.POINTER(_Instruction)))


def _library() -> ctypes.CDLL:
    for name in _LIBRARIES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.pcap_open_dead.restype = ctypes.c_void_p
        library.pcap_geterr.restype = ctypes.c_char_p
        return library
    raise NoLibpcap


def compile_filter(expression: str, link_type: int) -> list[Instruction]:
    """The BPF program of a filter expression for packets of a link type. Raises FilterError and NoLibpcap."""
    library = _library()
    handle = ctypes.c_void_p(library.pcap_open_dead(_LIBRARY_NUMBERS.get(link_type, link_type), _LONGEST))
    program = _Program()
    try:
        text = expression.encode("utf-8", "surrogateescape")
        if library.pcap_compile(handle, ctypes.byref(program), text, 1, ctypes.c_uint32(_NETMASK_UNKNOWN)) < 0:
            raise FilterError(library.pcap_geterr(handle).decode("utf-8", "replace"))
        found = [program.instructions[i] for i in range(program.length)]
        instructions = [Instruction(each.code, each.jt, each.jf, each.k) for each in found]
        library.pcap_freecode(ctypes.byref(program))
        return instructions
    finally:
        library.pcap_close(handle)


def filter_function(name: str, program: Sequence[Instruction]) -> str:
    """A C function ``bool NAME(const uint8_t *data, uint32_t length, uint32_t wire_length)`` that says whether a
    packet passes. What reaches past the packet's end does not."""
    lines = [f"static bool {name}(const uint8_t *data, uint32_t length, uint32_t wire_length)", "{"]
    lines += [
        "    uint32_t A = 0, X = 0, M[16] = {0};",
        "    (void)data, (void)length, (void)wire_length, (void)X, (void)M;",
    ]
    for number, instruction in enumerate(program):
        lines.append(f"L{number}:")
        lines += (f"    {statement}" for statement in _statements(number, instruction))
    return "\n".join([*lines, "}"])


def _statements(number: int, instruction: Instruction) -> Iterator[str]:
    code, _, _, k = instruction
    kind = code & 7
    if kind in (_LD, _LDX):
        yield from _load("A" if kind == _LD else "X", code, k)
    elif kind in (_ST, _STX):
        yield f"M[{k & 15}] = {'A' if kind == _ST else 'X'};"
    elif kind == _ALU:
        yield from _arithmetic(code & 0xF0, "X" if code & 8 else f"{k}u")
    elif kind == _JMP:
        yield _jump(number, instruction)
    elif kind == _RET:
        yield "return A != 0;" if code & 0x18 == 0x10 else f"return {'true' if k else 'false'};"
    else:
        yield "A = X;" if code & 0x80 else "X = A;"


def _load(register: str, code: int, k: int) -> Iterator[str]:
    mode, size = code & 0xE0, _SIZES.get(code & 0x18, 4)
    if mode == _IMM:
        yield f"{register} = {k}u;"
    elif mode == _MEM:
        yield f"{register} = M[{k & 15}];"
    elif mode == _LEN:
        yield f"{register} = wire_length;"
    else:
        place = f"(uint64_t)X + {k}u" if mode == _IND else f"{k}ull"
        yield f"if ({place} + {1 if mode == _MSH else size} > length)"
        yield "    return false;"
        loaded = f"4u * (data[{k}u] & 15u)" if mode == _MSH else _LOADS[size].format(f"(size_t)({place})")
        yield f"{register} = {loaded};"


def _arithmetic(operator: int, operand: str) -> Iterator[str]:
    if operator == 0x80:
        yield "A = -A;"
    elif operator in _SHIFTS:
        yield f"A = {operand} < 32 ? A {_SHIFTS[operator]} ({operand} & 31) : 0;"
    else:
        if operator in (0x30, 0x90):
            yield f"if ({operand} == 0)"
            yield "    return false;"
        yield f"A {_OPERATORS[operator]}= {operand};"


def _jump(number: int, instruction: Instruction) -> str:
    code, jt, jf, k = instruction
    if code & 0xF0 == 0:
        return f"goto L{number + 1 + k};"
    condition = _COMPARISONS[code & 0xF0].format("X" if code & 8 else f"{k}u")
    return f"if ({condition}) goto L{number + 1 + jt}; else goto L{number + 1 + jf};"
