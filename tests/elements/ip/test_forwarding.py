"""DecIPTTL and IPGWOptions: what a router does to the header of a packet it forwards."""

from __future__ import annotations

import random

from tests.elements.datagrams import check_refusals, internet_checksum, ipv4, marked, with_checksum
from tests.elements.harness import Case, run_cases

ME = bytes([10, 0, 0, 254])
OTHER = bytes([10, 0, 1, 254])
STRANGER = bytes([9, 9, 9, 9])
DAY = 86_400_000


def decremented(packet: bytes) -> bytes:
    header = (packet[0] & 15) * 4
    return with_checksum(packet[:8] + bytes([packet[8] - 1]) + packet[9:header]) + packet[header:]


def test_the_time_to_live_goes_down_and_the_checksum_stays_right() -> None:
    chance = random.Random(3)
    packets = [ipv4(ttl=ttl) for ttl in (2, 3, 64, 255)]
    for _ in range(200):
        packets.append(ipv4(ttl=chance.randrange(2, 256), ident=chance.randrange(65536), tos=chance.randrange(256)))
    # The checksums around which the update carries, and that of which one's complement has two forms.
    near = {0x0000, 0xFEFE, 0xFEFF, 0xFF00, 0xFFFE}
    for ident in range(65536):
        packet = ipv4(ttl=64, ident=ident)
        if int.from_bytes(packet[10:12], "big") in near:
            packets.append(packet)
    assert near - {int.from_bytes(packet[10:12], "big") for packet in packets} == set()
    expired = [ipv4(ttl=1), ipv4(ttl=0), ipv4(ttl=1, dst="224.0.0.1")]
    groups = [ipv4(dst="224.0.0.1", ttl=1), ipv4(dst="239.255.255.255", ttl=9), ipv4(dst="240.0.0.1", ttl=9)]
    config = "DecIPTTL(ACTIVE false)"
    results = run_cases(
        {
            "decremented": marked("DecIPTTL", [*packets, *expired], handlers=["drops", "active"]),
            "dropped": marked("DecIPTTL", expired, 1, handlers=["drops"]),
            "inactive": marked(config, expired, handlers=["drops", "active"]),
            "made inactive": marked("DecIPTTL", expired, writes=["active false"], handlers=["active"]),
            "made active": marked(config, expired, writes=["active true"], handlers=["drops"]),
            "multicast": marked("DecIPTTL(MULTICAST false)", groups),
            "no header": Case("DecIPTTL", [ipv4()], 2, handlers=["drops"]),
            "cut": Case("DecIPTTL", [ipv4()], 2, before="MarkIPHeader -> Truncate(19)"),
            "wrong checksum": marked("DecIPTTL", [b"\x45" + bytes(7) + b"\x09" + bytes(11)]),
        }
    )
    outputs = {name: result.outputs for name, result in results.items()}
    assert outputs["decremented"] == [[decremented(packet) for packet in packets], expired]
    assert results["decremented"].handlers == {"drops": "3", "active": "true"}
    assert outputs["dropped"] == [[]]
    assert results["dropped"].handlers == {"drops": "3"}
    assert outputs["inactive"] == outputs["made inactive"] == [expired, []]
    assert results["inactive"].handlers == {"drops": "0", "active": "false"}
    assert results["made inactive"].handlers == {"active": "false"}
    assert outputs["made active"] == [[], expired]
    assert results["made active"].handlers == {"drops": "3"}
    assert outputs["multicast"] == [[*groups[:2], decremented(groups[2])], []]
    assert outputs["no header"] == [[], [ipv4()]]
    assert results["no header"].handlers == {"drops": "0"}
    assert outputs["cut"] == [[], [ipv4()[:19]]]
    [wrong], _ = outputs["wrong checksum"]
    before, after = internet_checksum(b"\x45" + bytes(7) + b"\x09" + bytes(11)), internet_checksum(wrong)
    assert before == after  # as wrong as it was


def options(*parts: bytes) -> bytes:
    joined = b"".join(parts)
    return joined + bytes(-len(joined) % 4)


