from __future__ import annotations

from nmclick.element import ANNO_EXTRA_LENGTH, Arguments, Bool, Element, Field, Keyword, Positional, Sharing, Unsigned


class Truncate(Element):
    """Cut packets to a length.

    Arguments:
      LENGTH        longest packet in bytes
      EXTRA_LENGTH  add the number of bytes removed to the packet's extra length annotation (default true),
                    which ToDump stores as length on the wire

    Handlers: ``nbytes`` (read, write) LENGTH.
    """

    sharing = Sharing.PER_WORKER
    ports = "1/1"
    example = "60"
    processing = "a/a"
    arguments = Arguments(Positional("LENGTH", Unsigned(32)), Keyword("EXTRA_LENGTH", Bool(), True))
    writes = frozenset({ANNO_EXTRA_LENGTH})
    handlers = {"nbytes": Field("length", Unsigned(32), write=True)}
