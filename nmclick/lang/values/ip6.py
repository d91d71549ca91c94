"""IPv6 addresses (RFC 4291). Their values are 16 bytes in network order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from nmclick.lang.values.addresses import IPAddress
from nmclick.lang.values.base import Argument, ArgumentError, CScalar

if TYPE_CHECKING:
    from nmclick.lang.values.environment import Environment

_GROUP = re.compile(r"[0-9a-fA-F]{1,4}")
_LENGTH = re.compile(r"\+?[0-9]{1,4}")


def _groups(text: str) -> list[bytes] | None:
    if not text:
        return []
    parts = text.split(":")
    if not all(_GROUP.fullmatch(part) for part in parts):
        return None
    return [int(part, 16).to_bytes(2, "big") for part in parts]


def ip6_bytes(text: str, environment: Environment | None = None) -> bytes | None:
    """An IPv6 address; its last 32 bits may be an IPv4 address or the name of one. None for anything else."""
    left, colon, last = text.rpartition(":")
    if not colon:
        return None
    tail: list[bytes] = []
    # A name that is also a group ("::beef") is a group.
    if last and not _GROUP.fullmatch(last):
        try:
            ip = IPAddress().parse(last, environment)
        except ArgumentError:
            return None
        tail = [ip[:2], ip[2:]]
        text = left + ":" if left.endswith(":") else left
    if "::" not in text:
        head = _groups(text)
        return b"".join(head + tail) if head is not None and len(head) + len(tail) == 8 else None
    before, _, after = text.partition("::")
    first, second = _groups(before), _groups(after)
    if first is None or second is None:
        return None
    missing = 8 - len(first) - len(second) - len(tail)
    return None if missing < 1 else b"".join([*first, bytes(2 * missing), *second, *tail])


def mask6_bytes(length: int) -> bytes:
    """The mask of an IPv6 prefix length from 0 to 128."""
    ones = (1 << 128) - 1
    return ((ones << (128 - length)) & ones).to_bytes(16, "big")


def unparse_ip6(value: bytes) -> str:
    """RFC 5952 text: lower case, the longest run of zero groups (two or more) as ``::``. As Click prints
    them, all IPv4-mapped and IPv4-compatible addresses end in a dotted quad, ``::0.0.0.1`` included."""
    groups = [int.from_bytes(value[i : i + 2], "big") for i in range(0, 16, 2)]
    if any(groups) and not any(groups[:5]) and groups[5] in (0, 0xFFFF):
        dotted = ".".join(map(str, value[12:]))
        return f"::{'ffff:' if groups[5] else ''}{dotted}"
    start, length = 0, 1
    i = 0
    while i < 8:
        end = i
        while end < 8 and groups[end] == 0:
            end += 1
        if end - i > length:
            start, length = i, end - i
        i = max(end, i + 1)
    shown = [f"{group:x}" for group in groups]
    if length == 1:
        return ":".join(shown)
    return f"{':'.join(shown[:start])}::{':'.join(shown[start + length :])}"


class Prefix6(NamedTuple):
    """An IPv6 address, as written, and a prefix length."""

    address: bytes
    length: int

    @property
    def mask(self) -> bytes:
        return mask6_bytes(self.length)

    @property
    def network(self) -> bytes:
        """The address without its host bits."""
        return bytes(a & m for a, m in zip(self.address, self.mask, strict=True))

    def __str__(self) -> str:
        return f"{unparse_ip6(self.address)}/{self.length}"


class IP6Address(Argument):
    """An IPv6 address or a name with one. The value is sixteen bytes."""

    __slots__ = ()

    @property
    def expects(self) -> str:
        return "an IPv6 address such as 2001:db8::1"

    @property
    def c_type(self) -> str:
        return "uint8_t[16]"

    def parse(self, text: str, environment: Environment | None = None) -> bytes:
        value = ip6_bytes(text, environment)
        if value is None and environment is not None:
            value = environment.addresses.ip6(text, environment.element_name)
        if value is None:
            raise ArgumentError
        return value

    def unparse(self, value: bytes) -> str:
        return unparse_ip6(value)


class IP6Prefix(Argument):
    """An IPv6 prefix, ``2001:db8::/32``, with a length or a mask, or a name with one. With `bare`, an address
    alone is the prefix of length 128. The value is a Prefix6; in C, `x` is the address and `x_length` the
    length."""

    __slots__ = ("bare",)

    def __init__(self, *, bare: bool = False) -> None:
        self.bare = bare

    @property
    def expects(self) -> str:
        return f"an IPv6 prefix such as 2001:db8::/32{', or an address' if self.bare else ''}"

    def parse(self, text: str, environment: Environment | None = None) -> Prefix6:
        head, _, tail = text.rpartition("/")
        if head and tail:
            address = IP6Address().parse(head, environment)
            if _LENGTH.fullmatch(tail) and int(tail) <= 128:
                return Prefix6(address, int(tail))
            mask = IP6Address().parse(tail, environment)
            length = int.from_bytes(mask, "big").bit_count()
            if mask != mask6_bytes(length):
                raise ArgumentError
            return Prefix6(address, length)
        if self.bare:
            try:
                return Prefix6(IP6Address().parse(text, environment), 128)
            except ArgumentError:
                pass
        value = None
        if environment is not None:
            value = environment.addresses.ip6_prefix(text, environment.element_name)
        if value is None:
            raise ArgumentError
        return value

    def unparse(self, value: Prefix6) -> str:
        return str(value)

    def c_fields(self, name: str) -> dict[str, str]:
        return {name: "uint8_t[16]", f"{name}_length": "uint8_t"}

    def c_values(self, name: str, value: Prefix6 | None) -> dict[str, CScalar]:
        if value is None:
            return {name: bytes(16), f"{name}_length": 0}
        return {name: value.address, f"{name}_length": value.length}
