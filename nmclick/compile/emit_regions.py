"""C code of regions: one function for each, in which a packet goes from element to element by jumps."""

from __future__ import annotations

from collections.abc import Callable

from nmclick.compile.bundles import Spot
from nmclick.compile.emit import Unit
from nmclick.compile.plan import Dropped, Edge, Node
from nmclick.graph.processing import Mode

__all__ = ["STRAND", "branch", "count_unconnected", "region", "signature"]

#: The packet goes on in strand n of bundle b.
STRAND = (
    "#define STRAND(b, n) \\\n    ({ \\\n        strand = n; \\\n        lane##b = &S->bundle##b[strand]; \\\n    })"
)


def count_unconnected(unit: Unit, element: int, within: Spot | None = None) -> str:
    """Count a packet that an element sends nowhere."""
    return f"{unit.place(element, within)}_drops[{unit.unconnected(element)}]++"


def signature(region: int) -> str:
    return (
        f"static void region_{region}(struct state *S, struct worker *w, struct packet *in,\n"
        "                     struct ring_burst *burst, unsigned n, unsigned entry)"
    )


def _name(node: Node) -> str:
    return f"e{node[0]}_in{node[1]}"


def _jump(unit: Unit, node: Node, within: Spot | None = None) -> str:
    """Go on with the packet at a node of the same region; `within` the code of a strand."""
    row, spot = unit.plan.row(node), unit.plan.spots.get(node[0])
    if row is None or spot is None:
        return f"goto {_name(node)};"
    jump = f"goto {_name(row[0])};"
    return jump if spot.beside(within) else f"STRAND({spot.bundle}, {spot.strand}); {jump}"


def _arrow(unit: Unit, number: int, edge: Edge, within: Spot | None = None) -> str:
    """What a region does with a packet that leaves by `edge`, ending the packet's turn or going on with it."""
    target = unit.plan.target(edge)
    if isinstance(target, Dropped):
        return f"{count_unconnected(unit, target.element, within)}; goto drop;"
    inside = unit.plan.region_of[target] == number and edge not in unit.plan.cut
    if inside and not unit.plan.needs_batch(target):
        return _jump(unit, target, within)
    return f"enter(S, w, {unit.plan.entry_number(target)}, p); goto next;"


def region(unit: Unit, number: int, nodes: list[Node]) -> str:
    entries = [(unit.plan.entry_number(node), node) for node in nodes if node in unit.plan.entries]
    batched = [(entry, node) for entry, node in entries if unit.plan.needs_batch(node)]
    emitting = sorted({node[0] for node in nodes if unit.code(node[0]).emits and not unit.plan.needs_batch(node)})
    lines = [
        signature(number),
        "{",
        "    struct packet p;",
        "    int port;",
        "    unsigned i = 0;",
    ]
    rows = {node: row for node in nodes if (row := unit.plan.row(node)) is not None}
    if rows:
        bundles = sorted({unit.plan.spots[node[0]].bundle for node in rows})
        lines.append("    unsigned strand = 0; /* of the bundle that the packet is in */")
        lines += [f"    struct bundle{bundle} *lane{bundle} = S->bundle{bundle};" for bundle in bundles]
    if batched:
        lines.append(f"    int result[{unit.burst}];")
        lines.append("    switch (entry) {")
        for entry, node in batched:
            call = unit.call(node[0], "batch", "in", "result", "n", inputs=node[1])
            lines.append(f"    case {entry}: {call}; dispatch(S, w); break;")
        lines.append("    }")
    lines.append("next:")
    if emitting:
        lines += [
            "    if (unlikely(S->emissions.count)) {",
            "        struct emission *last = &S->emissions.items[--S->emissions.count];",
            "        p = last->packet;",
            "        switch (last->edge) {",
        ]
        for index in emitting:
            for edge in _push_edges(unit, index):
                lines.append(f"        case {unit.first_edge[index] + edge[1]}: {_arrow(unit, number, edge)}")
        lines += ["        default: w->misdirected++, packet_free(w, &p); goto next;", "        }", "    }"]
    load = _load(unit, nodes, [node for _, node in entries])
    from_slots = any("cursor" in line for line in load)
    if from_slots:
        lines.insert(2, "    struct ring_cursor cursor = {0};")
        lines.insert(3, "    if (burst)")
        lines.insert(4, "        cursor = burst->cursor;")
        lines += ["    if (i == n) {", "        if (burst)", "            burst->cursor.used = cursor.used;"]
        lines += ["        return;", "    }", *load]
    else:
        lines += ["    if (i == n)", "        return;", *load]
    if len(entries) == 1 and not batched:
        lines.append(f"    {_jump(unit, entries[0][1])}")
    else:
        lines.append("    switch (entry) {")
        for entry, node in entries:
            if unit.plan.needs_batch(node):
                lines.append(f"    case {entry}: port = result[i - 1]; goto {_name(node)}_left;")
            else:
                lines.append(f"    case {entry}: {_jump(unit, node)}")
        lines += ["    default: __builtin_unreachable();", "    }"]
    for node in nodes:
        if rows.get(node, (node,))[0] == node:
            lines += _node(unit, number, node)
    # One place for all drops keeps the function small.
    lines += ["", "drop:", "    packet_free(w, &p);", "    goto next;", "}"]
    return "\n".join(lines)


