"""The constants of a program in C: each element's arguments and what else is known of it before it runs; what the
strands of bundles differ in."""

from __future__ import annotations

from collections.abc import Iterator

from nmclick.compile.bundles import Bundle
from nmclick.compile.emit import Unit
from nmclick.element import Array, StateOf

__all__ = ["instances", "rows"]


def _constant(value: int | bool | bytes | tuple[int | bytes, ...]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return "{" + ", ".join(map(str, value)) + "}"
    if isinstance(value, tuple):
        return "{" + ", ".join(map(_constant, value)) + "}"
    if value > 0x7FFFFFFFFFFFFFFF:
        return f"{value}ull"
    return str(value) if -0x80000000 <= value <= 0x7FFFFFFF else f"{value}ll"


def instances(unit: Unit) -> Iterator[str]:
    for element in unit.plan.elements:
        index, name = element.index, type(element).__name__
        lines = [unit.label(index)]
        for field_name, value in unit.arguments[index].items():
            if isinstance(value, Array):
                items = ", ".join(_item(unit, index, item) for item in value.items) or "0"
                if not value.items and value.ctype.startswith("struct"):
                    items = "{0}"
                lines.append(f"static const {value.ctype} e{index}_{field_name}[] = {{{items}}};")
        lines.append(f"static const struct {name}_args e{index}_args = {_braced(_members(unit, index))};")
        own = element.c_code(f"e{index}")
        if own is not None:
            unit.own_packet.add(index)
            lines.append(own.rstrip())
        pulls = [_pull_name(unit, index, port) for port in range(element.n_inputs)]
        if any(pulls):
            used = {p for p in pulls if p}
            lines += [f"static pull_function {p};" for p in sorted(used)]
            lines.append(f"static pull_function *const e{index}_pull[] = {{{', '.join(p or 'NULL' for p in pulls)}}};")
        if unit.plan.threads.workers > 1:
            lines.append(f"static const uint16_t e{index}_runners[] = {{{', '.join(_runners(unit, index))}}};")
        lines.append(f"static const struct instance e{index}_instance = {_braced(_instance(unit, index))};")
        yield "\n".join(lines)


def _item(unit: Unit, index: int, item: int | bytes | StateOf | tuple[int | bytes, ...]) -> str:
    return _distance(unit, index, item) if isinstance(item, StateOf) else _constant(item)


def _distance(unit: Unit, index: int, other: StateOf) -> str:
    own = other.element == index
    return "0" if own else f"STATE_DISTANCE({unit.member(index)}, {unit.member(other.element)})"


def _braced(members: dict[str, str]) -> str:
    return f"{{{', '.join(f'.{name} = {value}' for name, value in members.items()) or '0'}}}"


def _members(unit: Unit, index: int) -> dict[str, str]:
    """The members of an element's arguments in C."""
    members: dict[str, str] = {}
    for name, value in unit.arguments[index].items():
        if isinstance(value, Array):
            members |= {name: f"e{unit.owner(index, name)}_{name}", f"n_{name}": str(len(value.items))}
        elif isinstance(value, StateOf):
            members[name] = _distance(unit, index, value)
        else:
            members[name] = _constant(value)
    return members


def rows(unit: Unit, bundle: Bundle) -> Iterator[str]:
    """What the strands of a bundle differ in: each row's arguments and what is known of its elements."""
    for row in bundle.rows:
        indexes = [index for index, _ in row]
        first, name = indexes[0], type(unit.plan.elements[indexes[0]]).__name__
        yield "\n".join(
            [
                f"/* {', '.join(unit.plan.elements[index].name for index in indexes)} :: {name} */",
                *_choice(f"{name}_args", f"e{first}_args", [_members(unit, i) for i in indexes]),
                *_choice("instance", f"e{first}_instance", [_instance(unit, i) for i in indexes]),
            ]
        )


def _choice(structure: str, first: str, members: list[dict[str, str]]) -> list[str]:
    """A function that finds a strand's structure, in a way that what is the same for all strands stays constant.
    `members` in each strand; `first`: the name of the first one's."""
    lines = [f"static always_inline const struct {structure} *{first}_of(unsigned strand)", "{"]
    same = {name: value for name, value in members[0].items() if all(m[name] == value for m in members)}
    if len(same) == len(members[0]):
        return [*lines, "    (void)strand;", f"    return &{first};", "}"]
    lines += [f"    static const struct {structure} all[] = {{", *(f"        {_braced(m)}," for m in members), "    };"]
    lines.append(f"    const struct {structure} *found = &all[strand];")
    constants = [f"found->{name} != {value}" for name, value in same.items() if not value.startswith("{")]
    if constants:
        lines += [f"    if ({' || '.join(constants)})", "        __builtin_unreachable();"]
    return [*lines, "    return found;", "}"]


def _instance(unit: Unit, index: int) -> dict[str, str]:
    """The members of an element's struct instance."""
    element = unit.plan.elements[index]
    has_pull = any(_pull_name(unit, index, port) for port in range(element.n_inputs))
    return {
        "number": str(index),
        "first_edge": str(unit.first_edge[index]),
        "n_inputs": str(element.n_inputs),
        "n_outputs": str(element.n_outputs),
        "per_worker": "true" if index in unit.plan.threads.per_worker else "false",
        "n_runners": str(len(unit.plan.threads.runners[index])),
        "runners": f"e{index}_runners" if unit.plan.threads.workers > 1 else "NULL",
        "pull": f"e{index}_pull" if has_pull else "NULL",
    }


def _runners(unit: Unit, index: int) -> list[str]:
    """Each worker's number among those that run the element."""
    runners = unit.plan.threads.runners[index]
    return [str(runners.index(w)) if w in runners else "NM_NOBODY" for w in range(unit.plan.threads.workers)]


def _pull_name(unit: Unit, index: int, port: int) -> str | None:
    for edge in unit.plan.graph.predecessors(index, port):
        if edge in unit.plan.pulls:
            return unit.plan.pulls[edge].function
    return None
