"""The packet carries what somebody writes and somebody reads, and nothing else."""

from __future__ import annotations

from build import graph_of

from nmclick.compile.layout import PacketLayout, Range, plan_layout
from nmclick.compile.plan import make_plan
from nmclick.element import ANNO_DST_IP, ANNO_PAINT, NETWORK_HEADER, TIMESTAMP, Annotation


def test_nothing_is_kept_for_a_packet_that_nobody_annotates() -> None:
    assert plan_layout(set(), set()) == PacketLayout(frozenset(), ())


def test_what_is_only_written_or_only_read_is_not_kept() -> None:
    assert plan_layout({ANNO_PAINT, TIMESTAMP}, {ANNO_DST_IP, NETWORK_HEADER}) == PacketLayout(frozenset(), ())


def test_a_read_and_written_annotation_is_a_scalar_of_its_size() -> None:
    layout = plan_layout({ANNO_PAINT, ANNO_DST_IP}, {ANNO_PAINT, ANNO_DST_IP})
    assert [r.declaration for r in layout.ranges] == ["uint32_t anno_0;", "uint8_t anno_16;"]


def test_overlapping_annotations_share_bytes() -> None:
    whole = Annotation("DST_IP6", 0, 16)
    assert plan_layout({ANNO_DST_IP, whole}, {whole}).ranges == (Range(0, 16, False),)


def test_a_range_is_kept_when_only_some_of_its_bytes_are_written() -> None:
    assert plan_layout({ANNO_DST_IP}, {Annotation("byte", 2, 1)}).ranges == (Range(0, 4, True),)


def test_paint_is_carried_from_paint_to_checkpaint_only_where_both_exist() -> None:
    both = make_plan(graph_of("InfiniteSource -> Paint(3) -> CheckPaint(3) -> Discard"))
    writer = make_plan(graph_of("InfiniteSource -> Paint(3) -> Discard"))
    other_byte = make_plan(graph_of("InfiniteSource -> Paint(3, 17) -> CheckPaint(3) -> Discard"))
    assert [r.start for r in both.layout.ranges] == [16]
    assert writer.layout.ranges == ()
    assert other_byte.layout.ranges == ()
