from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from ._routes import Route, RouteTable

#: Bits of an address, the first ones, that may choose a part of the table.
MOST_TOP_BITS = 12
#: Interval bounds that are compared with an address one by one; of more, a vector of them at a time.
SCALAR_BOUNDS = 4
VECTOR = 8
#: What a vector costs beside its loads and comparisons.
VECTOR_COST = 5


#: Up to this many interval bounds a lookup is a tree of comparisons, each output known where it ends: with so few, what
#: comes in decides where it leaves, and the branches are predicted.
TREE_BOUNDS = 8

NO_ROUTE = "return NM_DROP(StaticIPLookup, no_route);"


def _way(route: Route | None) -> tuple[int, int] | None:
    return None if route is None else (route.port, route.gateway)


def _tree(bounds: list[int], holders: list[Route | None], depth: int = 1) -> list[str]:
    """Statements that find the interval of `address` and return its output."""
    indent = "    " * depth
    if not bounds:
        route = holders[0]
        if route is None:
            return [indent + NO_ROUTE]
        gateway = f"set_anno_u32(p, ANNO_DST_IP, BE32({route.gateway:#010x}u));"
        return [*([indent + gateway] if route.gateway else []), f"{indent}return {route.port};"]
    middle = len(bounds) // 2
    return [
        f"{indent}if (address < {bounds[middle]:#010x}u) {{",
        *_tree(bounds[:middle], holders[: middle + 1], depth + 1),
        f"{indent}}} else {{",
        *_tree(bounds[middle + 1 :], holders[middle + 1 :], depth + 1),
        f"{indent}}}",
    ]


@dataclass(frozen=True, slots=True)
class Part:
    """The routes of a part of the address space: first addresses of its intervals, without that of the first, and the
    route that holds in each."""

    bounds: tuple[int, ...]
    holders: tuple[Route | None, ...]


def _parts(bounds: list[int], holders: list[Route | None], top: int) -> list[Part]:
    """The parts that the first `top` bits of an address choose."""
    size = 1 << (32 - top)
    parts = []
    at = 0
    for start in range(0, 1 << 32, size):
        while at < len(bounds) and bounds[at] <= start:
            at += 1
        end = at
        while end < len(bounds) and bounds[end] < start + size:
            end += 1
        parts.append(Part(tuple(bounds[at:end]), tuple(holders[at : end + 1])))
    return parts


def _width(bounds: list[int], top: int) -> int:
    """Bounds that are looked at for every address when its first `top` bits choose a part."""
    inside = Counter(bound >> (32 - top) for bound in bounds if bound & ((1 << (32 - top)) - 1))
    most = max(inside.values(), default=0)
    return most if most <= SCALAR_BOUNDS else most + -most % VECTOR


