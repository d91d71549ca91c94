"""Diagrams of a router graph: DOT text, and SVG, PNG or PDF through graphviz."""

from nmclick.draw.dot import Direction, to_dot
from nmclick.draw.render import DrawError, draw, format_of

__all__ = ["Direction", "DrawError", "draw", "format_of", "to_dot"]
