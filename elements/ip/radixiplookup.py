from __future__ import annotations

from typing import ClassVar

from ._routes import FlushableTable


class RadixIPLookup(FlushableTable):
    """Route by longest prefix: a radix tree, for tables of any size.

    Lookups take one to three memory accesses: a first table on 16 bits, then nodes on 8 bits.

    Arguments are routes ``ADDR/MASK [GATEWAY] OUTPUT``. The destination annotation decides; a gateway replaces it.

    Handlers: ``table`` (read) all routes, one a line; ``lookup ADDR`` (read) output and gateway for an address;
    ``add``, ``set`` (add or replace), ``remove`` (write) one route; ``ctrl`` (write) several commands, one a line,
    done all or not at all; ``flush`` (write) remove every route.
    """

    moves: ClassVar[bool] = True
    example = "10.0.0.0/8 0, 0/0 10.0.0.1 1"
