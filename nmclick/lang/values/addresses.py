"""Ethernet and IPv4 addresses. Their values are bytes in network order, as they stand in a packet."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from nmclick.lang.values.base import Argument, ArgumentError, CScalar

if TYPE_CHECKING:
    from nmclick.lang.values.environment import Environment

_ETHER = re.compile(r"[0-9a-fA-F]{1,2}(?:([:-])[0-9a-fA-F]{1,2}(?:\1[0-9a-fA-F]{1,2}){4})")
_DOTTED = re.compile(r"0*[0-9]{1,3}(?:\.0*[0-9]{1,3}){0,3}")
_HOST_NAME = re.compile(r"(?:[A-Za-z0-9_-]+\.)*[A-Za-z][A-Za-z0-9_-]*\.?")
_LENGTH = re.compile(r"\+?[0-9]{1,4}")


def dotted_bytes(text: str) -> bytes | None:
    """One to four decimal bytes separated by dots; None if `text` is something else."""
    if not _DOTTED.fullmatch(text):
        return None
    parts = [int(part.lstrip("0") or "0") for part in text.split(".")]
    return None if max(parts) > 255 else bytes(parts)


def ip_bytes(text: str) -> bytes | None:
    """A dotted quad; None if `text` is something else."""
    parts = dotted_bytes(text)
    return parts if parts is not None and len(parts) == 4 else None


def ether_bytes(text: str) -> bytes | None:
    """Six hexadecimal bytes of one or two digits, separated by ``:`` or ``-`` throughout; None for anything
    else."""
    match = _ETHER.fullmatch(text)
    return bytes(int(part, 16) for part in text.split(match[1])) if match else None


def mask_bytes(length: int) -> bytes:
    """The IPv4 network mask of a prefix length from 0 to 32."""
    return ((0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF).to_bytes(4, "big")


def unparse_ip(value: bytes) -> str:
    return ".".join(map(str, value))


def unparse_ether(value: bytes) -> str:
    return "-".join(f"{byte:02X}" for byte in value)


class Prefix(NamedTuple):
    """An IPv4 address with a mask. `address` is as it was written, host bits included."""

    address: bytes
    mask: bytes

    @property
    def network(self) -> bytes:
        """The address without its host bits."""
        return bytes(a & m for a, m in zip(self.address, self.mask, strict=True))

    @property
    def broadcast(self) -> bytes:
        """The address with all host bits set."""
        return bytes(a | (m ^ 0xFF) for a, m in zip(self.address, self.mask, strict=True))

    @property
    def length(self) -> int:
        """The prefix length; -1 if the mask is not one."""
        mask = int.from_bytes(self.mask, "big")
        length = mask.bit_count()
        return length if mask == (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF else -1

    def __str__(self) -> str:
        """ "10.0.0.1/24", or "10.0.0.1/255.0.255.0" for a mask with holes."""
        shown = str(self.length) if self.length >= 0 else unparse_ip(self.mask)
        return f"{unparse_ip(self.address)}/{shown}"


class EtherAddress(Argument):
    """An Ethernet address, ``02:00:5e:00:00:aa`` or ``2-0-5E-0-0-AA``, or a name with one. The value is six
    bytes."""

    __slots__ = ()

    @property
    def expects(self) -> str:
        return "an Ethernet address such as 02:00:5e:00:00:01"

    @property
    def c_type(self) -> str:
        return "uint8_t[6]"

    def parse(self, text: str, environment: Environment | None = None) -> bytes:
        value = ether_bytes(text)
        if value is None and environment is not None:
            value = environment.addresses.ether(text, environment.element_name)
        if value is None:
            raise ArgumentError
        return value

    def unparse(self, value: bytes) -> str:
        return unparse_ether(value)


def _ip_or_none(text: str, environment: Environment | None) -> bytes | None:
    value = ip_bytes(text)
    if value is None and environment is not None:
        value = environment.addresses.ip(text, environment.element_name)
    return value


class IPAddress(Argument):
    """An IPv4 address or a name with one. The value is four bytes; the C field is a uint32_t that holds these
    bytes in memory, so it is in network byte order."""

    __slots__ = ()

    @property
    def expects(self) -> str:
        return "an IPv4 address such as 10.0.0.1"

    @property
    def c_type(self) -> str:
        return "uint32_t"

    def parse(self, text: str, environment: Environment | None = None) -> bytes:
        value = _ip_or_none(text, environment)
        if value is None:
            raise ArgumentError
        return value

    def unparse(self, value: bytes) -> str:
        return unparse_ip(value)

    def c_value(self, value: bytes) -> int:
        return int.from_bytes(value, sys.byteorder)

    def from_c(self, raw: int | bytes) -> bytes:
        return raw if isinstance(raw, bytes) else raw.to_bytes(4, sys.byteorder)


class Host(IPAddress):
    """An IPv4 address, a name from AddressInfo, or a host name that the system's resolver knows."""

    __slots__ = ()

    @property
    def expects(self) -> str:
        return "an IPv4 address or a host name"

    def parse(self, text: str, environment: Environment | None = None) -> bytes:
        try:
            return super().parse(text, environment)
        except ArgumentError:
            return _resolve(text)


def _resolve(name: str) -> bytes:
    import socket

    # The resolver would also take numbers such as "10.1" and "0x0a000001".
    if not _HOST_NAME.fullmatch(name):
        raise ArgumentError
    try:
        return socket.inet_aton(socket.gethostbyname(name))
    except (OSError, UnicodeError):
        raise ArgumentError from None


class IPPrefix(Argument):
    """An IPv4 address prefix: ``10/8``, ``10.0.0.1/24``, ``10.0.0.0/255.0.0.0``, or a name with one. With
    `bare`, an address alone is the prefix of length 32. The value is a Prefix; in C, `x` is the address as
    written and `x_mask` the mask, both in network byte order."""

    __slots__ = ("bare",)

    def __init__(self, *, bare: bool = False) -> None:
        self.bare = bare

    @property
    def expects(self) -> str:
        return f"an IPv4 prefix such as 10.0.0.0/8{', or an address' if self.bare else ''}"

    def parse(self, text: str, environment: Environment | None = None) -> Prefix:
        value = self._with_length(text, environment)
        if value is None and self.bare:
            address = _ip_or_none(text, environment)
            value = None if address is None else Prefix(address, mask_bytes(32))
        if value is None and environment is not None:
            value = environment.addresses.prefix(text, environment.element_name)
        if value is None:
            raise ArgumentError
        return value

    def _with_length(self, text: str, environment: Environment | None) -> Prefix | None:
        head, _, tail = text.rpartition("/")
        if not head or not tail:
            return None
        address = dotted_bytes(head) or _ip_or_none(head, environment)
        shown = int(tail) if _LENGTH.fullmatch(tail) else 33
        mask = mask_bytes(shown) if shown <= 32 else _ip_or_none(tail, environment)
        # "10.1/24" leaves out bits that the mask says matter.
        if address is None or mask is None or any(mask[len(address) :]):
            return None
        return Prefix(address.ljust(4, b"\0"), mask)

    def unparse(self, value: Prefix) -> str:
        return str(value)

    def c_fields(self, name: str) -> dict[str, str]:
        return {name: "uint32_t", f"{name}_mask": "uint32_t"}

    def c_values(self, name: str, value: Prefix | None) -> dict[str, CScalar]:
        if value is None:
            return {name: 0, f"{name}_mask": 0}
        address = IPAddress()
        return {name: address.c_value(value.address), f"{name}_mask": address.c_value(value.mask)}