def _load(unit: Unit, nodes: list[Node], entries: list[Node]) -> list[str]:
    """The next packet: out of a batch, or made from a ring slot."""
    ahead = any(unit.code(index).touches_data or index in unit.own_packet for index, _ in nodes)
    batch = ["    p = in[i++];"]
    slots = ["    if (unlikely(!ring_cursor_next(&cursor, burst, i++, &p)))", "        goto next;"]
    if ahead:
        batch.insert(0, "    __builtin_prefetch(in[i + PREFETCH_AHEAD].data);")
        slots.insert(0, "    ring_prefetch(&cursor, i + PREFETCH_AHEAD);")
    from_slots = [node for node in entries if node in unit.plan.slot_entries]
    if not from_slots:
        return batch
    if len(entries) == 1 and not unit.plan.has_packets(entries[0]):
        return slots
    return ["    if (burst) {", *("    " + s for s in slots), "    } else {", *("    " + s for s in batch), "    }"]


def _push_edges(unit: Unit, index: int) -> list[Edge]:
    modes = unit.plan.graph.output_modes[index]
    return [(index, port) for port, mode in enumerate(modes) if mode is not Mode.PULL]


def _node(unit: Unit, number: int, node: Node) -> list[str]:
    """One element of a region, or a row of a bundle: its call, then a jump by the port it returned."""
    index = node[0]
    row = unit.plan.row(node)
    within = None if row is None else unit.plan.spots[index]
    labels = [unit.label(member) for member, _ in row or (node,)]
    lines = ["", *(f"    {label}" for label in labels)]
    if unit.plan.needs_batch(node):
        lines.append(f"{_name(node)}_left:")
    else:
        lines.append(f"{_name(node)}:")
        if unit.code(index).emits:
            call = unit.call(index, "packet", "&p", inputs=node[1], within=within, context="c")
            lines += [
                "    {",
                f"        struct context *c = {unit.context(index, node[1], 0, within)};",
                f"        port = {call};",
                "        if (unlikely(c->emitted)) {",
                "            if (port >= 0)",
                "                emit(c, (unsigned)port, p);",
                "            emissions_turn(&S->emissions, c->emitted);",
                "            if (port >= 0)",
                "                goto next;",
                "        }",
                "    }",
            ]
        else:
            lines.append(f"    port = {unit.call(index, 'packet', '&p', inputs=node[1], within=within)};")

    def arrow(edge: Edge) -> str:
        ways = [
            _arrow(unit, number, (member, edge[1]), within and unit.plan.spots[member]) for member, _ in row or (node,)
        ]
        if len(set(ways)) == 1:
            return ways[0]
        cases = "".join(f"case {strand}: {way} " for strand, way in enumerate(ways[:-1]))
        return f"switch (strand) {{ {cases}default: {ways[-1]} }}"

    forked = _fork(unit, number, node) if row is None else ([], frozenset())
    return [*lines, *forked[0], *branch(unit, index, arrow, "goto next;", "goto drop;", within, forked[1])]


def _fork(unit: Unit, number: int, node: Node) -> tuple[list[str], frozenset[int]]:
    """Statements that send packets into bundles by the port alone, without a jump for each; the ports they are for."""
    forks: dict[str, dict[int, int]] = {}
    bundles: dict[str, int] = {}
    for port in range(unit.plan.elements[node[0]].n_outputs):
        edge = (node[0], port)
        target = unit.plan.target(edge)
        if isinstance(target, Dropped) or edge in unit.plan.cut or unit.plan.region_of[target] != number:
            continue
        row = unit.plan.row(target)
        if row is not None:
            forks.setdefault(_name(row[0]), {})[port] = row.index(target)
            bundles[_name(row[0])] = unit.plan.spots[target[0]].bundle
    lines: list[str] = []
    done: set[int] = set()
    for label, strands in forks.items():
        least, most = min(strands), max(strands)
        if len(strands) < 2:
            continue
        done |= strands.keys()
        inside = f"(unsigned)port - {least}u < {most - least + 1}u" if least else f"(unsigned)port < {most + 1}u"
        if [strands.get(port) for port in range(least, most + 1)] == list(range(len(strands))):
            strand = f"(unsigned)port{f' - {least}u' if least else ''}"
            lines.append(f"    if ({inside}) {{")
        else:
            table = ", ".join(str(strands.get(port, "UINT16_MAX")) for port in range(least, most + 1))
            name = f"{_name(node)}_to_{label}"
            lines.append(f"    ; static const uint16_t {name}[] = {{{table}}};")  # a label may stand in front
            strand = f"{name}[port - {least}]"
            lines.append(f"    if ({inside} && {strand} != UINT16_MAX) {{")
        lines += [f"        STRAND({bundles[label]}, {strand});", f"        goto {label};", "    }"]
    return lines, frozenset(done)


def branch(
    unit: Unit,
    index: int,
    arrow: Callable[[Edge], str],
    end: str,
    drop: str,
    within: Spot | None = None,
    done: frozenset[int] = frozenset(),
) -> list[str]:
    """The switch behind an element's call. `arrow(edge)` is the code for an output that is not `done`, `end` for a
    consumed packet, and `drop` for one to be freed."""
    element = unit.plan.elements[index]
    drops = f"{unit.place(index, within)}_drops"
    lines = ["    switch (port) {"]
    lines += [f"    case {port}: {arrow((index, port))}" for port in range(element.n_outputs) if port not in done]
    lines.append(f"    case KEPT: {end}")
    if element.drops:
        reject = element.reject_output
        if reject is not None and reject < element.n_outputs:
            lines += ["    default:", "        if (port < KEPT) {", f"            {drops}[-2 - port]++;"]
            lines += [f"            {arrow((index, reject))}", "        }"]
            lines += [f"        {count_unconnected(unit, index, within)}; {drop}"]
        else:
            lines += [f"    default: {drops}[port < KEPT ? -2 - port : {unit.unconnected(index)}]++; {drop}"]
    else:
        lines.append(f"    default: {count_unconnected(unit, index, within)}; {drop}")
    lines.append("    }")
    return lines
