"""C code that packets run through: regions (emit_regions), pull paths, tasks, and the batches between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nmclick.compile.emit import Unit
from nmclick.compile.emit_regions import STRAND, branch, count_unconnected, region, signature
from nmclick.compile.plan import Dropped, Edge, Node, PullPath, Task


def emit_paths(unit: Unit) -> Iterator[str]:
    for number in range(len(unit.plan.regions)):
        yield (f"{signature(number)};")
    if unit.plan.bundles:
        yield STRAND
    yield _batches(unit)
    yield _dispatch(unit)
    for path in unit.plan.pulls.values():
        yield _pull(unit, path)
    for number, nodes in enumerate(unit.plan.regions):
        yield region(unit, number, nodes)
    yield _drain(unit)
    for number, task in enumerate(unit.plan.tasks):
        yield _task(unit, number, task)


def _batches(unit: Unit) -> str:
    return (
        "static always_inline void enter(struct state *S, struct worker *w, unsigned entry, struct packet p)\n"
        "{\n"
        "    batch_append(w, &S->batches[entry], p);\n"
        "    S->pending[entry / 64] |= 1ull << (entry % 64);\n"
        "}"
    )


def _drop(unit: Unit, element: int) -> str:
    return f"{count_unconnected(unit, element)}, packet_free(w, &p)"


def _send(unit: Unit, edge: Edge) -> str:
    """Statement for a packet that leaves by `edge` outside its region: into a batch, or dropped."""
    target = unit.plan.target(edge)
    if isinstance(target, Dropped):
        return _drop(unit, target.element)
    return f"enter(S, w, {unit.plan.entry_number(target)}, p)"


def _dispatch(unit: Unit) -> str:
    """Packets emitted outside any region: into the batches of the nodes they go to."""
    cases = [
        f"        case {unit.first_edge[edge[0]] + edge[1]}: {_send(unit, edge)}; break;"
        for edge in sorted(unit.plan.outside)
        if unit.code(edge[0]).emitting
    ]
    return "\n".join(
        [
            "static __attribute__((noinline)) void dispatch(struct state *S, struct worker *w)",
            "{",
            "    for (uint32_t i = 0; i < S->emissions.count; i++) {",
            "        struct packet p = S->emissions.items[i].packet;",
            "        switch (S->emissions.items[i].edge) {",
            *cases,
            "        default: w->misdirected++, packet_free(w, &p);",
            "        }",
            "    }",
            "    S->emissions.count = 0;",
            "}",
        ]
    )


def _drain(unit: Unit) -> str:
    """Run regions until no batch is left, upstream first. A push cycle without end gives way to the control plane."""
    plan = unit.plan
    cases = [
        f"            case {number}: {_enter(unit, node, 'packets.packets + at', 'NULL')} break;"
        for number, node in enumerate(plan.entries)
    ]
    words = (len(plan.entries) + 63) // 64
    return "\n".join(
        [
            "static void drain(struct state *S, struct worker *w)",
            "{",
            f"    for (unsigned word = 0; word < {words};) {{",
            "        if (!S->pending[word]) {",
            "            word++;",
            "            continue;",
            "        }",
            "        if (unlikely(worker_interrupted(w)))",
            "            return;",
            "        unsigned entry = 64 * word + (unsigned)__builtin_ctzll(S->pending[word]);",
            "        S->pending[word] &= S->pending[word] - 1;",
            "        struct batch packets = S->batches[entry];",
            "        S->batches[entry] = S->spare;",
            "        S->spare = (struct batch){0};",
            f"        for (uint32_t at = 0; at < packets.count; at += {unit.burst}) {{",
            f"            unsigned n = packets.count - at < {unit.burst} ? packets.count - at : {unit.burst};",
            "            switch (entry) {",
            *cases,
            "            }",
            "        }",
            "        packets.count = 0;",
            "        if (S->spare.packets)",
            "            free(packets.packets);",
            "        else",
            "            S->spare = packets;",
            "        word = 0;",
            "    }",
            "}",
        ]
    )


# Pull paths


def _pull(unit: Unit, path: PullPath) -> str:
    head = f"static unsigned {path.function}(void *state, struct worker *w, struct packet *out, unsigned max)\n{{"
    if path.base is None:
        return head + "\n    (void)state, (void)w, (void)out, (void)max;\n    return 0; /* nothing upstream */\n}"
    base, output = path.base
    source = unit.call(base, "pull", "out", "max", output=output)
    lines = [head, "    struct state *S = state;"]
    if not path.chain:
        return "\n".join([*lines, f"    return {source};", "}"])
    lines += [
        "    unsigned kept;",
        "    do {",
        f"        unsigned n = {source};",
        "        if (!n)",
        "            return 0;",
        "        kept = 0;",
        "        for (unsigned i = 0; i < n; i++) {",
        "            struct packet p = out[i];",
        "            int port;",
    ]
    for index, entered, output in path.chain:
        lines.append(f"            {unit.label(index)}")
        lines.append(f"            port = {unit.call(index, 'packet', '&p', inputs=entered)};")
        if unit.code(index).emits:
            lines.append("            if (unlikely(S->emissions.count))")
            lines.append("                dispatch(S, w);")

        def arrow(edge: Edge, output: int = output) -> str:
            return "break;" if edge[1] == output else f"{_send(unit, edge)}; continue;"

        lines += [
            "        " + line for line in branch(unit, index, arrow, "continue;", "packet_free(w, &p); continue;")
        ]
    lines += ["            out[kept++] = p;", "        }", "    } while (!kept);", "    return kept;", "}"]
    return "\n".join(lines)


# Tasks


def _task(unit: Unit, number: int, task: Task) -> str:
    plan = unit.plan
    index = task.element
    target = plan.first(task)
    lines = [
        unit.label(index),
        f"static unsigned task_{number}(void *state, struct worker *w)",
        "{",
        "    struct state *S = state;",
    ]
    if task.slots:
        lines += _slots_task(unit, index, target)
    else:
        lines += _packets_task(unit, task, target)
    starts: list[Node] = [target] if isinstance(target, tuple) else []
    for edge in plan.outside:
        reached = plan.target(edge)
        if not isinstance(reached, Dropped):
            starts.append(reached)
    lines += ["    drain(S, w);", *flushes(unit, starts), "    return n;", "}"]
    return "\n".join(lines)


def _enter(unit: Unit, target: Node, packets: str, burst: str) -> str:
    region, entry = unit.plan.region_of[target], unit.plan.entry_number(target)
    return f"region_{region}(S, w, {packets}, {burst}, n, {entry});"


def _slots_task(unit: Unit, index: int, target: Node | Dropped | None) -> list[str]:
    """A source whose ring slots the region reads itself."""
    lines = [
        "    struct ring_burst burst;",
        f"    unsigned n = {unit.call(index, 'burst', '&burst', str(unit.burst))};",
        "    if (n) {",
    ]
    if isinstance(target, tuple):
        lines.append(f"        {_enter(unit, target, 'NULL', '&burst')}")
    else:
        lines += [
            "        struct packet p;",
            "        for (unsigned i = 0; i < n; i++)",
            "            if (ring_next(&burst, i, &p))",
            f"                {_drop(unit, index if target is None else target.element)};",
        ]
    return [*lines, f"        {unit.call(index, 'done', '&burst')};", "    }"]


def _packets_task(unit: Unit, task: Task, target: Node | Dropped | None) -> list[str]:
    """A source that makes packets, or a pull path drawn into a sink."""
    call = (
        unit.call(task.element, "task", "packets", str(unit.burst))
        if task.sink is None
        else f"{task.sink.function}(S, w, packets, {unit.burst})"
    )
    lines = [
        f"    struct packet packets[{unit.burst} + PREFETCH_AHEAD];",
        f"    unsigned n = {call};",
        "    if (unlikely(S->emissions.count))",
        "        dispatch(S, w);",
    ]
    if isinstance(target, Dropped):
        lines += ["    for (unsigned i = 0; i < n; i++) {", "        struct packet p = packets[i];"]
        lines += [f"        {_drop(unit, target.element)};", "    }"]
    elif target is not None:
        lines += ["    if (n)", f"        {_enter(unit, target, 'packets', 'NULL')}"]
    return lines


def flushes(unit: Unit, starts: Iterable[Node]) -> list[str]:
    """Statements that end a turn in which packets entered at `starts`."""
    return [f"    {unit.call(index, 'flush')};" for index in unit.plan.flushed_after(starts)]
