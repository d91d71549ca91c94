"""The decision DAG as C: the function, its tables, and cold functions for packets too short for the usual tests."""

from __future__ import annotations

from .ir import Node, topological
from .loads import BASES, LENGTHS
from .statements import INDENT, Inputs, Statements

SMALL = 24
"""Programs of more nodes get a function of their own behind the one that looks into `struct packet`: should the
compiler choose not to inline it, the packet's address is still not taken and the packet stays in registers."""


def emit_c(root: Node, function: str, packet: bool) -> str:
    """`static inline int function(...)` with what it needs: the output, or -1. Takes `const struct packet *p`
    if `packet`, else `const uint8_t *data, uint32_t length`."""
    module = _Module(function)
    statements = Statements(module, root, cold=False)
    lines = statements.lines()
    inputs = statements.inputs
    if packet and len(topological(root)) > SMALL:
        name = f"{function}_headers"
        module.functions.append(_function(f"static inline int {name}({', '.join(inputs.parameters())})", lines))
        lines = [f"{INDENT}return {name}({', '.join(inputs.arguments())});"]
    if packet:
        head = f"static inline int {function}(const struct packet *p)"
        first = _declarations(inputs) or ["(void)p;"]
    else:
        head = f"static inline int {function}(const uint8_t *data, uint32_t length)"
        names = {"data": inputs.reads, "length": inputs.lengths}
        first = [f"(void){name};" for name, used in names.items() if not used]
    text = _function(head, [*(INDENT + line for line in first), *lines])
    return "\n".join([*module.tables, *module.functions, text])


def _declarations(inputs: Inputs) -> list[str]:
    lines = []
    for base in sorted(inputs.reads | inputs.lengths):
        if base in inputs.reads:
            lines.append(f"const uint8_t *{BASES[base]} = packet_{BASES[base]}_header(p);")
        if base in inputs.lengths:
            lines.append(f"const uint32_t {LENGTHS[base]} = packet_{BASES[base]}_length(p);")
    return lines


class _Module:
    def __init__(self, name: str) -> None:
        self.tables: list[str] = []
        self.functions: list[str] = []
        self._name = name
        self._arrays: dict[tuple[str, str], str] = {}

    def table(self, rows: list[tuple[int, int]], with_targets: bool) -> str:
        if not with_targets:
            return self._array("uint32_t", [f"0x{key:x}" for key, _ in rows])
        pair = "struct { uint32_t key; int32_t target; }"
        return self._array(pair, [f"{{0x{key:x}, {target}}}" for key, target in rows])

    def displacements(self, values: tuple[int, ...]) -> str:
        return self._array("uint16_t", [str(value) for value in values])

    def _array(self, kind: str, items: list[str]) -> str:
        """Define a constant array, or find one that has these items."""
        lines = [INDENT + ", ".join(items[at : at + 6]) + "," for at in range(0, len(items), 6)]
        contents = "\n".join([f"[{len(items)}] = {{", *lines, "};", ""])
        name = self._arrays.setdefault((kind, contents), f"{self._name}_table_{len(self.tables)}")
        if len(self._arrays) > len(self.tables):
            self.tables.append(f"static const {kind} {name}{contents}")
        return name

    def cold(self, root: Node) -> tuple[str, Inputs]:
        name = f"{self._name}_short_{len(self.functions)}"
        statements = Statements(self, root, cold=True)
        lines = statements.lines()
        parameters = ", ".join(statements.inputs.parameters()) or "void"
        head = f"static __attribute__((noinline, cold)) int {name}({parameters})"
        self.functions.append(_function(head, lines))
        return f"{name}({', '.join(statements.inputs.arguments())})", statements.inputs


def _function(head: str, lines: list[str]) -> str:
    return "\n".join([head, "{", *lines, "}", ""])
