"""Clean-up of a finished DAG: jumps over tests whose outcome is known, and chains of tests of one variable joined.

Facts flow forward: at a node the values that a variable can have are the union over all ways that lead there (the
dominators of click-fastclassifier and BPF+, as sets). An edge whose facts decide the test it leads to goes straight
on to that test's target.
"""

from __future__ import annotations

from bisect import bisect_right

from .intervals import Intervals, intersection, union
from .ir import Builder, Leaf, Node, Select, Variable, topological

MAX_TOGGLES = 64
MAX_SKIPS = 64

Facts = dict[Variable, Intervals]
Edges = dict[int, list[Node | None]]


def optimise(root: Node) -> Node:
    """An equivalent DAG in which no test repeats what is known, and tests of one variable are one node."""
    return _rebuild(root, _thread(root))


def _family(variable: Variable) -> Variable:
    """The widest variable with the same bounds: a /24 test and a /16 test of an address know of each other."""
    size = variable.size
    return variable if size & (size - 1) else Variable(variable.base, variable.offset, size - 1)


def _spans(node: Select) -> list[tuple[int, int, Node]]:
    """(start, end, target) of each segment, as bounds of the variable's family."""
    ends = [*node.starts[1:], node.variable.size]
    return list(zip(node.starts, ends, node.targets, strict=True))


def _thread(root: Node) -> Edges:
    """For each node the target of each segment; None where no packet can go."""
    facts: dict[int, Facts] = {id(root): {}}
    edges: Edges = {}
    for node in topological(root):
        if not isinstance(node, Select) or id(node) not in facts:
            continue
        here = facts[id(node)]
        family = _family(node.variable)
        possible = here.get(family, (0, family.size))
        targets = edges[id(node)] = []
        for start, end, target in _spans(node):
            values = intersection(possible, (start, end))
            if not values:
                targets.append(None)
                continue
            known = {**here, family: values}
            target = _skip(target, known)
            targets.append(target)
            before = facts.get(id(target))
            facts[id(target)] = known if before is None else _join(before, known)
    return edges


def _skip(node: Node, known: Facts) -> Node:
    """The first node from here on whose test is open."""
    for _ in range(MAX_SKIPS):
        if not isinstance(node, Select):
            break
        values = known.get(_family(node.variable))
        if values is None:
            break
        first, last = bisect_right(node.starts, values[0]) - 1, bisect_right(node.starts, values[-1] - 1) - 1
        target = node.targets[first]
        if target is not node.targets[last] or any(
            reached is not target and intersection(values, (start, end))
            for start, end, reached in _spans(node)[first:last]
        ):
            break
        node = target
    return node


def _join(a: Facts, b: Facts) -> Facts:
    result: Facts = {}
    for variable, values in a.items():
        if variable in b:
            both = union(values, b[variable])
            if len(both) <= MAX_TOGGLES:
                result[variable] = both
    return result


def _rebuild(root: Node, edges: Edges) -> Node:
    builder = Builder()
    built: dict[int, Node] = {}
    for node in reversed(topological(root)):
        if isinstance(node, Leaf):
            built[id(node)] = builder.leaf(node.output, node.patterns)
        elif id(node) in edges:
            family = _family(node.variable)
            mask = node.variable.mask
            segments: list[tuple[int, Node]] = []
            for (start, end, _), target in zip(_spans(node), edges[id(node)], strict=True):
                if target is None:
                    continue
                new = built[id(target)]
                if isinstance(new, Select) and _family(new.variable) == family:
                    mask |= new.variable.mask
                    segments.extend((max(start, at), to) for at, until, to in _spans(new) if at < end and until > start)
                else:
                    segments.append((start, new))
            segments[0] = (0, segments[0][1])
            variable = Variable(node.variable.base, node.variable.offset, mask)
            built[id(node)] = builder.select(variable, segments, node.patterns)
    return built[id(root)]
