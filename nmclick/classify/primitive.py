"""One primitive of the IP pattern language (`src tcp port > 1023`): its checks and its meaning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import names
from .names import TCP_OR_UDP
from .patterns import ALWAYS, All, Base, Compare, Not, Pattern, Some
from .vocabulary import TOS, Data, Field, Kind, Type, transport_name, type_name

Complain = Callable[[str], None]

TCP, UDP, DCCP = names.PROTOCOLS["tcp"], names.PROTOCOLS["udp"], names.PROTOCOLS["dccp"]
FIRST_FRAGMENT = Compare(Base.NETWORK, 6, 2, 0x1FFF, 0, 0)
WHOLE_PACKET = Compare(Base.NETWORK, 6, 2, 0x3FFF, 0, 0)


class Rejected(Exception):
    """The primitive makes no sense; the message is Click's."""


@dataclass
class Primitive:
    """A primitive as it was written; `resolve` fills in what was left out."""

    type: Type | None = None
    data: Type | None = None
    operator: str = "="
    negated: bool = False
    direction: str = ""
    transport: int | None = None
    value: int = 0
    mask: int = 0
    high: int | None = None

    def take(self, data: Data) -> None:
        """Use this data."""
        self.data, self.value, self.mask, self.high = data.kind, data.value, data.mask, data.high

    def resolve(self, previous: Primitive, header: str, mask: Data | None, warn: Complain) -> Pattern:
        """Check the primitive, complete it from the one before it (`src port 80 or 81`) and give its meaning.

        `header` is "i" or "e" if the user wrote `ip` or `ether`, `mask` what followed `&`. Raises Rejected.
        """
        direction = self.direction
        if self.type is None:
            self._infer(previous)
        header = header or ("e" if self.data is Kind.ETHER else "i")
        if header == "e" and self.type is Kind.HOST:
            self.type = Kind.ETHER
        if header == "e" and self.type is not Kind.ETHER:
            ip_only = self.type not in (Kind.HOST, Kind.NET)
            self._reject("ip only" if ip_only else "address missing")
        pattern = self._in_transport(self._resolved(header, mask, warn))
        if self.type not in (Kind.HOST, Kind.PORT, Kind.ETHER) and direction:
            warn(f"'{self._name}': 'src' or 'dst' ignored")
        return pattern

    @property
    def _name(self) -> str:
        return type_name(self.type, self.direction)

    def _reject(self, why: str) -> None:
        raise Rejected(f"'{self._name}': {why}")

    def _infer(self, previous: Primitive) -> None:
        """The type from the data: an address means `host`, a bare number what the primitive before was about."""
        if self.data is Kind.INTEGER:
            if not isinstance(previous.type, Field) and previous.type not in (Kind.PROTO, Kind.PORT):
                raise Rejected("specify header field or 'port'")
            self.data = previous.type
        if self.data is None:
            if self.transport is None:
                raise Rejected("partial directive")
            self.type = Kind.PROTO
            return
        self.type = self.data
        if self.data in (Kind.HOST, Kind.NET, Kind.TCP_OPT, Kind.ETHER, Kind.PORT):
            self.direction = self.direction or previous.direction
        if self.data is Kind.PORT and self.transport is None:
            self.transport = previous.transport
        if isinstance(self.data, Field) and self.transport is None:
            self.transport = self.data.transport

    def _resolved(self, header: str, mask: Data | None, warn: Complain) -> Pattern:
        match self.type:
            case Kind.HOST | Kind.NET:
                return self._host(mask)
            case Kind.ETHER:
                return self._ether(header, mask)
            case Kind.PROTO:
                return self._proto(mask, warn)
            case Kind.PORT:
                return self._port(mask, warn)
            case Kind.TCP_OPT:
                return self._tcp_opt(mask)
            case Kind.FRAG | Kind.UNFRAG | Kind.CE:
                if self.data is not None or mask is not None:
                    self._reject("value not supported")
                if self.type is Kind.CE:
                    self.type = TOS
                    return Compare(Base.NETWORK, 1, 1, 0x03, 0x03, 0x03)
                return WHOLE_PACKET if self.type is Kind.UNFRAG else Not(WHOLE_PACKET)
            case Kind.ECT:
                return self._ect(mask, warn)
            case Field():
                if self.data not in (Kind.INTEGER, self.type):
                    self._reject("value missing")
                return self._field(self.type, mask, (1 << self.type.bits) - 1, warn)
        raise Rejected("partial directive")

    def _host(self, mask: Data | None) -> Pattern:
        if self.data is not self.type:
            self._reject("address missing")
        if self.operator != "=":
            self._reject("operator not supported")
        if mask is not None:
            if mask.kind not in (Kind.INTEGER, Kind.HOST):
                self._reject("bad mask")
            self.mask = mask.value
        self.type = Kind.HOST
        low = self.value & self.mask
        ends = [Compare(Base.NETWORK, offset, 4, self.mask, low, low, self.negated) for offset in (12, 16)]
        return self._ends(*ends)

    def _ether(self, header: str, mask: Data | None) -> Pattern:
        if header != "e" or self.data is not Kind.ETHER:
            self._reject("address missing")
        if self.operator != "=":
            self._reject("operator not supported")
        if mask is not None:
            if mask.kind is not Kind.ETHER:
                self._reject("bad mask")
            self.mask = mask.value
        low = self.value & self.mask
        source, destination = (Compare(Base.MAC, at, 6, self.mask, low, low, self.negated) for at in (6, 0))
        return self._ends(source, destination)

    def _proto(self, mask: Data | None, warn: Complain) -> Pattern:
        if self.data in (Kind.INTEGER, Kind.PROTO):
            if self.transport is not None and self.transport != self.value:
                self._reject("specified twice")
        elif self.data is not None or self.transport is None:
            self._reject("value missing")
        else:
            self.value = self.transport
        self.data = None
        number, self.transport = self.value, None
        if number >= 256 and self.high is None and number in names.PROTOCOLS.values():
            if self.operator != "=" or mask is not None:
                raise Rejected(f"'{transport_name(number)}': operator or mask not supported")
            self.transport = None if self.negated else number
            pattern = _protocol(number, self.negated)
            return Not(pattern) if self.negated else pattern
        pattern = self._field(Field("proto", 72, 8), mask, 0xFF, warn)
        if self.operator == "=" and not self.negated and self.high is None and self.mask == 0xFF:
            self.transport = number
        return pattern

    def _port(self, mask: Data | None, warn: Complain) -> Pattern:
        if self.data not in (Kind.INTEGER, Kind.PORT):
            self._reject("value missing")
        self.data = Kind.PORT
        if self.transport is None:
            self.transport = TCP_OR_UDP
        elif self.transport not in (TCP, UDP, TCP_OR_UDP, DCCP):
            raise Rejected(f"'port': bad protocol {self.transport}")
        low, high = self._bounds(mask, 0xFFFF, warn)
        ends = [Compare(Base.TRANSPORT, at, 2, self.mask, low, high, self.negated) for at in (0, 2)]
        return self._ends(*ends)

    def _tcp_opt(self, mask: Data | None) -> Pattern:
        if self.data not in (Kind.INTEGER, Kind.TCP_OPT):
            self._reject("value missing")
        self.data = Kind.TCP_OPT
        if self.transport is None:
            self.transport = TCP
        elif self.transport != TCP:
            raise Rejected(f"'tcp opt': bad protocol {self.transport}")
        if self.operator != "=" or self.negated or mask is not None or self.high is not None:
            self._reject("operator or mask not supported")
        if self.value > 255:
            raise Rejected(f"'tcp opt': value {self.value} out of range")
        return Compare(Base.TRANSPORT, 13, 1, self.value, self.value, self.value)

    def _ect(self, mask: Data | None, warn: Complain) -> Pattern:
        if self.data not in (None, Kind.INTEGER):
            self._reject("value missing")
        if self.data is None:
            self.value, self.negated = 0, True
        self.type = TOS
        return self._field(TOS, mask, 0x03, warn)

    def _field(self, field: Field, mask: Data | None, full_mask: int, warn: Complain) -> Pattern:
        low, high = self._bounds(mask, full_mask, warn)
        first, last = field.offset // 8, (field.offset + field.bits - 1) // 8
        shift = 8 * (last + 1) - field.offset - field.bits
        base = Base.NETWORK if field.transport is None else Base.TRANSPORT
        length = last + 1 - first
        compare = Compare(base, first, length, self.mask << shift, low << shift, high << shift, self.negated)
        return Not(compare) if self.negated else compare

    def _bounds(self, mask: Data | None, full_mask: int, warn: Complain) -> tuple[int, int]:
        """The bounds that the masked value must lie in, before negation. Sets `mask`."""
        if mask is not None and mask.kind is not Kind.INTEGER:
            self._reject("bad mask")
        value = self.value
        self.mask = mask.value if mask is not None else full_mask
        if self.mask & ~full_mask:
            self._reject(f"mask out of range, bound 0x{full_mask:X}")
        if self.high is not None:
            if self.operator != "=":
                self._reject("operator not supported")
            if max(value, self.high) > full_mask:
                self._reject(f"out of range, bound {full_mask}")
            if value > self.high:
                self._reject(f"empty range {value}-{self.high}")
            return value, self.high
        if self.operator == "=":
            if value > full_mask:
                self._reject(f"out of range, bound {full_mask}")
            return value & self.mask, value & self.mask
        less = self.operator == "<"
        if (less and (value == 0 or value > self.mask)) or (not less and value >= self.mask):
            outcome = (less and value > self.mask) != self.negated
            sign = {("<", False): "<", ("<", True): ">=", (">", False): ">", (">", True): "<="}
            relation = f"{sign[self.operator, self.negated]} {value}"
            warn(f"relation '{relation}' is always {str(outcome).lower()} (range 0-{self.mask})")
            self.mask = 0
            self.operator, self.negated = "=", not outcome
            return 0, 0
        if less:
            self.operator, self.negated = ">", not self.negated
            value -= 1
        return value + 1, self.mask

    def _ends(self, source: Pattern, destination: Pattern) -> Pattern:
        self.direction = self.direction or "or"
        match self.direction:
            case "src":
                pattern = source
            case "dst":
                pattern = destination
            case "and":
                pattern = All((source, destination))
            case _:
                pattern = Some((source, destination))
        return Not(pattern) if self.negated else pattern

    def _in_transport(self, pattern: Pattern) -> Pattern:
        """The pattern in packets of the primitive's protocol; what looks at its header wants a first fragment."""
        if self.type is Kind.PROTO or self.transport is None:
            return pattern
        looks_inside = self.type in (Kind.PORT, Kind.TCP_OPT) or (
            isinstance(self.type, Field) and self.type.transport is not None
        )
        guards = (_protocol(self.transport), FIRST_FRAGMENT) if looks_inside else (_protocol(self.transport),)
        return All((*guards, pattern))


def _protocol(number: int, short: bool = False) -> Pattern:
    if number == TCP_OR_UDP:
        return Some((_protocol(TCP, short), _protocol(UDP, short)))
    if number >= 256:
        return ALWAYS
    return Compare(Base.NETWORK, 9, 1, 0xFF, number, number, short)
