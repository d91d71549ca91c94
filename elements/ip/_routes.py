"""What the route tables share: routes as text, their order, and the handlers add, set, remove, ctrl, table, lookup."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from nmclick.element import (
    ANNO_DST_IP,
    ArgumentError,
    Arguments,
    Element,
    HandlerError,
    IPAddress,
    IPPrefix,
    Rest,
    Signed,
    Text,
    read_handler,
    write_handler,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

CHANGE = struct.Struct("=IIIIHBx")  # struct lpm_change of nmclick/lpm.h


@dataclass(frozen=True, slots=True)
class Route:
    """`network`/`length` leaves by `port`, by way of `gateway` (0: directly connected). Addresses in host order."""

    network: int
    length: int
    gateway: int
    port: int

    def covers(self, address: int) -> bool:
        return self.length == 0 or (address ^ self.network) >> (32 - self.length) == 0

    @property
    def prefix(self) -> tuple[int, int]:
        return (self.network, self.length)

    def unparse(self, separator: str = " ") -> str:
        """As Click shows it: ``ADDR/LEN GATEWAY PORT``; with tabs, padded to columns."""
        tabs = separator == "\t"
        prefix = f"{dotted(self.network)}/{self.length}{separator}"
        if tabs and len(prefix) < 17:
            prefix += separator
        gateway = f"{dotted(self.gateway) if self.gateway else '-'}{separator}"
        if tabs and len(gateway) < 9:
            gateway += separator
        return f"{prefix}{gateway}{self.port}"


def dotted(address: int) -> str:
    return ".".join(map(str, address.to_bytes(4, "big")))


def parse_route(text: str, environment: Environment, *, removing: bool = False) -> Route | None:
    """``ADDR/MASK [GATEWAY] OUTPUT``; None if it is something else. The output may be missing when removing (-1)."""
    words = text.split()
    if not words:
        return None
    try:
        prefix = IPPrefix(bare=True).parse(words.pop(0), environment)
        gateway = 0
        if words and words[0] == "-":
            words.pop(0)
        elif words and (len(words) > 1 or "." in words[0]):
            gateway = int.from_bytes(IPAddress().parse(words.pop(0), environment), "big")
        if len(words) > 1 or prefix.length < 0:
            return None
        if not words:
            return Route(int.from_bytes(prefix.network, "big"), prefix.length, gateway, -1) if removing else None
        return Route(int.from_bytes(prefix.network, "big"), prefix.length, gateway, Signed(32).parse(words[0]))
    except ArgumentError:
        return None


class RouteTable(Element):
    """Base of the route tables: everything but the lookup itself."""

    ports = "1/-"
    processing = "h/h"
    arguments = Arguments(Rest("ROUTES", Text()))
    reads = frozenset({ANNO_DST_IP})
    writes = frozenset({ANNO_DST_IP})
    drops: ClassVar = {"no_route": "no route for the packet's destination annotation"}
    #: Whether routes can change while the router runs.
    fixed: ClassVar[bool] = False

    environment: Environment
    routes: list[Route | None]  # None: a place that was freed and will be used again

    def configure(self, environment: Environment) -> Iterable[str]:
        self.environment = environment
        self.routes = []
        replaced = 0
        for number, text in enumerate(self.args.ROUTES, 1):
            route = parse_route(text, environment)
            if route is None:
                yield f"argument {number} should be 'ADDR/MASK [GATEWAY] OUTPUT'"
            elif not 0 <= route.port < self.n_outputs:
                yield f"argument {number} bad OUTPUT"
            elif self.find(route) is not None:
                replaced += 1
            else:
                self.routes.append(route)
        if replaced:
            self.warnings = [f"{replaced} {'routes' if replaced > 1 else 'route'} replaced by later versions"]

    warnings: list[str] = []

    def find(self, route: Route) -> int | None:
        """Where the route to the same prefix stands."""
        return next((i for i, r in enumerate(self.routes) if r is not None and r.prefix == route.prefix), None)

    def best(self, address: int, *, shorter_than: int = 33) -> int | None:
        """Where the route with the longest prefix (below `shorter_than`) that covers `address` stands."""
        found: int | None = None
        longest = -1
        for i, route in enumerate(self.routes):
            if route is not None and longest < route.length < shorter_than and route.covers(address):
                found, longest = i, route.length
        return found

    # Towards the C table: places in the list, counted from 1, are the numbers of its routes.

    def started(self) -> None:
        if not self.fixed:
            self._send(range(len(self.routes)))

    def _send(self, places: Iterable[int]) -> None:
        changes = []
        for place in places:
            route = self.routes[place]
            if route is not None:
                gateway = int.from_bytes(route.gateway.to_bytes(4, "big"), sys.byteorder)
                changes.append(CHANGE.pack(route.network, gateway, place + 1, 0, route.port, route.length))
        self._apply(b"".join(changes))

    def _apply(self, changes: bytes) -> None:
        if self.call("change", changes)[0] < 0:
            raise HandlerError("no memory to store route")

    # Handlers

    def _command(self, command: str, text: str) -> tuple[str, Route, Route | None]:
        """Do one command; what was done, for undoing it: the command, its route, and the route it replaced."""
        removing = command == "remove"
        route = parse_route(text, self.environment, removing=removing)
        if route is None:
            raise HandlerError(f"expected 'ADDR/MASK [GATEWAY{' OUTPUT]' if removing else '] OUTPUT'}'")
        if self.fixed:
            raise HandlerError(f"cannot {'delete routes from' if removing else 'add routes to'} this routing table")
        if route.port >= self.n_outputs or route.port < (-1 if removing else 0):
            raise HandlerError("bad OUTPUT")
        place = self.find(route)
        old = self.routes[place] if place is not None else None
        if removing:
            if old is None or place is None or not self._same(route, old):
                raise HandlerError(f"route '{route.unparse()}' not found")
            self.routes[place] = None
            parent = self.best(route.network, shorter_than=route.length)
            successor = 0 if parent is None else parent + 1
            self._apply(CHANGE.pack(route.network, 0, successor, place + 1, 0, route.length))
            return command, old, old
        if old is not None and command == "add":
            raise HandlerError(f"conflict with existing route '{old.unparse()}'")
        if place is None:
            place = next((i for i, r in enumerate(self.routes) if r is None), len(self.routes))
            self.routes[place:place + 1] = [route]
        else:
            self.routes[place] = route
        self._send([place])
        return command, route, old

    @staticmethod
    def _same(wanted: Route, route: Route) -> bool:
        return (wanted.port in (-1, route.port)) and (wanted.gateway in (0, route.gateway))

    @write_handler("add")
    def add(self, text: str) -> None:
        self._command("add", text)

    @write_handler("set")
    def set(self, text: str) -> None:
        self._command("set", text)

    @write_handler("remove")
    def remove(self, text: str) -> None:
        self._command("remove", text)

    @write_handler("ctrl")
    def ctrl(self, text: str) -> None:
        """Several commands, one a line: all of them, or none."""
        done: list[tuple[str, Route, Route | None]] = []
        try:
            for line in text.splitlines():
                command, _, rest = line.strip().partition(" ")
                if command in ("add", "set", "remove"):
                    done.append(self._command(command, rest))
                elif command:
                    raise HandlerError(f"bad command '{command}'")
        except HandlerError:
            for command, route, old in reversed(done):
                if old is None:
                    self._command("remove", route.unparse())
                else:
                    self._command("set", old.unparse())
            raise

    @write_handler("flush")
    def flush(self, text: str) -> None:
        for route in [route for route in self.routes if route is not None]:
            self._command("remove", route.unparse())

    @read_handler("table")
    def table(self) -> str:
        return "".join(f"{route.unparse(chr(9))}\n" for route in self.routes if route is not None)

    @read_handler("lookup", parameters=True)
    def lookup(self, text: str) -> str:
        try:
            address = int.from_bytes(IPAddress().parse(text.strip(), self.environment), "big")
        except ArgumentError:
            raise HandlerError("expected IP address") from None
        number = self.number_of(address)
        route = self.routes[number - 1] if number else None
        if route is None:
            return "-1"
        return f"{route.port} {dotted(route.gateway)}" if route.gateway else str(route.port)

    def number_of(self, address: int) -> int:
        """The number of the route that the table in C finds; 0: none."""
        return self.call("lookup", struct.pack("=I", address))[0]
