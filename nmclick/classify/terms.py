"""Primitives as they are written: `src or dst tcp port & 0xff != 80`.

    primitive ::= qualifiers [ "[" pos [:len] "]" ] [ & mask ] [ relation ] [ data ]

Qualifiers may come in any order, a `not` among them negates the primitive, and all but the data may be left out.
"""

from __future__ import annotations

from .names import NameResolver, integer, ip_address
from .patterns import NEVER, Not, Pattern
from .primitive import Primitive, Rejected
from .vocabulary import SYNTAX, TYPES, Data, Field, Kind, field_at, look_up, read_address, read_number
from .words import Words

MAX_POSITION = 8191

_RELATIONS = {
    "=": ("=", False),
    "==": ("=", False),
    "!=": ("=", True),
    ">": (">", False),
    "<": ("<", False),
    ">=": ("<", True),
    "<=": (">", True),
}


def parse_primitive(words: Words, names: NameResolver, previous: Primitive) -> tuple[Pattern, Primitive]:
    """Read one primitive. `previous` is the one before it in the pattern, from which it may take qualifiers.

    Gives its pattern and the primitive that the next one may lean on.
    """
    return _Parser(words, names, previous).parse()


class _Parser:
    def __init__(self, words: Words, names: NameResolver, previous: Primitive) -> None:
        self._words = words
        self._names = names
        self._previous = previous
        self._first = words.at
        self._primitive = Primitive()
        self._header = ""
        self._negated = False

    def parse(self) -> tuple[Pattern, Primitive]:
        words, primitive = self._words, self._primitive
        self._qualifiers()
        if words.at > self._first:
            self._previous = Primitive()
            if self._operator_follows("[") and primitive.type is None:
                self._brackets()
        if self._previous.data is Kind.ETHER and read_address(words.word(), self._names, "e") is not None:
            self._header = "e"
        mask = self._mask()
        related = words.left > 1 and words.word() in _RELATIONS
        if related:
            primitive.operator, primitive.negated = _RELATIONS[words.take()]
        problems = len(words.errors)
        self._data()
        if words.at == self._first:
            words.error(f"empty term near '{words.word()}'")
            return NEVER, self._previous
        if len(words.errors) > problems:
            return NEVER, self._previous
        try:
            pattern = primitive.resolve(
                self._previous, self._header, mask, lambda text: words.warn(text, self._first, words.at)
            )
        except Rejected as rejected:
            words.error(str(rejected), self._first, words.at)
            return NEVER, self._previous
        return Not(pattern) if self._negated else pattern, primitive

    def _operator_follows(self, operator: str) -> bool:
        return self._words.left > 1 and self._words.word() == operator

    def _qualifiers(self) -> None:
        words = self._words
        while words.left:
            word = words.word()
            kind = TYPES.get(word)
            if kind is not None:
                self._set_type(kind)
            elif word in ("src", "dst", "dest"):
                self._direction(word)
            elif word in ("ip", "ether"):
                if self._header:
                    return
                self._header = word[0]
            elif word in ("not", "!"):
                self._negated = not self._negated
            else:
                meaning = look_up(word, None, None)
                if meaning is None or meaning.kind is not Kind.PROTO:
                    return
                self._set_transport(meaning.value)
            words.at += 1

    def _set_type(self, kind: Kind | Field) -> None:
        if self._primitive.type is not None:
            self._words.error("type specified twice")
        self._primitive.type = kind
        if isinstance(kind, Field) and kind.transport is not None:
            self._set_transport(kind.transport)

    def _set_transport(self, transport: int) -> None:
        if self._primitive.transport not in (None, transport):
            self._words.error("transport protocol specified twice")
        self._primitive.transport = transport

    def _direction(self, word: str) -> None:
        words = self._words
        if self._primitive.direction:
            words.error("'src' or 'dst' specified twice")
        joint = {"and": "and", "&&": "and", "or": "or", "||": "or"}.get(words.word(1))
        if word == "src" and joint and words.word(2) in ("dst", "dest"):
            self._primitive.direction = joint
            words.at += 2
        else:
            self._primitive.direction = "src" if word == "src" else "dst"

    def _brackets(self) -> None:
        words = self._words
        first = words.at
        words.at += 1
        inside = ""
        while words.left and words.word() != "]":
            inside += words.take()
        if not words.accept("]"):
            words.error("missing ']'", first)
            words.at = first + 1
            return
        bounds = _field_bounds(inside)
        if bounds is None:
            words.error("syntax error after '[', expected '[POS]' or '[POS:LEN]'", first, words.at)
            return
        offset, length = bounds
        if not 1 <= length <= 4:
            words.error("LEN in '[POS:LEN]' out of range, should be between 1 and 4", first, words.at)
        elif offset > MAX_POSITION:
            words.error(f"POS in '[POS:LEN]' out of range, bound {MAX_POSITION}", first, words.at)
        elif offset // 4 != (offset + length - 1) // 4:
            words.error(f"field [{offset}:{length}] does not fit in a single word", first, words.at)
        else:
            self._primitive.type = field_at(self._primitive.transport, offset, length)

    def _mask(self) -> Data | None:
        words = self._words
        if not self._operator_follows("&"):
            return None
        word = words.word(1)
        number = integer(word)
        if number is not None and 0 <= number <= 0xFFFFFFFF:
            mask = Data(Kind.INTEGER, number)
        else:
            address = ip_address(word, self._names) if self._header != "e" else None
            data = read_address(word, self._names, "e") if self._header != "i" and address is None else None
            if address is not None:
                mask = Data(Kind.HOST, address)
            elif data is not None:
                mask = data
            else:
                return None
        words.at += 2
        if not mask.value and mask.kind is not Kind.ETHER:
            words.error("zero mask ignored", words.at - 1)
            return None
        return mask

    def _data(self) -> None:
        words, primitive = self._words, self._primitive
        if not words.left:
            return
        word = words.word()
        if word not in TYPES and word not in SYNTAX:
            meaning = look_up(word, primitive.type, primitive.transport)
            if meaning is not None and meaning.kind is None:
                words.error(meaning.problem)
                words.at += 1
                return
            data = Data(meaning.kind, meaning.value) if meaning is not None and meaning.kind else self._literal(word)
            if data is not None:
                primitive.take(data)
                words.at += 1
                self._address_mask()
                return
        if primitive.operator != "=" or primitive.negated:
            words.error(f"dangling operator near '{word}'")

    def _literal(self, word: str) -> Data | None:
        """A number or an address."""
        number = read_number(word)
        if number is not None:
            return number
        return read_address(word, self._names, self._header, net=self._primitive.type is Kind.NET)

    def _address_mask(self) -> None:
        """`10.0.0.0 mask 255.0.0.0`."""
        words, primitive = self._words, self._primitive
        if primitive.data is Kind.HOST and words.left > 1 and words.word() == "mask":
            mask = ip_address(words.word(1), self._names)
            if mask is not None:
                words.at += 2
                primitive.data, primitive.mask = Kind.NET, mask


def _field_bounds(text: str) -> tuple[int, int] | None:
    """(position, length) of `pos`, `pos:len` or `first,last`."""
    for separator in (":", ","):
        head, found, tail = text.partition(separator)
        if found:
            first, second = integer(head), integer(tail)
            if first is None or second is None or first < 0:
                return None
            return first, second if separator == ":" else second - first + 1
    only = integer(text)
    return (only, 1) if only is not None and only >= 0 else None