def route(pointer: int, *slots: bytes, length: int | None = None, kind: int = 7) -> bytes:
    body = b"".join(slots)
    return bytes([kind, 3 + len(body) if length is None else length, pointer]) + body


def stamp(pointer: int, flag: int, *slots: bytes, overflow: int = 0) -> bytes:
    body = b"".join(slots)
    return bytes([68, 4 + len(body), pointer, overflow << 4 | flag]) + body


E = bytes(4)  # an empty slot
NOP = b"\1"

#: Option bytes, and what they become; times of the day are masked with ff.
NOW = b"\xff" * 4
SERVED: dict[str, tuple[bytes, bytes]] = {
    "none to serve": (options(NOP, NOP, NOP, b"\0"), options(NOP, NOP, NOP, b"\0")),
    "end at once": (options(b"\0", route(4, E)), options(b"\0", route(4, E))),
    "unknown option": (options(b"\x94\4\0\0", route(4, E)), options(b"\x94\4\0\0", route(8, ME))),
    "loose source route": (options(route(4, OTHER, kind=131)), options(route(4, OTHER, kind=131))),
    "route": (options(route(4, E, E)), options(route(8, ME, E))),
    "route behind": (options(NOP, route(8, STRANGER, E)), options(NOP, route(12, STRANGER, ME))),
    "route full": (options(route(8, STRANGER)), options(route(8, STRANGER))),
    "route at the end": (options(route(36, *[E] * 9), NOP), options(route(40, *[E] * 8, ME), NOP)),
    "two routes": (options(route(4, E), route(4, E)), options(route(8, ME), route(8, ME))),
    "stamp": (options(stamp(5, 0, E, E)), options(stamp(9, 0, NOW, E))),
    "second stamp": (options(stamp(9, 0, E, E)), options(stamp(13, 0, E, NOW))),
    "stamps full": (options(stamp(9, 0, E)), options(stamp(9, 0, E, overflow=1))),
    "stamps full again": (options(stamp(9, 0, E, overflow=14)), options(stamp(9, 0, E, overflow=15))),
    "address and stamp": (options(stamp(5, 1, E, E)), options(stamp(13, 1, ME, NOW))),
    "no room for both": (options(stamp(5, 1, E)), options(stamp(5, 1, E, overflow=1))),
    "asked of me": (options(stamp(5, 3, ME, E)), options(stamp(13, 3, ME, NOW))),
    "asked of another of mine": (options(stamp(5, 3, OTHER, E)), options(stamp(13, 3, OTHER, NOW))),
    "asked of a stranger": (options(stamp(5, 3, STRANGER, E)), options(stamp(5, 3, STRANGER, E))),
}

#: Option bytes, and the place in the header that is at fault.
BAD: dict[str, tuple[bytes, int]] = {
    "length 0": (options(b"\x94\0", E), 21),
    "length 1": (options(NOP, b"\x94\1", E), 22),
    "length beyond": (options(b"\x94\x0d", E, E), 21),
    "no length": (NOP * 3 + b"\x94", 24),
    "route without pointer": (options(b"\7\2", E), 22),
    "route pointer 0": (options(route(0, E)), 22),
    "route pointer 3": (options(route(3, E)), 22),
    "route pointer 5": (options(route(5, E)), 22),
    "route pointer beyond": (options(route(12, E)), 22),
    "route pointer 255": (options(route(255, E)), 22),
    "second route": (options(route(8, E), route(3, E)), 29),
    "stamp too short": (options(b"\x44\3\5", NOP), 21),
    "stamp pointer 4": (options(stamp(4, 0, E)), 22),
    "overflow overflows": (options(stamp(9, 0, E, overflow=15)), 23),
    "flag 2": (options(stamp(5, 2, E, E)), 23),
    "flag 15": (options(stamp(5, 15, E, E)), 23),
    "asked, and full": (options(stamp(13, 3, ME, E)), 23),
}


