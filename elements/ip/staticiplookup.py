from __future__ import annotations

from typing import ClassVar

from ._routes import Route, RouteTable


class StaticIPLookup(RouteTable):
    """Route by longest prefix, by a table that is part of the program.

    Arguments are routes ``ADDR/MASK [GATEWAY] OUTPUT``. The destination annotation decides; a gateway replaces it.
    The routes cut the address space into intervals; a lookup counts the interval bounds at or below the address,
    without a branch, eight at a time where the processor has vectors. Meant for up to some hundred routes; they cannot
    change while the router runs (RadixIPLookup and DirectIPLookup do that).

    Handlers: ``table`` (read) all routes, one a line; ``lookup ADDR`` (read) output and gateway for an address.
    """

    fixed: ClassVar[bool] = True

    def intervals(self) -> tuple[list[int], list[Route | None]]:
        """First addresses of the intervals in which one route holds, without the 0 of the first, and their routes."""
        starts = {0}
        for route in self.routes:
            if route is not None:
                starts |= {route.network, route.network + (1 << (32 - route.length))}
        starts.discard(1 << 32)
        bounds: list[int] = []
        holders: list[Route | None] = []
        for start in sorted(starts):
            place = self.best(start)
            holder = None if place is None else self.routes[place]
            if not holders or holder is not holders[-1]:
                bounds.append(start)
                holders.append(holder)
        return bounds[1:], holders

    def c_code(self, symbol: str) -> str:
        bounds, holders = self.intervals()
        # Padded with the greatest address plus a compare that fails, so that vectors need no remainder loop.
        padded = bounds + [0xFFFFFFFF] * (-len(bounds) % 8)
        # An address of all ones would also count the padding: the table of results goes on with the last holder.
        results = holders + [holders[-1]] * (len(padded) - len(bounds))
        ports = ", ".join(str(-1 if r is None else r.port) for r in results)
        gateways = ", ".join(f"BE32({0 if r is None else r.gateway}u)" for r in results)
        lines = [
            f"static const int16_t {symbol}_ports[] = {{{ports}}};",
            f"static const be32 {symbol}_gateways[] = {{{gateways}}};",
        ]
        if padded:
            lines += [
                f"static const uint32_t {symbol}_bounds[{len(padded)}] = {{",
                *(f"    {', '.join(f'{b:#010x}' for b in padded[i : i + 8])}," for i in range(0, len(padded), 8)),
                "};",
            ]
        count = (
            [f"    for (unsigned i = 0; i < {len(padded)}; i++)", f"        at += address >= {symbol}_bounds[i];"]
            if padded
            else []
        )
        return "\n".join(
            [
                *lines,
                f"static always_inline int {symbol}_packet(struct StaticIPLookup *self, const struct StaticIPLookup_args *args,",
                "    struct packet *p, struct context *c)",
                "{",
                "    (void)self, (void)args, (void)c;",
                "    uint32_t address = BE32(anno_u32(p, ANNO_DST_IP)), at = 0;",
                *count,
                f"    if ({symbol}_ports[at] < 0)",
                "        return NM_DROP(StaticIPLookup, no_route);",
                *(
                    [
                        f"    if ({symbol}_gateways[at])",
                        f"        set_anno_u32(p, ANNO_DST_IP, {symbol}_gateways[at]);",
                    ]
                    if any(r is not None and r.gateway for r in results)
                    else []
                ),
                f"    return {symbol}_ports[at];",
                "}",
            ]
        )

    def number_of(self, address: int) -> int:
        place = self.best(address)
        return 0 if place is None else place + 1

    example = "10.0.0.0/8 0, 0/0 10.0.0.1 1"
