"""Text: raw, quoted, words, file names, and choices from a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nmclick.lang.configstring import parse_string, parse_word, quote, split_words, unquote
from nmclick.lang.source import decode, encode
from nmclick.lang.values.base import Argument, ArgumentError, CScalar

if TYPE_CHECKING:
    from nmclick.lang.values.environment import Environment


class Text(Argument):
    """An argument as it stands, quotes included; only comments are gone."""

    __slots__ = ()

    @property
    def expects(self) -> str:
        return "text"

    def parse(self, text: str, environment: Environment | None = None) -> str:
        return text


class String(Argument):
    """One word or quoted string, unquoted: ``abc``, ``"a b\\n"``, ``'a b'``, ``x"y z"``."""

    __slots__ = ()

    @property
    def expects(self) -> str:
        return "a string; text with spaces needs quotes"

    def parse(self, text: str, environment: Environment | None = None) -> str:
        value = parse_string(text)
        if value is None:
            raise ArgumentError
        return value


class Data(Argument):
    """Bytes: a string, or ``\\<00 01 ff>``, or both joined. It has no form in C, since its length varies:
    elements that need it there return it from c_arguments()."""

    __slots__ = ()

    @property
    def expects(self) -> str:
        return 'data such as "text" or \\<00 01 ff>'

    def parse(self, text: str, environment: Environment | None = None) -> bytes:
        value = parse_string(text)
        if value is None:
            raise ArgumentError
        return encode(value)

    def unparse(self, value: bytes) -> str:
        return decode(value)


class Word(Argument):
    """One word of printable characters without quotes, backslashes and commas in its value."""

    __slots__ = ()

    @property
    def expects(self) -> str:
        return "a word"

    def parse(self, text: str, environment: Environment | None = None) -> str:
        value = parse_word(text)
        if value is None:
            raise ArgumentError
        return value


class Words(Argument):
    """Space-separated words as a list, each unquoted, or each a value of the type `item`."""

    __slots__ = ("item",)

    def __init__(self, item: Argument | None = None) -> None:
        self.item = item

    @property
    def expects(self) -> str:
        return "words separated by spaces" if self.item is None else f"a list, each {self.item.expects}"

    def parse(self, text: str, environment: Environment | None = None) -> list[Any]:
        words = split_words(text)
        if self.item is None:
            return [unquote(word) for word in words]
        return [self.item.parse(word, environment) for word in words]

    def unparse(self, value: Sequence[Any]) -> str:
        item = self.item
        if item is None:
            return " ".join(word if parse_word(word) == word else quote(word) for word in value)
        return " ".join(item.unparse(word) for word in value)


class Filename(Argument):
    """A file name. ``~`` and ``~user`` at its start are home directories; ``-`` is up to the element."""

    __slots__ = ()

    @property
    def expects(self) -> str:
        return "a file name"

    def parse(self, text: str, environment: Environment | None = None) -> str:
        name = parse_string(text)
        if not name:
            raise ArgumentError
        if name.startswith("~"):
            import os.path

            name = os.path.expanduser(name)
        while "//" in name:
            name = name.replace("//", "/")
        if "\0" in name:
            raise ArgumentError
        return name


class Choice(Argument):
    """One of several words, each standing for a value: Choice({"allow": 0, "deny": 1}), or for itself:
    Choice(["IP", "ETHER"]). With `number`, anything else is read with that type, as Click's named integers.

    `message` replaces "parse error". When all values are integers they have the C type `c_type`.
    """

    __slots__ = ("_c_type", "choices", "message", "number")

    def __init__(
        self,
        choices: Mapping[str, Any] | Sequence[str],
        *,
        number: Argument | None = None,
        message: str = "parse error",
        c_type: str = "int32_t",
    ) -> None:
        named = choices if isinstance(choices, Mapping) else {word: word for word in choices}
        self.choices: Mapping[str, Any] = MappingProxyType(dict(named))
        self.number = number
        self.message = message
        integers = all(isinstance(value, int) for value in self.choices.values())
        self._c_type = (c_type if number is None else number.c_type) if integers else None

    @property
    def expects(self) -> str:
        words = list(self.choices)
        if self.number is not None:
            return f"{self.number.expects} or a name such as {words[0]}"
        return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]

    @property
    def c_type(self) -> str | None:
        return self._c_type

    def parse(self, text: str, environment: Environment | None = None) -> Any:
        word = parse_word(text)
        if word is not None and word in self.choices:
            return self.choices[word]
        if self.number is not None:
            return self.number.parse(text, environment)
        raise ArgumentError(self.message)

    def unparse(self, value: Any) -> str:
        if self.number is not None:
            return self.number.unparse(value)
        return next((word for word, meant in self.choices.items() if meant == value), str(value))

    def c_value(self, value: Any) -> CScalar:
        return int(value)
