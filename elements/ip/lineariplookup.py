from __future__ import annotations

from ._routes import RouteTable


class LinearIPLookup(RouteTable):
    """Route by longest prefix, the routes kept and shown in the order they were given.

    The name is Click's; lookups are those of RadixIPLookup, so the order costs nothing.

    Arguments are routes ``ADDR/MASK [GATEWAY] OUTPUT``. The destination annotation decides; a gateway replaces it.

    Handlers: ``table`` (read) all routes, one a line; ``lookup ADDR`` (read) output and gateway for an address;
    ``add``, ``set`` (add or replace), ``remove`` (write) one route; ``ctrl`` (write) several commands, one a line,
    done all or not at all.
    """

    example = "10.0.0.0/8 0, 0/0 10.0.0.1 1"
