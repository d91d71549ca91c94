"""The packet of one configuration: which annotations it carries, and the C prelude that says so.

Only what some element writes and some element reads is kept. Click's annotation area is addressed by byte offset and
elements may overlap there (DST_IP6 covers DST_IP), so ranges that touch the same bytes share one field.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from nmclick.element import Annotation

NAMED = ("mac_header", "network_header", "transport_header", "timestamp", "packet_type")
AREA = 48


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes [start, end) of the annotation area kept as one field."""

    start: int
    end: int
    scalar: bool

    @property
    def declaration(self) -> str:
        size = self.end - self.start
        if self.scalar and size in (1, 2, 4, 8):
            return f"uint{8 * size}_t anno_{self.start};"
        return f"uint8_t anno_{self.start}[{size}];"

    @property
    def store(self) -> str:
        """A statement that copies it between the packets that `to` and `p` point to."""
        field = f"anno_{self.start}"
        if self.declaration.endswith(f"{field};"):
            return f"(to)->{field} = (p)->{field};"
        return f"memcpy((to)->{field}, (p)->{field}, sizeof (p)->{field});"

    @property
    def address(self) -> str:
        field = f"p->anno_{self.start}"
        return f"(uint8_t *)&{field}" if self.declaration.endswith(f"anno_{self.start};") else field


@dataclass(frozen=True, slots=True)
class PacketLayout:
    """What `struct packet` of this configuration holds besides data, length and buffer."""

    named: frozenset[str]
    ranges: tuple[Range, ...]

    def prelude(self) -> str:
        """Definitions that must come before packet.h."""
        lines = [f"#define NM_KEEP_{name} {int(name in self.named)}" for name in NAMED]
        fields = sorted(self.ranges, key=lambda r: (r.start - r.end, r.start))
        lines.append("#define NM_ANNOTATION_FIELDS " + " ".join(r.declaration for r in fields))
        lines.append(f"#define NM_ANNOTATIONS_STORE(to, p) {' '.join(r.store for r in fields) or '(void)0'}")
        body = [
            f"    if (offset >= {r.start} && offset < {r.end}) return {r.address} + (offset - {r.start});"
            if r.start
            else f"    if (offset < {r.end}) return {r.address} + offset;"
            for r in self.ranges
        ]
        lines.append("#define NM_ANNOTATION_AT \\")
        lines.append("static always_inline uint8_t *packet_annotation_at(struct packet *p, unsigned offset) { \\")
        lines.extend(line + " \\" for line in body)
        lines.append("    (void)p; (void)offset; return NULL; }")
        return "\n".join(lines) + "\n"


def plan_layout(read: Set[Annotation], written: Set[Annotation]) -> PacketLayout:
    """The smallest layout for elements that read and write these annotations: what is only written is of no use, and
    what is only read always has its initial value."""
    changed = {byte for a in written if a.offset >= 0 for byte in range(a.offset, a.offset + a.size)}
    named = frozenset(a.name for a in read & written if a.offset < 0)
    spans = sorted(
        {
            (a.offset, a.offset + a.size)
            for a in read
            if a.offset >= 0 and not changed.isdisjoint(range(a.offset, a.offset + a.size))
        }
    )
    ranges: list[Range] = []
    for start, end in spans:
        last = ranges[-1] if ranges else None
        if last is not None and start < last.end:
            ranges[-1] = Range(last.start, max(last.end, end), False)
        else:
            aligned = start % (end - start) == 0
            ranges.append(Range(start, end, aligned))
    return PacketLayout(named, tuple(ranges))