def _cost(bounds: list[int], top: int) -> int:
    """What a lookup takes, in comparisons."""
    width = _width(bounds, top)
    return (top > 0) + (width if width <= SCALAR_BOUNDS else VECTOR_COST + width // VECTOR)


def _tables(symbol: str, top: int, width: int, parts: list[Part]) -> list[str]:
    """Every part once: its bounds, padded, and what the number of those at or below an address means."""
    numbers = {part: number for number, part in enumerate(dict.fromkeys(parts))}
    lines = [
        f"static const struct {{ uint32_t bounds[{width or 1}]; int16_t ports[{width + 1}]; }} {symbol}_parts[] = {{"
    ]
    gateways = []
    for part in numbers:
        padding = width - len(part.bounds)
        # The greatest address is also above the padding: the holders go on with the last one.
        padded = [*part.bounds, *[0xFFFFFFFF] * padding]
        holders = [*part.holders, *[part.holders[-1]] * padding]
        ports = ", ".join(str(-1 if r is None else r.port) for r in holders)
        lines.append(f"    {{{{{', '.join(f'{b:#010x}' for b in padded) or '0'}}}, {{{ports}}}}},")
        gateways.append(", ".join(f"BE32({0 if r is None else r.gateway:#010x}u)" for r in holders))
    lines.append("};")
    if _has_gateways(parts):
        lines.append(f"static const be32 {symbol}_gateways[][{width + 1}] = {{{{{'}, {'.join(gateways)}}}}};")
    if top:
        kind = "uint8_t" if len(numbers) <= 256 else "uint16_t"
        lines.append(f"static const {kind} {symbol}_part_of[] = {{{', '.join(str(numbers[part]) for part in parts)}}};")
    return lines


def _has_gateways(parts: list[Part]) -> bool:
    return any(route is not None and route.gateway for part in parts for route in part.holders)


def _count(symbol: str, top: int, width: int, parts: list[Part]) -> list[str]:
    """Statements that count the bounds at or below `address` in its part and return the output."""
    gateway = [
        f"    const be32 gateway = {symbol}_gateways[part][at];",
        "    set_anno_u32(p, ANNO_DST_IP, gateway ? gateway : BE32(address));",
    ]
    return [
        f"    const unsigned part = {f'{symbol}_part_of[address >> {32 - top}]' if top else '0'};",
        "    unsigned at = 0;",
        f"    for (unsigned i = 0; i < {width}; i++)",
        f"        at += address >= {symbol}_parts[part].bounds[i];",
        f"    const int port = {symbol}_parts[part].ports[at];",
        "    if (unlikely(port < 0))",
        f"        {NO_ROUTE}",
        *(gateway if _has_gateways(parts) else []),
        "    return port;",
    ]


class StaticIPLookup(RouteTable):
    """Route by longest prefix, by a table that is part of the program.

    Arguments are routes ``ADDR/MASK [GATEWAY] OUTPUT``. The destination annotation decides; a gateway replaces it.
    The routes cut the address space into intervals. A lookup compares the address with the interval bounds: by a tree
    of comparisons for a few, else it counts those below, without a branch that random traffic could mislead, in the
    part of the table that the address's first bits choose. Meant for up to some hundred routes; they cannot change
    while the router runs (RadixIPLookup and DirectIPLookup do that).

    Handlers: ``table`` (read) all routes, one a line; ``lookup ADDR`` (read) output and gateway for an address.
    """

    example = "10.0.0.0/8 0, 0/0 10.0.0.1 1"
    fixed: ClassVar[bool] = True

    def intervals(self) -> tuple[list[int], list[Route | None]]:
        """First addresses of the intervals in which one route holds, without the 0 of the first, and their routes."""
        starts = {0}
        for route in self.routes:
            starts |= {route.network, route.network + (1 << (32 - route.length))}
        starts.discard(1 << 32)
        bounds: list[int] = []
        holders: list[Route | None] = []
        for start in sorted(starts):
            place = self.routes.best(start)
            holder = None if place is None else self.routes.places[place]
            if not holders or _way(holder) != _way(holders[-1]):
                bounds.append(start)
                holders.append(holder)
        return bounds[1:], holders

    def c_code(self, symbol: str) -> str:
        bounds, holders = self.intervals()
        tables: list[str] = []
        body = _tree(bounds, holders)
        if len(bounds) > TREE_BOUNDS:
            top = min(range(MOST_TOP_BITS + 1), key=lambda top: _cost(bounds, top))
            width, parts = _width(bounds, top), _parts(bounds, holders, top)
            tables = _tables(symbol, top, width, parts)
            body = _count(symbol, top, width, parts)
        return "\n".join(
            [
                *tables,
                f"static always_inline int {symbol}_packet(struct StaticIPLookup *self,",
                "    const struct StaticIPLookup_args *args, struct packet *p, struct context *c)",
                "{",
                "    (void)self, (void)args, (void)c;",
                "    const uint32_t address = BE32(anno_u32(p, ANNO_DST_IP));",
                *body,
                "}",
            ]
        )

    def place_of(self, address: int) -> int | None:
        return self.routes.best(address)
