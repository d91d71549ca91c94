from __future__ import annotations

from ._storage import Storage


class Queue(Storage):
    """Store packets first in, first out, between a push input and a pull output.

    Arguments:
      CAPACITY  number of packets it holds at most (default 1000)

    Outputs: 0, pull, the packets in the order they came; 1, push, where it is connected, packets that found
    the queue full, which are dropped otherwise. The first overflow is reported on standard error.

    Handlers, read: ``length`` packets now, ``highwater_length`` most packets ever, ``capacity``, ``drops``
    packets that found it full. Handlers, write: ``capacity`` (packets beyond a smaller one are dropped, the
    last to come first), ``reset`` drops all packets, ``reset_counts`` sets ``drops`` to zero and
    ``highwater_length`` to the length.
    """

    aliases = ("FullNoteQueue",)
    is_storage = True
