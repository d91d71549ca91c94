"""EtherEncap, EtherMirror, HostEtherFilter."""

from __future__ import annotations

import struct

from tests.elements.harness import Case, configuration_errors, run_cases, run_config

ME, YOU, THEM = (bytes([2, 0, 0, 0, 0, last]) for last in (1, 2, 3))
ALL, GROUP = b"\xff" * 6, b"\1\0\x5e\0\0\1"
HEADER = YOU + ME + b"\x08\0"


def frame(to: bytes, source: bytes = YOU, payload: bytes = b"") -> bytes:
    return to + source + struct.pack(">H", 0x0800) + payload


def test_an_ethernet_header_is_put_in_front() -> None:
    config = "EtherEncap(0x0800, 2:0:0:0:0:1, 02-00-00-00-00-02)"
    packets = [b"", b"a", bytes(1500)]
    results = run_cases(
        {
            "odd packets": Case(config, packets, handlers=["src", "dst", "ethertype", "etht"]),
            "without headroom": Case(config, [b"x"], before=" -> ".join([config] * 45)),
            "moved in the buffer": Case(config, [bytes(1900)], before=" -> ".join([config] * 9)),
            "too long": Case(config, [bytes(2040)], before=" -> ".join([config] * 30)),
            "written": Case(
                config,
                packets,
                writes=["src 0:1:2:3:4:5", "dst ff:ff:ff:ff:ff:ff", "ethertype 0x86dd"],
                handlers=["src", "dst", "ethertype"],
            ),
        }
    )
    assert results["odd packets"].outputs == [[HEADER + packet for packet in packets]]
    assert results["odd packets"].handlers == {
        "src": "02-00-00-00-00-01",
        "dst": "02-00-00-00-00-02",
        "ethertype": "2048",
        "etht": "2048",
    }
    assert results["without headroom"].outputs == [[HEADER * 46 + b"x"]]
    assert results["moved in the buffer"].outputs == [[HEADER * 10 + bytes(1900)]]
    assert results["too long"].outputs == [[]]
    assert results["written"].outputs == [[ALL + bytes(range(6)) + b"\x86\xdd" + packet for packet in packets]]
    assert results["written"].handlers["ethertype"] == "34525"


def test_addresses_are_exchanged_where_there_are_any() -> None:
    packets = [b"", bytes(range(11)), bytes(range(12)), frame(ME, payload=b"abc")]
    results = run_cases({"mirror": Case("EtherMirror", packets)})
    assert results["mirror"].outputs == [
        [bytes([6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5]), frame(YOU, ME, b"abc")],
    ]


def test_a_host_filter_takes_what_its_hardware_would() -> None:
    mine, others, own, broadcast, group, runt = (
        frame(ME),
        frame(THEM),
        frame(YOU, ME),
        frame(ALL),
        frame(GROUP),
        frame(ME)[:11],
    )
    packets = [mine, others, own, broadcast, group, runt, b""]
    shifted = [b"xx" + packet for packet in packets]
    results = run_cases(
        {
            "usual": Case("HostEtherFilter(2:0:0:0:0:1)", packets, 2, handlers=["ether"]),
            "drop own": Case("HostEtherFilter(2:0:0:0:0:1, true)", packets, 2),
            "keep all": Case("HostEtherFilter(2:0:0:0:0:1, DROP_OTHER false)", packets, 2),
            "one output": Case("HostEtherFilter(2:0:0:0:0:1)", packets),
            "offset": Case("HostEtherFilter(2:0:0:0:0:1, OFFSET 2)", shifted, 2),
            "far offset": Case("HostEtherFilter(2:0:0:0:0:1, OFFSET 4294967295)", packets, 2),
            "written": Case(
                "HostEtherFilter(2:0:0:0:0:1)", packets, 2, writes=["ether 2:0:0:0:0:3"], handlers=["ether"]
            ),
        }
    )
    passed = {name: result.outputs[0] for name, result in results.items()}
    assert passed["usual"] == [mine, broadcast, group]
    assert results["usual"].outputs[1] == [others, own, runt, b""]
    assert passed["drop own"] == [mine, broadcast, group]
    assert passed["keep all"] == [mine, others, own, broadcast, group]
    assert passed["one output"] == [mine, broadcast, group]
    assert passed["offset"] == [b"xx" + packet for packet in (mine, broadcast, group)]
    assert passed["far offset"] == []
    assert passed["written"] == [others, broadcast, group]
    assert results["usual"].handlers == {"ether": "02-00-00-00-00-01"}
    assert results["written"].handlers == {"ether": "02-00-00-00-00-03"}


def test_own_packets_pass_unless_they_are_to_be_dropped() -> None:
    own = [frame(ME, ME), frame(ALL, ME)]
    result = run_config(
        """
        FromDump(in.pcap, STOP true) -> t :: Tee;
        t [0] -> HostEtherFilter(2:0:0:0:0:1) -> ToDump(kept.pcap);
        t [1] -> HostEtherFilter(2:0:0:0:0:1, DROP_OWN true) -> ToDump(dropped.pcap);
        """,
        {"in": own},
    )
    assert result.data("kept") == own
    assert result.data("dropped") == []


def test_addresses_must_be_addresses() -> None:
    assert configuration_errors("EtherEncap(0x800, 1:2:3, 2:0:0:0:0:1)", "HostEtherFilter") == [
        "config:1: While configuring 'EtherEncap@2 :: EtherEncap':\n"
        "  SRC: parse error\nRouter could not be initialized!\n",
        "config:1: While configuring 'HostEtherFilter@2 :: HostEtherFilter':\n"
        "  ETHER: required argument missing\nRouter could not be initialized!\n",
    ]
