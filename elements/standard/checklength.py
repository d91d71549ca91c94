from __future__ import annotations

from nmclick.element import Arguments, Element, Field, Positional, Sharing, Unsigned


class CheckLength(Element):
    """Drop packets that are too long, or send them to output 1.

    Arguments:
      LENGTH  longest packet that passes, in bytes

    Outputs: 0, packets up to LENGTH; 1, where it is connected, longer ones.

    Handlers: ``length`` (read, write) LENGTH.
    """

    sharing = Sharing.PER_WORKER
    ports = "1/1-2"
    example = "1500"
    processing = "a/ah"
    arguments = Arguments(Positional("LENGTH", Unsigned(32)))
    drops = {"too_long": "the packet is longer than LENGTH"}
    reject_output = 1
    handlers = {"length": Field("length", Unsigned(32), write=True)}
