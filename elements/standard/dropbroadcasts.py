from __future__ import annotations

from nmclick.element import PACKET_TYPE, Element, Field, Sharing


class DropBroadcasts(Element):
    """Drop packets that came as link-level broadcasts or multicasts, or send them to output 1.

    A router must not forward these (RFC 1812, 5.3.4). The packet type annotation tells: FromDevice and
    HostEtherFilter set it. The first such packet is reported on standard error. There are no arguments.

    Outputs: 0, all other packets; 1, where it is connected, the broadcasts and multicasts.

    Handlers: ``drops`` (read) number of packets dropped or sent to output 1.
    """

    sharing = Sharing.PER_WORKER
    ports = "1/1-2"
    processing = "a/ah"
    drops = {"broadcast": "the packet was a link-level broadcast or multicast"}
    reject_output = 1
    reads = frozenset({PACKET_TYPE})
    handlers = {"drops": Field("drops")}
