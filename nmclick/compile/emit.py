"""From a plan to one C unit: packet layout, element classes and state here, then what emit_constants, emit_paths and
emit_tables add. The text is meant to be read, in perf and in gdb."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nmclick.compile.bundles import Spot
from nmclick.compile.entrypoints import EntryPoints
from nmclick.compile.plan import Plan
from nmclick.element import Array, CValue, Element, StateOf

UNCONNECTED = "unconnected"


@dataclass(slots=True)
class Unit:
    """What the parts of the emitter share."""

    plan: Plan
    burst: int
    first_edge: list[int] = field(default_factory=list)
    arguments: dict[int, dict[str, CValue]] = field(default_factory=dict)
    own_packet: set[int] = field(default_factory=set)  # instances with a packet function of their own

    def __post_init__(self) -> None:
        edge = 0
        for element in self.plan.elements:
            self.first_edge.append(edge)
            edge += element.n_outputs

    def code(self, index: int) -> EntryPoints:
        return self.plan.code[index]

    def reasons(self, element: Element) -> list[str]:
        return [*element.drops, UNCONNECTED]

    def unconnected(self, index: int) -> int:
        """Number of the counter for packets that leave by an output that leads nowhere."""
        return len(self.plan.elements[index].drops)

    def label(self, index: int) -> str:
        """The element as a comment: names hold only letters, digits, _, @ and /."""
        element = self.plan.elements[index]
        return f"/* {element.name} :: {type(element).__name__} */".replace("*/ ", "")

    def is_home(self, index: int) -> bool:
        """Whether the element's state is the one that all workers share."""
        threads = self.plan.threads
        return threads.workers > 1 and index not in threads.per_worker and self.code(index).has_state

    def member(self, index: int) -> str:
        """The member of struct state that is an element's own."""
        spot = self.plan.spots.get(index)
        return f"e{index}" if spot is None else f"bundle{spot.bundle}[{spot.strand}].e{spot.first}"

    def place(self, index: int, within: Spot | None = None, *, home: bool = False) -> str:
        """Where an element's own state is: this worker's, or the one that all share (`home`); `within` the code of a
        strand, which is a variable there."""
        spot = self.plan.spots.get(index)
        state = "S->home" if home else "S"
        if spot is None or not spot.beside(within):
            return f"{state}->{self.member(index)}"
        return f"{state}->bundle{spot.bundle}[strand].e{spot.first}" if home else f"lane{spot.bundle}->e{spot.first}"

    def owner(self, index: int, name: str) -> int:
        """The element whose constant array `name` this one uses: an equal one of its row, if there is one."""
        spot = self.plan.spots.get(index)
        value = self.arguments[index][name]
        if spot is None or not isinstance(value, Array) or any(isinstance(item, StateOf) for item in value.items):
            return index
        return spot.first if self.arguments[spot.first][name] == value else index

    def context(self, index: int, inputs: int, output: int, within: Spot | None = None) -> str:
        instance = f"&e{index}_instance" if within is None else f"e{index}_instance_of(strand)"
        return f"CONTEXT({self.place(index, within)}, {instance}, {inputs}, {output})"

    def call(
        self,
        index: int,
        entry: str,
        *middle: str,
        inputs: int = 0,
        output: int = 0,
        within: Spot | None = None,
        context: str | None = None,
    ) -> str:
        """A call of an entry point, with state and arguments in front and the context behind. `within`: in code that
        stands for the element's whole row."""
        function = (
            f"e{index}_packet"
            if entry == "packet" and index in self.own_packet
            else (f"{type(self.plan.elements[index]).__name__}_{entry}")
        )
        state = f"&{self.place(index, within, home=self.is_home(index))}"
        arguments = f"&e{index}_args" if within is None else f"e{index}_args_of(strand)"
        parts = [state, arguments, *middle, context or self.context(index, inputs, output, within)]
        call = f"{function}({', '.join(parts)})"
        if index not in self.plan.threads.locked or entry in ("init", "cleanup") or entry.startswith("call_"):
            return call
        locked = "LOCKED_VOID" if entry in ("batch", "done", "flush") else "LOCKED"
        return f"{locked}({self.place(index, within, home=True)}, {call})"


def emit_program(plan: Plan, burst: int) -> str:
    """The C text of a plan; `burst` is the number of packets a batch holds at most."""
    from nmclick.compile.emit_constants import instances, rows
    from nmclick.compile.emit_paths import emit_paths
    from nmclick.compile.emit_tables import emit_tables

    unit = Unit(plan, burst)
    parts: list[str] = [
        "/* Generated by nmclick. */",
        f"#define NM_WORKERS {plan.threads.workers}\n"
        + plan.layout.prelude()
        + "\n".join(f'#include "nmclick/{name}.h"' for name in ("element", "packet_slow", "program", "rings")),
        *_classes(unit),
        _state(unit),
        *instances(unit),
        *(text for bundle in plan.bundles for text in rows(unit, bundle)),
        *emit_paths(unit),
        *emit_tables(unit),
    ]
    return "\n\n".join(parts) + "\n"


def _first_of_each_class(elements: Sequence[Element]) -> Iterator[Element]:
    seen = set()
    for element in elements:
        if type(element) not in seen:
            seen.add(type(element))
            yield element


