"""What every argument type is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nmclick.lang.values.environment import Environment

#: A value as C sees it: an integer of the declared C type, or the bytes of an array.
CScalar = int | bool | bytes


class ArgumentError(Exception):
    """Text that is not a value of the wanted type. `message` is Click's, without the argument's name; `hint`
    says what would have been right, where that is not the general description of the type."""

    def __init__(self, message: str = "parse error", hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Argument:
    """A type of argument. Instances are immutable and shared by all elements of a class.

    `expects` completes the sentence "expected ..."; `c_type` is the type of the C field ("uint32_t",
    "uint8_t[6]"), or None for values that C never sees.
    """

    __slots__ = ()

    @property
    def expects(self) -> str:
        return "a value"

    @property
    def c_type(self) -> str | None:
        return None

    def parse(self, text: str, environment: Environment | None = None) -> Any:
        """The value that `text` stands for; raises ArgumentError. Without an environment names are not
        resolved."""
        raise NotImplementedError

    def unparse(self, value: Any) -> str:
        """The value as handlers print it."""
        return str(value)

    def c_value(self, value: Any) -> CScalar:
        """The value as its C field holds it."""
        if isinstance(value, int | bytes):
            return value
        raise TypeError(f"{type(self).__name__} values have no form in C")

    def from_c(self, raw: int | bytes) -> Any:
        """The value that a C field holds: the inverse of `c_value`."""
        return raw

    def c_fields(self, name: str) -> dict[str, str]:
        """The C fields of an argument called `name`, with their types."""
        return {} if self.c_type is None else {name: self.c_type}

    def c_values(self, name: str, value: Any) -> dict[str, CScalar]:
        """What the fields of `c_fields` hold; a missing value (None) is all zeros."""
        if self.c_type is None:
            return {}
        if value is None:
            length = array_length(self.c_type)
            return {name: 0 if length is None else bytes(length)}
        return {name: self.c_value(value)}

    def __repr__(self) -> str:
        slots = [name for cls in type(self).__mro__ for name in getattr(cls, "__slots__", ())]
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in slots)})"


def array_length(c_type: str) -> int | None:
    """The number of bytes of "uint8_t[N]"; None for a plain integer type."""
    return int(c_type[c_type.index("[") + 1 : -1]) if c_type.endswith("]") else None
