from __future__ import annotations

from typing import ClassVar

from ._routes import Route, RouteTable

#: Up to this many interval bounds a lookup is a tree of comparisons, each output known where it ends; beyond, a count
#: without branches, since a branch of random traffic costs more than eight comparisons in a vector.
TREE_BOUNDS = 24

NO_ROUTE = "return NM_DROP(StaticIPLookup, no_route);"


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


def _padding(bounds: list[int]) -> int:
    return -len(bounds) % 8


def _tables(symbol: str, bounds: list[int], holders: list[Route | None]) -> list[str]:
    """Bounds, padded so that vectors need no remainder, and what the count of those at or below an address means."""
    # The greatest address is also above the padding: the results go on with the last holder.
    padded = bounds + [0xFFFFFFFF] * _padding(bounds)
    results = holders + [holders[-1]] * _padding(bounds)
    ports = ", ".join(str(-1 if r is None else r.port) for r in results)
    gateways = ", ".join(f"BE32({0 if r is None else r.gateway:#010x}u)" for r in results)
    return [
        f"static const int16_t {symbol}_ports[] = {{{ports}}};",
        f"static const be32 {symbol}_gateways[] = {{{gateways}}};",
        f"static const uint32_t {symbol}_bounds[{len(padded)}] = {{",
        *(f"    {', '.join(f'{b:#010x}' for b in padded[i : i + 8])}," for i in range(0, len(padded), 8)),
        "};",
    ]


def _count(symbol: str, bounds: list[int]) -> list[str]:
    return [
        "    uint32_t at = 0;",
        f"    for (unsigned i = 0; i < {len(bounds) + _padding(bounds)}; i++)",
        f"        at += address >= {symbol}_bounds[i];",
        f"    if ({symbol}_ports[at] < 0)",
        f"        {NO_ROUTE}",
        f"    if ({symbol}_gateways[at])",
        f"        set_anno_u32(p, ANNO_DST_IP, {symbol}_gateways[at]);",
        f"    return {symbol}_ports[at];",
    ]


class StaticIPLookup(RouteTable):
    """Route by longest prefix, by a table that is part of the program.

    Arguments are routes ``ADDR/MASK [GATEWAY] OUTPUT``. The destination annotation decides; a gateway replaces it.
    The routes cut the address space into intervals; a lookup compares the address with the interval bounds, by a tree
    of comparisons for a few routes, else with eight bounds at a time where the processor has vectors. Meant for up to
    some hundred routes; they cannot change while the router runs (RadixIPLookup and DirectIPLookup do that).

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
            if not holders or holder is not holders[-1]:
                bounds.append(start)
                holders.append(holder)
        return bounds[1:], holders

    def c_code(self, symbol: str) -> str:
        bounds, holders = self.intervals()
        body = _tree(bounds, holders) if len(bounds) <= TREE_BOUNDS else _count(symbol, bounds)
        tables = [] if len(bounds) <= TREE_BOUNDS else _tables(symbol, bounds, holders)
        return "\n".join(
            [
                *tables,
                f"static always_inline int {symbol}_packet(struct StaticIPLookup *self,",
                "    const struct StaticIPLookup_args *args, struct packet *p, struct context *c)",
                "{",
                "    (void)self, (void)args, (void)c;",
                "    uint32_t address = BE32(anno_u32(p, ANNO_DST_IP));",
                *body,
                "}",
            ]
        )

    def place_of(self, address: int) -> int | None:
        return self.routes.best(address)
