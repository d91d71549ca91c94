"""What the elements that read a port's receive rings share."""

from __future__ import annotations

#: Packets that were in a ring and could not be taken: io/receive.h counts them.
RECEIVE_DROPS = {
    "invalid": "the slot described no packet inside the shared memory",
    "no_buffer": "every buffer was in use",
}
