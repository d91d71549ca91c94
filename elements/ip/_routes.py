"""What the route tables share: routes as text, their order, and the handlers add, set, remove, ctrl, table, lookup."""

from __future__ import annotations

import heapq
import struct
import sys
from collections.abc import Iterable, Iterator
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
    Notice,
    Rest,
    Sharing,
    Signed,
    Text,
    Words,
    read_handler,
    write_handler,
)

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment

CHANGE = struct.Struct("=IIIIHBx")  # struct lpm_change of nmclick/lpm.h
NO_ROUTE = 0xFFFF  # LPM_NO_ROUTE
ANY_PORT = -1


@dataclass(frozen=True, slots=True)
class Route:
    """`network`/`length` leaves by `port`, by way of `gateway` (0: directly connected). Addresses in host order."""

    network: int
    length: int
    gateway: int
    port: int

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


def parse_address(text: str, environment: Environment) -> int | None:
    """An address or a name with one, in host order; None for anything else."""
    try:
        return int.from_bytes(IPAddress().parse(text, environment), "big")
    except ArgumentError:
        return None


def parse_route(text: str, environment: Environment, *, removing: bool = False) -> Route | None:
    """``ADDR/MASK [GATEWAY] OUTPUT``; None if it is something else. The output may be missing when removing."""
    prefix_text, *words = Words().parse(text) or [""]
    try:
        prefix = IPPrefix(bare=True).parse(prefix_text, environment)
        gateway: int | None = 0
        if words and words[0] == "-":
            words.pop(0)
        elif len(words) > 1 or (words and removing and not words[0].lstrip("-").isdecimal()):
            gateway = parse_address(words.pop(0), environment)
        if gateway is None or len(words) > 1 or prefix.length < 0 or not (words or removing):
            return None
        port = Signed(32).parse(words[0]) if words else ANY_PORT
    except ArgumentError:
        return None
    return Route(int.from_bytes(prefix.network, "big"), prefix.length, gateway, port)


class Routes:
    """Routes in the places that Click gives them, found by prefix. A place is a number from 0 on that stays the same
    as long as the route does.

    With `moves` places are taken as RadixIPLookup does: that freed last comes first, and replacing a route takes a
    place before it frees the old one. Else the first free place is taken, and a replaced route's is kept.
    """

    def __init__(self, *, moves: bool = False) -> None:
        self.moves = moves
        self.places: list[Route | None] = []
        self._by_prefix: dict[tuple[int, int], int] = {}
        self._free: list[int] = []  # a stack with `moves`, else a heap

    def __iter__(self) -> Iterator[Route]:
        return (route for route in self.places if route is not None)

    def place(self, prefix: tuple[int, int]) -> int | None:
        """Where the route to exactly this prefix stands."""
        return self._by_prefix.get(prefix)

    def get(self, prefix: tuple[int, int]) -> Route | None:
        place = self._by_prefix.get(prefix)
        return None if place is None else self.places[place]

    def best(self, address: int, *, shorter_than: int = 33) -> int | None:
        """Where the route with the longest prefix (below `shorter_than`) that covers `address` stands."""
        for length in range(shorter_than - 1, -1, -1):
            place = self._by_prefix.get((address >> (32 - length) << (32 - length), length))
            if place is not None:
                return place
        return None

    def put(self, route: Route) -> int:
        """Add a route, or replace the one to the same prefix; its place."""
        old = self._by_prefix.get(route.prefix)
        if old is not None and not self.moves:
            place = old
        elif self._free:
            place = self._free.pop() if self.moves else heapq.heappop(self._free)
        else:
            place = len(self.places)
            self.places.append(None)
        if old is not None and place != old:
            self._release(old)
        self.places[place] = route
        self._by_prefix[route.prefix] = place
        return place

    def delete(self, prefix: tuple[int, int]) -> int:
        """Remove the route to this prefix, which there is; the place it had."""
        place = self._by_prefix.pop(prefix)
        self._release(place)
        return place

    def _release(self, place: int) -> None:
        self.places[place] = None
        if self.moves:
            self._free.append(place)
        else:
            heapq.heappush(self._free, place)


