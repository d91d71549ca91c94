from __future__ import annotations

from ._routes import FlushableTable


class DirectIPLookup(FlushableTable):
    """Route by longest prefix in one memory access, two beyond /24.

    The first table is indexed by 24 address bits and takes 64 MB of address space, of which only what is used becomes
    memory (Gupta, Lin, McKeown, "Routing lookups in hardware at memory access speeds", INFOCOM 1998).

    Arguments are routes ``ADDR/MASK [GATEWAY] OUTPUT``. The destination annotation decides; a gateway replaces it.

    Handlers: ``table`` (read) all routes, one a line; ``lookup ADDR`` (read) output and gateway for an address;
    ``add``, ``set`` (add or replace), ``remove`` (write) one route; ``ctrl`` (write) several commands, one a line,
    done all or not at all; ``flush`` (write) remove every route.
    """

    example = "10.0.0.0/8 0, 0/0 10.0.0.1 1"
