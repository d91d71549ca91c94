"""What the runtime and the handlers find a program's parts by: `struct nm_program` and its tables."""

from __future__ import annotations

from collections.abc import Iterator

from nmclick.compile.emit import Unit
from nmclick.compile.emit_paths import flushes
from nmclick.compile.plan import Plan


def program_fields(plan: Plan) -> list[tuple[int, str]]:
    """(element, C field) that the control plane reads or writes, in the order of nm_program.field_offsets."""
    return [
        (element.index, name)
        for element in plan.elements
        if plan.code[element.index].has_state
        for name in dict.fromkeys([*(h.field for h in element.handlers.values()), *element.fields])
    ]


def program_calls(plan: Plan) -> list[tuple[int, str]]:
    """(element, call) in the order of nm_program.calls."""
    return [(element.index, what) for element in plan.elements for what in plan.code[element.index].calls]


def emit_tables(unit: Unit) -> Iterator[str]:
    plan = unit.plan
    timers = plan.timers
    calls = program_calls(plan)
    for number, index in enumerate(timers):
        yield "\n".join(
            [
                f"static uint64_t timer_{number}(void *state, struct worker *w) {unit.label(index)}",
                "{",
                "    struct state *S = state;",
                f"    uint64_t next = {unit.call(index, 'timer')};",
                "    dispatch(S, w);",
                "    drain(S, w);",
                *flushes(unit, plan.entries),
                "    return next;",
                "}",
            ]
        )
    for number, (index, what) in enumerate(calls):
        yield "\n".join(
            [
                f"static cold_path long call_{number}(void *state, struct worker *w, const void *in, size_t n,",
                "                             void *out, size_t room)",
                "{",
                "    struct state *S = state;",
                f"    long result = {unit.call(index, f'call_{what}', 'in', 'n', 'out', 'room')};",
                "    dispatch(S, w);",
                "    return result;",
                "}",
            ]
        )
    yield _init(unit)
    yield _cleanup(unit)
    yield _program(unit, calls)


def _init(unit: Unit) -> str:
    lines = [
        "static cold_path uint32_t program_init(void *state, struct worker *w)",
        "{",
        "    struct state *S = state;",
    ]
    lines.append("    S->worker = w;")
    if unit.plan.threads.workers > 1:
        lines.append("    S->home = w->home;")
    for element in unit.plan.elements:
        if "init" in unit.code(element.index):
            once = "w->index == 0 && " if _is_once(unit, element.index) else ""
            lines.append(f"    if ({once}{unit.call(element.index, 'init')} != 0)")
            lines.append(f"        return {element.index + 1};")
    return "\n".join([*lines, "    return 0;", "}"])


def _is_once(unit: Unit, index: int) -> bool:
    """Whether the first worker does for all what every worker does where each has a state of its own."""
    return unit.plan.threads.workers > 1 and index not in unit.plan.threads.per_worker


def _cleanup(unit: Unit) -> str:
    lines = [
        "static cold_path void program_cleanup(void *state, struct worker *w)",
        "{",
        "    struct state *S = state;",
    ]
    lines.append("    (void)w;")
    for element in unit.plan.elements:
        if "cleanup" in unit.code(element.index):
            once = "if (w->index == 0) " if _is_once(unit, element.index) else ""
            lines.append(f"    {once}{unit.call(element.index, 'cleanup')};")
    lines += [
        "    free(S->emissions.items);",
        "    free(S->spare.packets);",
        "    for (unsigned i = 0; i < sizeof S->batches / sizeof S->batches[0]; i++)",
        "        free(S->batches[i].packets);",
        "}",
    ]
    return "\n".join(lines)


def _table(declaration: str, items: list[str]) -> str:
    return f"{declaration} = {{{', '.join(items) or '0'}}};"


def _program(unit: Unit, calls: list[tuple[int, str]]) -> str:
    plan = unit.plan
    fields = program_fields(plan)
    classes = {e.index: type(e).__name__ for e in plan.elements}
    offsets = [
        f"offsetof(struct state, {unit.member(i)}) + offsetof(struct {classes[i]}, {name})" for i, name in fields
    ]
    sizes = [f"sizeof(((struct {classes[i]} *)0)->{name})" for i, name in fields]
    return "\n".join(
        [
            _table(
                "static unsigned (*const tasks[])(void *, struct worker *)",
                [f"task_{i}" for i in range(len(plan.tasks))],
            ),
            _table("static const uint32_t task_elements[]", [str(task.element) for task in plan.tasks]),
            _table(
                "static uint64_t (*const timers[])(void *, struct worker *)",
                [f"timer_{i}" for i in range(len(plan.timers))],
            ),
            _table("static const uint32_t timer_elements[]", list(map(str, plan.timers))),
            _table(
                "static long (*const calls[])(void *, struct worker *, const void *, size_t, void *, size_t)",
                [f"call_{i}" for i in range(len(calls))],
            ),
            _table("static const int16_t task_workers[]", list(map(str, plan.threads.tasks))),
            _table("static const int16_t timer_workers[]", list(map(str, plan.threads.timers))),
            _table("static const uint32_t field_offsets[]", offsets),
            _table("static const uint32_t field_sizes[]", sizes),
            _table(
                "static const uint32_t drop_offsets[]",
                [f"offsetof(struct state, {unit.member(element.index)}_drops)" for element in plan.elements],
            ),
            "",
            '__attribute__((visibility("default"))) const struct nm_program nm_program = {',
            "    .abi = NM_PROGRAM_ABI,",
            f"    .n_elements = {len(plan.elements)},",
            f"    .n_tasks = {len(plan.tasks)},",
            f"    .n_timers = {len(plan.timers)},",
            f"    .n_calls = {len(calls)},",
            f"    .n_fields = {len(fields)},",
            "    .state_size = sizeof(struct state),",
            "    .packet_size = sizeof(struct packet),",
            f"    .n_workers = {plan.threads.workers},",
            f"    .crossing = {'true' if plan.threads.crossing else 'false'},",
            "    .init = program_init,",
            "    .cleanup = program_cleanup,",
            "    .tasks = tasks,",
            "    .timers = timers,",
            "    .calls = calls,",
            "    .task_elements = task_elements,",
            "    .timer_elements = timer_elements,",
            "    .task_workers = task_workers,",
            "    .timer_workers = timer_workers,",
            "    .field_offsets = field_offsets,",
            "    .field_sizes = field_sizes,",
            "    .drop_offsets = drop_offsets,",
            "};",
        ]
    )
