"""IPFragmenter: fragments keep within the MTU and add up to what came in."""

from __future__ import annotations

import random
import struct

from tests.elements.datagrams import DF, MF, check_refusals, internet_checksum, ipv4, marked, with_checksum
from tests.elements.harness import Case, CaseResult, run_cases

#: Options, and the part of them that every fragment carries (RFC 791: those with the copied flag).
OPTIONS: dict[bytes, bytes] = {
    b"": b"",
    b"\x94\4\0\0": b"\x94\4\0\0",
    b"\7\7\4" + bytes(4) + b"\0": b"",
    b"\1\x83\7\4\x0a\0\0\1": b"\x83\7\4\x0a\0\0\1\0",
    b"\x94\4\0\0\7\7\4" + bytes(4) + b"\x88\4\0\1" + b"\0": b"\x94\4\0\0\x88\4\0\1",
    b"\x94\4\0\0\0\x88\4\1": b"\x94\4\0\0",  # behind the end of the list
    b"\x94\4\0\0\x88\x55\0\1": b"\x94\4\0\0",  # a length beyond the header
    b"\x94\4\0\0\1\1\1\x88": b"\x94\4\0\0",  # no length
    b"\x94\0\0\0": b"",
}


def fields(packet: bytes) -> tuple[int, int, int]:
    """Header length, flags and offset in bytes."""
    flags = int.from_bytes(packet[6:8], "big")
    return (packet[0] & 15) * 4, flags & 0xE000, (flags & 0x1FFF) * 8


def check_fragments(original: bytes, fragments: list[bytes], mtu: int) -> None:
    """They are right, in order, and reassemble to the original."""
    header, flags, start = fields(original)
    body, at = b"", start
    for number, fragment in enumerate(fragments):
        length, own_flags, offset = fields(fragment)
        assert len(fragment) == int.from_bytes(fragment[2:4], "big") <= mtu
        assert internet_checksum(fragment[:length]) == 0
        assert offset == at
        last = number == len(fragments) - 1
        assert own_flags == (flags & ~DF & ~MF) | (MF if not last or flags & MF else 0)
        assert last or (len(fragment) - length) % 8 == 0
        options = original[20:header] if number == 0 else OPTIONS[original[20:header]]
        assert fragment[20:length] == options
        assert fragment[1] == original[1]
        assert fragment[8:10] + fragment[12:20] == original[8:10] + original[12:20]
        if not flags & DF:
            assert fragment[4:6] == original[4:6]
        assert fragment[4:6] == fragments[0][4:6]
        at += len(fragment) - length
        body += fragment[length:]
    assert body == original[header : int.from_bytes(original[2:4], "big")]


def split(result: CaseResult, mtu: int, packets: list[bytes]) -> None:
    """Check what left by output 0 for all packets, whose identifications differ."""
    whole, refused = result.outputs
    assert refused == []
    for packet in packets:
        mine = [fragment for fragment in whole if fragment[4:6] == packet[4:6]]
        if len(packet) <= mtu:
            assert mine == [packet]
        else:
            check_fragments(packet, mine, mtu)
    assert [fragment[4:6] for fragment in whole] == sorted(fragment[4:6] for fragment in whole)


def test_fragments_reassemble_to_the_original() -> None:
    chance = random.Random(2)
    packets = []
    for ident in range(150):
        body = chance.randbytes(chance.choice([0, 1, 7, 8, 9, 500, 547, 548, 549, 1400, chance.randrange(1400)]))
        options = chance.choice(list(OPTIONS))
        fragment = chance.choice([0, 0, MF, MF | 10, 10, 0x8000, 1000])
        packets.append(ipv4(body, ident=ident, options=options, fragment=fragment, tos=ident))
    packets.append(ipv4(bytes(1900), ident=150))
    mtus = (28, 68, 69, 75, 576, 1500)
    cases = {f"mtu {mtu}": marked(f"IPFragmenter({mtu})", packets, handlers=["fragments", "drops"]) for mtu in mtus}
    cases["headroom"] = marked("IPFragmenter(576, HEADROOM 400)", packets)
    # 60 bytes of header and 8 of data are the least that can be asked for.
    results = run_cases(cases)
    for mtu in mtus[1:]:
        result = results[f"mtu {mtu}"]
        split(result, mtu, packets)
        cut = [p for p in packets if len(p) > mtu]
        uncut = len(packets) - len(cut)
        assert result.handlers == {"fragments": str(len(result.outputs[0]) - uncut), "drops": "0"}
    assert results["headroom"].outputs == results["mtu 576"].outputs
    # With 28 bytes only those without options can be cut.
    refused = results["mtu 28"].outputs[1]
    assert refused == [packet for packet in packets if len(packet) > 28 and packet[0] != 0x45]
    assert results["mtu 28"].handlers["drops"] == str(len(refused))
    packets = [packet for packet in packets if packet not in refused]
    split(CaseResult([[*results["mtu 28"].captured[0]], []]), 28, packets)


