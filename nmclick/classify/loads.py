"""C expressions that read a variable of the IR, with the smallest load that is sure to be inside the packet."""

from __future__ import annotations

from dataclasses import dataclass

from .ir import WORD, Variable
from .patterns import Base

BASES = {Base.DATA: "data", Base.MAC: "mac", Base.NETWORK: "network", Base.TRANSPORT: "transport"}
LENGTHS = {
    Base.DATA: "length",
    Base.MAC: "mac_length",
    Base.NETWORK: "network_length",
    Base.TRANSPORT: "transport_length",
}

_ADDRESSES = {(Base.NETWORK, 12), (Base.NETWORK, 16)}

_NAMES = {
    (Base.NETWORK, 0): "ip version, header length, tos, length",
    (Base.NETWORK, 4): "ip id, fragment",
    (Base.NETWORK, 8): "ip ttl, proto",
    (Base.NETWORK, 12): "ip src",
    (Base.NETWORK, 16): "ip dst",
    (Base.TRANSPORT, 0): "ports",
    (Base.TRANSPORT, 12): "tcp flags",
}
_EXACT_NAMES = {
    (Base.NETWORK, 0, 0xF0000000): "ip vers",
    (Base.NETWORK, 0, 0x0F000000): "ip hl",
    (Base.NETWORK, 0, 0x00FF0000): "ip tos",
    (Base.NETWORK, 0, 0x0000FFFF): "ip len",
    (Base.NETWORK, 4, 0xFFFF0000): "ip id",
    (Base.NETWORK, 4, 0x00001FFF): "fragment offset",
    (Base.NETWORK, 4, 0x00003FFF): "fragment",
    (Base.NETWORK, 8, 0xFF000000): "ip ttl",
    (Base.NETWORK, 8, 0x00FF0000): "ip proto",
    (Base.TRANSPORT, 0, 0x0000FFFF): "dst port",
    (Base.TRANSPORT, 0, 0xFFFF0000): "src port",
    (Base.TRANSPORT, 0, 0xFF000000): "icmp type",
}


@dataclass(frozen=True, slots=True)
class Load:
    """A C expression whose value is the variable's value shifted right by `shift`."""

    text: str
    shift: int

    @property
    def atom(self) -> str:
        """The expression, in parentheses if an operator of higher precedence may follow."""
        return f"({self.text})" if " & " in self.text or " >> " in self.text else self.text


def load(variable: Variable, mask: int, available: int) -> Load:
    """The variable and-ed with `mask`, where `available` bytes are known to exist behind its base."""
    if variable.is_length:
        return Load(LENGTHS[variable.base], 0)
    text, loaded, shift = _bytes(variable, mask, available)
    wanted = mask >> shift
    return Load(text if wanted == loaded else f"{text} & {hexadecimal(wanted)}", shift)


def load_key(variable: Variable, mask: int, available: int) -> Load:
    """The same, shifted until the lowest bit of the mask is bit 0."""
    text, loaded, shift = _bytes(variable, mask, available)
    wanted = mask >> shift
    spare = (wanted & -wanted).bit_length() - 1
    if not spare:
        return load(variable, mask, available)
    if wanted >> spare != loaded >> spare:
        text = f"({text} & {hexadecimal(wanted)})"
    return Load(f"{text} >> {spare}", shift + spare)


def _bytes(variable: Variable, mask: int, available: int) -> tuple[str, int, int]:
    """(C text of the load, mask of the bits it loads, how far the value is to be shifted to be the word)."""
    first, last = Variable(variable.base, variable.offset, mask).touched
    base = BASES[variable.base]
    width = last - first + 1
    if width == 3 or (width == 2 and first % 2):
        if variable.offset + 4 <= available:
            first, last, width = variable.offset, variable.offset + 3, 4
        elif width == 3 and first > 0:
            first, width = first - 1, 4
    shift = 8 * (variable.offset + 3 - last)
    if width == 3:
        text = f"((uint32_t){_at('be16', base, first)} << 8 | {_at('u8', base, last)})"
    else:
        text = _at({1: "u8", 2: "be16", 4: "be32"}[width], base, first)
    return text, WORD >> (32 - 8 * width), shift


_OPPOSITES = {"==": "!=", "<=": ">", ">=": "<", "<": ">="}


def condition(variable: Variable, low: int, high: int, available: int, negated: bool = False) -> str:
    """C for `low <= value <= high`, or for its negation."""
    left, operator, right = _comparison(variable, low, high, available)
    return f"{left} {_OPPOSITES[operator] if negated else operator} {right}"


def _comparison(variable: Variable, low: int, high: int, available: int) -> tuple[str, str, str]:
    if variable.is_length:
        name = LENGTHS[variable.base]
        if high >= WORD:
            return name, ">=", str(low)
        return (name, "<", str(high + 1)) if low == 0 else (f"{name} - {low}", "<=", str(high - low))
    form = hexadecimal if is_address(variable) else constant
    size = (high | ((variable.mask & -variable.mask) - 1)) - low + 1
    if size & (size - 1) == 0 and low % size == 0 and variable.mask & ~(size - 1):
        value = load(variable, variable.mask & ~(size - 1), available)
        return value.atom, "==", form(low >> value.shift)
    value = load(variable, variable.mask, available)
    low, high = low >> value.shift, high >> value.shift
    if low == 0:
        return value.atom, "<=", form(high)
    if high >= variable.mask >> value.shift:
        return value.atom, ">=", form(low)
    return f"{value.atom} - {form(low)}", "<=", constant(high - low)


def is_address(variable: Variable) -> bool:
    return variable.base in (Base.DATA, Base.MAC) or (variable.base, variable.offset) in _ADDRESSES


def hexadecimal(value: int) -> str:
    """A C constant in hexadecimal."""
    return f"0x{value:x}u"


def constant(value: int) -> str:
    """An unsigned C constant: small numbers and ports in decimal, what does not fit in 16 bits in hexadecimal."""
    return f"{value}u" if value < 0x10000 else f"0x{value:08x}u"


def describe(variable: Variable) -> str:
    """What the variable is, in the field's words."""
    if variable.is_length:
        return LENGTHS[variable.base].replace("_", " ")
    exact = _EXACT_NAMES.get((variable.base, variable.offset, variable.mask))
    if exact:
        return exact
    name = _NAMES.get((variable.base, variable.offset))
    first, last = variable.touched
    return name or f"{BASES[variable.base]} {first}" + (f"-{last}" if last > first else "")


def _at(kind: str, base: str, offset: int) -> str:
    return f"load_{kind}({base} + {offset})" if offset else f"load_{kind}({base})"