def test_routes_and_times_are_recorded_and_bad_options_refused() -> None:
    config = "IPGWOptions(10.0.0.254, 10.0.1.254 10.0.2.254)"
    served = [ipv4(options=before) for before, _ in SERVED.values()]
    bad = [ipv4(options=before) for before, _ in BAD.values()]
    results = run_cases(
        {
            "served": marked(config, [ipv4(), *served], handlers=["drops"]),
            "bad": marked(config, bad, handlers=["drops"]),
            "dropped": marked(config, bad, 1, handlers=["drops"]),
            "no header": Case(config, [ipv4(options=bytes(4))], 2, handlers=["drops"]),
            "cut": Case(config, [ipv4(options=bytes(4))], 2, before="MarkIPHeader -> Truncate(23)"),
        }
    )
    [plain, *passed], refused = results["served"].outputs
    assert (plain, refused) == (ipv4(), [])
    for (name, (before, after)), packet in zip(SERVED.items(), passed, strict=True):
        got, length = packet[20 : 20 + len(before)], 20 + len(before)
        while (at := after.find(NOW)) >= 0:
            # --simtime begins at one thousand million seconds: 01:46:40
            assert 0 <= int.from_bytes(got[at : at + 4], "big") - (1_000_000_000_000 % DAY) < 10_000, name
            after = after[:at] + got[at : at + 4] + after[at + 4 :]
        assert got == after, name
        assert packet == with_checksum(ipv4(options=before)[:20] + after) + packet[length:], name
    assert results["served"].handlers == {"drops": "0"}
    assert [len(port) for port in results["bad"].outputs] == [0, len(BAD)]
    assert results["bad"].handlers == results["dropped"].handlers == {"drops": str(len(BAD))}
    assert results["dropped"].outputs == [[]]
    assert results["no header"].outputs == [[], [ipv4(options=bytes(4))]]
    assert results["no header"].handlers == {"drops": "0"}
    assert results["cut"].outputs == [[], [ipv4(options=bytes(4))[:23]]]


def test_the_place_of_a_bad_option_is_noted_for_icmp() -> None:
    packets = [ipv4(options=before) for before, _ in BAD.values()]
    results = run_cases(
        {"pointer": marked("IPGWOptions(10.0.0.254)", packets, after="ICMPError(1.1.1.1, parameterproblem)")}
    )
    _, errors = results["pointer"].outputs
    pointers = {name: error[24] for name, error in zip(BAD, errors, strict=True)}
    assert pointers == {name: place for name, (_, place) in BAD.items()}


def test_random_options_neither_crash_nor_touch_anything_else() -> None:
    chance = random.Random(8)
    packets = []
    for _ in range(500):
        body = bytearray(chance.randbytes(4 * chance.randrange(1, 11)))
        for at in range(0, len(body), chance.randrange(2, 12)):
            body[at] = chance.choice([0, 1, 7, 68, 131, 148])
            body[at + 1 : at + 2] = bytes([chance.randrange(14)])[: len(body) - at - 1]
        packets.append(ipv4(options=bytes(body)))
    results = run_cases({"random": marked("IPGWOptions(10.0.0.254)", packets, handlers=["drops"])})
    passed, refused = results["random"].outputs
    assert len(passed) + len(refused) == len(packets)
    assert int(results["random"].handlers["drops"]) == len(refused) > 0
    assert len(passed) > 50
    for packet in passed:
        header = (packet[0] & 15) * 4
        assert internet_checksum(packet[:header]) == 0
    assert sorted(packet[:10] + packet[12:20] for packet in passed + refused) == sorted(
        packet[:10] + packet[12:20] for packet in packets
    )


def test_configuration_errors() -> None:
    check_refusals(
        {
            "DecIPTTL(ACTIVE maybe)": "ACTIVE: parse error",
            "DecIPTTL(MULTICAST 2)": "MULTICAST: parse error",
            "DecIPTTL(true)": "too many arguments",
            "IPGWOptions": "MYADDR: required argument missing",
            "IPGWOptions(10.0.0)": "MYADDR: parse error",
            "IPGWOptions(10.0.0.1, 10.0.0.2 x)": "OTHERADDRS: parse error",
            "IPGWOptions(10.0.0.1, 10.0.0.2, 10.0.0.3)": "too many arguments",
        }
    )