def _c_type(value: CValue) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, bytes):
        return f"uint8_t[{len(value)}]"
    if isinstance(value, Array):
        return f"{value.ctype} *"
    return "int64_t"


def args_members(element: Element, values: dict[str, CValue]) -> list[str]:
    """Members of ``struct NAME_args``: the schema's types, and by their values those that the class computes."""
    declared = element.arguments.c_fields()
    members = []
    for name, value in values.items():
        ctype = declared.get(name) or _c_type(value)
        if isinstance(value, Array):
            members += [f"const {value.ctype} *{name};", f"uint32_t n_{name};"]
        elif ctype.endswith("]"):
            base, size = ctype[:-1].split("[")
            members.append(f"{base} {name}[{size}];")
        else:
            members.append(f"{ctype} {name};")
    return members or ["char unused;"]


def class_header(element: Element, values: dict[str, CValue], code: EntryPoints) -> str:
    """What comes before the C file of a class: its arguments and drop reasons, its packet function forced inline."""
    name = type(element).__name__
    lines = [f"struct {name}_args {{", *(f"    {member}" for member in args_members(element, values)), "};"]
    if element.drops:
        lines.append(f"enum {{ {', '.join(f'{name}_drop_{reason}' for reason in element.drops)} }};")
    if not code.has_state:
        lines.append(f"struct {name} {{ char unused; }};")
    if "packet" in code:
        lines.append(f"struct {name};")
        lines.append(
            f"static always_inline int {name}_packet(struct {name} *, const struct {name}_args *, struct packet *, "
            "struct context *);"
        )
    return "\n".join(lines)


def _classes(unit: Unit) -> Iterator[str]:
    ports: dict[int, dict[str, CValue]] = {}
    for number, (index, device) in enumerate(unit.plan.devices):
        ports.setdefault(index, {})[device.field] = number
    for element in unit.plan.elements:
        unit.arguments[element.index] = element.c_arguments() | ports.get(element.index, {})
    for element in _first_of_each_class(unit.plan.elements):
        code = unit.code(element.index)
        yield class_header(element, unit.arguments[element.index], code) + include(element, code)


def include(element: Element, code: EntryPoints) -> str:
    if code.path is None:
        return ""
    name = type(element).__name__
    path = f"{code.path.parent.name}/{code.path.name}"
    return f'\n#define NM_ELEMENT {name}\n#include "{path}"\n#undef NM_ELEMENT'


def _own_state(unit: Unit, index: int) -> list[str]:
    """The members of the state that are an element's, or those of a bundle's strand that are a row's."""
    # What different workers write lies on different cache lines.
    aligned = "_Alignas(64) " if unit.is_home(index) else ""
    element = unit.plan.elements[index]
    lines = [f"    {aligned}struct {type(element).__name__} e{index}; {unit.label(index)}"]
    if index in unit.plan.threads.locked:
        lines.append(f"    struct spin_lock e{index}_lock;")
    return [*lines, f"    {aligned}uint64_t e{index}_drops[{len(unit.reasons(element))}];"]


def _state(unit: Unit) -> str:
    lines = ["struct state {", "    struct worker *worker;", "    struct emissions emissions;"]
    lines.append(
        f"    uint64_t pending[{(len(unit.plan.entries) + 63) // 64 or 1}]; /* entries whose batch holds packets */"
    )
    lines.append("    struct batch spare;")
    lines.append(f"    struct batch batches[{len(unit.plan.entries) or 1}];")
    several = unit.plan.threads.workers > 1
    if several:
        lines.append("    struct state *home; /* the first worker's, for what all share */")
    for element in unit.plan.elements:
        if element.index not in unit.plan.spots:
            lines += _own_state(unit, element.index)
    for number, bundle in enumerate(unit.plan.bundles):
        lines.append(f"    struct bundle{number} {{")
        lines += ["    " + line for row in bundle.rows for line in _own_state(unit, row[0][0])]
        lines.append(f"    }} bundle{number}[{bundle.strands}];")
    lines.append("};")
    lines.append(
        "#define STATE_DISTANCE(e, other) \\\n"
        "    ((int64_t)offsetof(struct state, other) - (int64_t)offsetof(struct state, e))"
    )
    if unit.plan.threads.locked:
        lines.append(
            "#define LOCKED(place, call) \\\n"
            "    ({ \\\n"
            "        worker_lock(w, &place##_lock); \\\n"
            "        __auto_type result_ = call; \\\n"
            "        spin_unlock(&place##_lock); \\\n"
            "        result_; \\\n"
            "    })\n"
            "#define LOCKED_VOID(place, call) \\\n"
            "    ({ \\\n"
            "        worker_lock(w, &place##_lock); \\\n"
            "        call; \\\n"
            "        spin_unlock(&place##_lock); \\\n"
            "    })"
        )
    lines.append(
        "#define CONTEXT(place, instance_, in, out) \\\n"
        "    (&(struct context){.worker = w, .instance = instance_, .emissions = &S->emissions, \\\n"
        "        .drops = place##_drops, .state = S, .input = in, .output = out})"
    )
    return "\n".join(lines)