class RouteTable(Element):
    """Base of the route tables: everything but the lookup itself."""

    sharing = Sharing.UNLOCKED
    ports = "1/-"
    processing = "h/h"
    arguments = Arguments(Rest("ROUTES", Text()))
    reads = frozenset({ANNO_DST_IP})
    writes = frozenset({ANNO_DST_IP})
    drops: ClassVar = {"no_route": "no route for the packet's destination annotation"}
    #: Whether the routes are part of the program and cannot change while it runs.
    fixed: ClassVar[bool] = False
    #: How places are taken: see Routes.
    moves: ClassVar[bool] = False

    environment: Environment
    routes: Routes

    def configure(self, environment: Environment) -> Iterable[str | Notice]:
        self.environment = environment
        self.routes = Routes(moves=self.moves)
        again = 0
        for number, text in enumerate(self.args.ROUTES, 1):
            route = parse_route(text, environment)
            if route is None:
                yield f"argument {number} should be 'ADDR/MASK [GATEWAY] OUTPUT'"
            elif not 0 <= route.port < self.n_outputs:
                yield f"argument {number} bad OUTPUT"
            elif self.routes.get(route.prefix) is not None:
                again += 1  # as in Click the first one stays, whatever the warning says
            else:
                self.routes.put(route)
        if again:
            yield Notice(f"{again} {'routes' if again > 1 else 'route'} replaced by later versions", is_warning=True)

    # Towards the table in C. The number of a route is its place + 1; that to 0.0.0.0/0 stands apart and has number 0.

    def started(self) -> None:
        if not self.fixed:
            self._apply([self._change(place) for place, route in enumerate(self.routes.places) if route is not None])

    def _change(self, place: int) -> bytes:
        route = self.routes.places[place]
        assert route is not None
        gateway = int.from_bytes(route.gateway.to_bytes(4, "big"), sys.byteorder)
        return CHANGE.pack(route.network, gateway, place + 1, 0, route.port, route.length)

    def _put(self, route: Route, changes: list[bytes]) -> None:
        changes.append(self._change(self.routes.put(route)))

    def _delete(self, route: Route, changes: list[bytes]) -> None:
        place = self.routes.delete(route.prefix)
        parent = self.routes.best(route.network, shorter_than=route.length)
        heir = self.routes.places[parent] if parent is not None else None
        successor = parent + 1 if parent is not None and heir is not None and heir.length else 0
        changes.append(CHANGE.pack(route.network, 0, successor, place + 1, NO_ROUTE, route.length))

    def _apply(self, changes: list[bytes]) -> None:
        failed = -self.call("change", b"".join(changes))[0] if changes else 0
        if failed > 0:
            network, gateway, _, _, port, length = CHANGE.unpack(changes[failed - 1])
            route = Route(network, length, int.from_bytes(gateway.to_bytes(4, sys.byteorder), "big"), port)
            raise HandlerError(f"no memory to store route '{route.unparse()}'", -12)

    # Handlers

    def _command(self, command: str, text: str, changes: list[bytes]) -> tuple[Route | None, Route | None]:
        """Do one command in the list and note what changes; the route it took away and the one it put there."""
        removing = command == "remove"
        route = parse_route(text, self.environment, removing=removing)
        if route is None:
            raise HandlerError(f"expected 'ADDR/MASK [GATEWAY{' OUTPUT]' if removing else '] OUTPUT'}'")
        if not (ANY_PORT if removing else 0) <= route.port < self.n_outputs:
            raise HandlerError("bad OUTPUT")
        if self.fixed:
            raise HandlerError(f"cannot {'delete routes from' if removing else 'add routes to'} this routing table")
        old = self.routes.get(route.prefix)
        if removing:
            if old is None or (route.port != ANY_PORT and route != old):
                raise HandlerError(f"route '{route.unparse()}' not found", -2)
            self._delete(old, changes)
            return old, None
        if old is not None and command == "add":
            raise HandlerError(f"conflict with existing route '{old.unparse()}'", -17)
        self._put(route, changes)
        return old, route

    def _run(self, commands: Iterable[tuple[str, str]]) -> None:
        """Do all commands or none. Packets see the table before the first or after the last."""
        changes: list[bytes] = []
        done: list[tuple[Route | None, Route | None]] = []
        try:
            for command, text in commands:
                done.append(self._command(command, text, changes))
        except HandlerError:
            self._undo(done, changes)
            self._apply(changes)
            raise
        try:
            self._apply(changes)
        except HandlerError:
            changes.clear()
            self._undo(done, changes)
            self._apply(changes)
            raise

    def _undo(self, done: list[tuple[Route | None, Route | None]], changes: list[bytes]) -> None:
        for old, new in reversed(done):
            if old is not None:
                self._put(old, changes)
            elif new is not None:
                self._delete(new, changes)

    @write_handler("add")
    def add(self, text: str) -> None:
        self._run([("add", text)])

    @write_handler("set")
    def set(self, text: str) -> None:
        self._run([("set", text)])

    @write_handler("remove")
    def remove(self, text: str) -> None:
        self._run([("remove", text)])

    @write_handler("ctrl")
    def ctrl(self, text: str) -> None:
        """Several commands, one a line: all of them, or none."""
        self._run(self._lines(text))

    @staticmethod
    def _lines(text: str) -> Iterator[tuple[str, str]]:
        for line in text.split("\n"):
            command, *rest = line.split(maxsplit=1) or [""]
            if command in ("add", "set", "remove"):
                yield command, "".join(rest)
            elif command:
                raise HandlerError(f"bad command '{command}'")

    @read_handler("table")
    def table(self) -> str:
        return "".join(f"{route.unparse(chr(9))}\n" for route in self.routes)

    @read_handler("lookup", parameters=True)
    def lookup(self, text: str) -> str:
        address = parse_address(text.strip(), self.environment)
        if address is None:
            raise HandlerError("expected IP address")
        place = self.place_of(address)
        route = self.routes.places[place] if place is not None else None
        if route is None:
            return "-1"
        return f"{route.port} {dotted(route.gateway)}" if route.gateway else str(route.port)

    def place_of(self, address: int) -> int | None:
        """The place of the route that the table in C finds; None: there is none."""
        number, _ = self.call("lookup", struct.pack("=I", address))
        return number - 1 if number else self.routes.place((0, 0))


class FlushableTable(RouteTable):
    """A route table that can be emptied at once."""

    @write_handler("flush")
    def flush(self, text: str) -> None:
        self.routes = Routes(moves=self.moves)
        self.call("clear")
