"""The annotation that the paint elements use: Click's paint, or the byte that their argument ANNO names."""

from __future__ import annotations

from nmclick.element import ANNO_PAINT, Annotation, AnnotationRef, Optional

ANNO = Optional("ANNO", AnnotationRef(1), ANNO_PAINT.offset)


def annotation(offset: int) -> Annotation:
    return ANNO_PAINT if offset == ANNO_PAINT.offset else Annotation(f"byte {offset}", offset, 1)