def test_packets_that_must_stay_whole_are_refused() -> None:
    packets = [ipv4(bytes(80), fragment=DF, ident=n) for n in range(7)]
    config = "IPFragmenter(68"
    results = run_cases(
        {
            "refused": marked(f"{config})", packets, handlers=["fragments", "drops"]),
            "dropped": marked(f"{config})", packets, 1, handlers=["drops"]),
            "verbose": marked(f"{config}, true, VERBOSE true)", packets),
            "not honoured": marked(f"{config}, HONOR_DF false)", packets, handlers=["fragments", "drops"]),
            "fits": marked(f"{config})", [ipv4(bytes(48), fragment=DF)]),
        }
    )
    assert results["refused"].outputs == [[], packets]
    assert results["refused"].handlers == {"fragments": "0", "drops": "7"}
    assert results["dropped"].outputs == [[]]
    assert results["dropped"].handlers == {"drops": "7"}
    said = [line for line in results["refused"].stderr.splitlines() if line.startswith("x")]
    assert [line.split(":")[0] for line in said] == ["x0"] * 5 + ["x1"] * 5 + ["x2"] * 7
    assert said[0] == "x0: cannot fragment a packet of 100 bytes (MTU 68)"
    fragments, refused = results["not honoured"].outputs
    assert refused == []
    assert len(fragments) == 14
    for number, packet in enumerate(packets):
        check_fragments(packet, fragments[2 * number : 2 * number + 2], 68)
    assert results["not honoured"].handlers == {"fragments": "14", "drops": "0"}
    assert results["fits"].outputs == [[ipv4(bytes(48), fragment=DF)], []]


def test_lying_lengths_are_refused_and_padding_is_cut() -> None:
    packet = ipv4(bytes(range(100)))
    beyond, below = ipv4(bytes(100), total=121), ipv4(bytes(100), total=19)
    short_header = with_checksum(b"\x44" + packet[1:20]) + packet[20:]
    later = ipv4(bytes(100), fragment=0x1FF8)  # would end beyond 65,535 bytes
    last = ipv4(bytes(64), fragment=0x1FF8)
    padded = ipv4(bytes(20)) + bytes(100)
    results = run_cases(
        {
            "lies": marked("IPFragmenter(68)", [beyond, below, short_header, later], handlers=["fragments", "drops"]),
            "last": marked("IPFragmenter(68)", [last]),
            "padded": marked("IPFragmenter(68)", [padded, padded + bytes(1000), packet + bytes(99)]),
            "cut": Case("IPFragmenter(68)", [packet], 2, before="MarkIPHeader -> Truncate(110)"),
            "stripped": Case("IPFragmenter(68)", [packet], 2, before="MarkIPHeader -> Strip(4)"),
            "no header": Case("IPFragmenter(68)", [packet], 2),
            "behind a link header": Case("IPFragmenter(68)", [b"link" + packet], 2, before="MarkIPHeader(4)"),
        }
    )
    assert results["lies"].outputs == [[], [beyond, below, short_header, later]]
    assert results["lies"].handlers == {"fragments": "0", "drops": "0"}
    check_fragments(last, results["last"].outputs[0], 68)
    whole, refused = results["padded"].outputs
    assert (whole[:2], refused) == ([padded[:40], padded[:40]], [])
    check_fragments(packet, whole[2:], 68)
    assert results["cut"].outputs == [[], [packet[:110]]]
    assert results["stripped"].outputs == [[], [packet[4:]]]
    assert results["no header"].outputs == [[packet], []]
    first, *rest = results["behind a link header"].outputs[0]
    assert first[:4] == b"link"
    check_fragments(packet, [first[4:], *rest], 68)


def test_annotations_go_along() -> None:
    packet = ipv4(struct.pack(">100H", *range(100)), dst="9.8.7.6")
    results = run_cases(
        {
            "paint": Case("IPFragmenter(68)", [packet], before="MarkIPHeader -> Paint(7)", after="CheckPaint(7)"),
            "network header": marked(
                "IPFragmenter(68)", [packet], 1, after="GetIPAddress(IP dst) -> StoreIPAddress(0)"
            ),
            "destination": Case(
                "IPFragmenter(68)",
                [packet],
                before="MarkIPHeader -> SetIPAddress(1.2.3.4)",
                after="StoreIPAddress(0)",
            ),
        }
    )
    assert len(results["paint"].outputs[0]) == 5
    assert [fragment[:4] for fragment in results["network header"].outputs[0]] == [bytes([9, 8, 7, 6])] * 5
    assert [fragment[:4] for fragment in results["destination"].outputs[0]] == [bytes([1, 2, 3, 4])] * 5


def test_configuration_errors() -> None:
    check_refusals(
        {
            "IPFragmenter": "MTU: required argument missing",
            "IPFragmenter(7)": "MTU must be at least 8",
            "IPFragmenter(x)": "MTU: invalid number",
            "IPFragmenter(1500, 2)": "HONOR_DF: parse error",
            "IPFragmenter(1500, true, x)": "VERBOSE: parse error",
            "IPFragmenter(1500, HEADROOM -1)": "HEADROOM: invalid number",
            "IPFragmenter(1500, true, true, 28)": "too many arguments",
        },
        "Idle -> x :: {}; x -> Discard;",
    )
