from __future__ import annotations

from tests.elements.harness import Case, run_cases

HOST = b"\2\0\0\0\0\1"
OTHER = b"\2\0\0\0\0\2"
UNICAST, BROADCAST, MULTICAST = (to + OTHER + b"\x08\0" for to in (HOST, b"\xff" * 6, b"\1\0\x5e\0\0\1"))
PACKETS = [UNICAST, BROADCAST, UNICAST + b"x", MULTICAST]
FILTER = "HostEtherFilter(2:0:0:0:0:1)"


def test_broadcasts_and_multicasts_are_told_by_the_packet_type() -> None:
    results = run_cases(
        {
            "two outputs": Case("DropBroadcasts", PACKETS, 2, before=FILTER, handlers=["drops"]),
            "one output": Case("DropBroadcasts", PACKETS, before=FILTER, handlers=["drops"]),
        }
    )
    assert results["two outputs"].outputs == [[UNICAST, UNICAST + b"x"], [BROADCAST, MULTICAST]]
    assert results["one output"].outputs == [[UNICAST, UNICAST + b"x"]]
    assert [result.handlers["drops"] for result in results.values()] == ["2", "2"]
    assert results["one output"].stderr == "DropBroadcasts: dropped a packet\n" * 2
