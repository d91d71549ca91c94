"""ICMPError: what an error says, and what it is not said about."""

from __future__ import annotations

import random
import struct

from nmclick.graph.registry import Registry
from nmclick.lang.arguments import Environment
from nmclick.lang.source import Source, Span
from tests.elements.datagrams import (
    ICMP,
    MF,
    address,
    check_refusals,
    frame,
    internet_checksum,
    ipv4,
    marked,
    udp,
    with_checksum,
)
from tests.elements.harness import Case, run_cases

ME = "192.0.2.1"
PACKET = ipv4(udp(b"hello"))
TIME_EXCEEDED = f"ICMPError({ME}, timeexceeded)"


def error(
    about: bytes,
    kind: int,
    code: int,
    *,
    ident: int,
    rest: bytes = bytes(4),
    mtu: int = 576,
    options: bytes = b"",
) -> bytes:
    """The error about a packet."""
    quoted = about[: mtu - 28 - len(options)]
    body = struct.pack(">BBH", kind, code, 0) + rest + quoted
    body = body[:2] + struct.pack(">H", internet_checksum(body)) + body[4:]
    source = ".".join(map(str, about[12:16]))
    return ipv4(body, src=ME, dst=source, protocol=ICMP, ttl=200, ident=ident, options=options)


def check_errors(got: list[bytes], expected: list[bytes]) -> None:
    """The same but for the identifications, which count on over the whole router."""
    assert [with_checksum_of(packet) for packet in got] == [with_checksum_of(packet) for packet in expected]
    for packet in got:
        header = (packet[0] & 15) * 4
        assert internet_checksum(packet[:header]) == internet_checksum(packet[header:]) == 0


def with_checksum_of(packet: bytes) -> bytes:
    header = (packet[0] & 15) * 4
    return with_checksum(packet[:4] + bytes(2) + packet[6:header]) + packet[header:]


KINDS = {
    "unreachable": (3, 0),
    "unreachable, net": (3, 0),
    "unreachable, host": (3, 1),
    "unreachable, protocol": (3, 2),
    "unreachable, port": (3, 3),
    "unreachable, needfrag": (3, 4),
    "unreachable, srcroutefail": (3, 5),
    "unreachable, netunknown": (3, 6),
    "unreachable, hostunknown": (3, 7),
    "unreachable, isolated": (3, 8),
    "unreachable, netprohibited": (3, 9),
    "unreachable, hostprohibited": (3, 10),
    "unreachable, tosnet": (3, 11),
    "unreachable, toshost": (3, 12),
    "unreachable, filterprohibited": (3, 13),
    "unreachable, hostprecedence": (3, 14),
    "unreachable, precedencecutoff": (3, 15),
    "3, 255": (3, 255),
    "sourcequench": (4, 0),
    "4, CODE 0x7": (4, 7),
    "redirect, net": (5, 0),
    "redirect, host": (5, 1),
    "redirect, tosnet": (5, 2),
    "redirect, toshost": (5, 3),
    "timeexceeded, transit": (11, 0),
    "timeexceeded, reassembly": (11, 1),
    "TYPE parameterproblem, CODE erroratptr": (12, 0),
    "parameterproblem, missingopt": (12, 1),
    "parameterproblem, length": (12, 2),
}


def test_every_type_and_code_by_its_name() -> None:
    cls = Registry().find("ICMPError")
    assert cls is not None
    for name, (kind, code) in KINDS.items():
        element = cls("x", 0, "", Span(Source("test", ""), 0, 0, "test", 1))
        positional = "CODE" not in name
        text = f"{ME}, {name}" if positional else f"SRC {ME}, {'' if 'TYPE' in name else 'TYPE '}{name}"
        element.args, problems = cls.arguments.parse(text, Environment())
        assert (problems, list(element.configure(Environment()))) == ([], []), name
        values = element.c_arguments()
        assert (values["type"], values["code"]) == (kind, code), name


def test_the_second_word_depends_on_the_type() -> None:
    # Annotations: destination 7.7.7.7, the place of a parameter problem 9.
    before = "MarkIPHeader -> SetIPAddress(7.7.7.7) -> Paint(9, ANNO ICMP_PARAMPROB)"
    rests = {
        "unreachable, net": bytes(4),
        "unreachable, needfrag": struct.pack(">HH", 0, 1006),
        "redirect, host": address("7.7.7.7"),
        "parameterproblem, erroratptr": b"\x09\0\0\0",
        "parameterproblem, missingopt": bytes(4),
    }
    results = run_cases({name: Case(f"ICMPError({ME}, {name}, PMTU 1006)", [PACKET], before=before) for name in rests})
    for ident, (name, rest) in enumerate(rests.items(), 1):
        kind, code = (KINDS | {"parameterproblem, erroratptr": (12, 0)})[name]
        assert results[name].outputs == [[error(PACKET, kind, code, rest=rest, ident=ident)]], name


def test_errors_quote_as_much_as_their_size_allows() -> None:
    packets = [ipv4(b""), ipv4(bytes(range(100))), ipv4(bytes(547)), ipv4(bytes(1700))]
    handlers = ["src", "mtu", "pmtu"]
    results = run_cases(
        {
            "usual": marked(TIME_EXCEEDED, packets, 1, handlers=handlers),
            "small": marked(f"ICMPError({ME}, timeexceeded, MTU 36)", packets, 1),
            "beyond a buffer": marked(f"ICMPError({ME}, timeexceeded, MTU 65535)", packets, 1),
            "written": marked(
                "ICMPError(1.1.1.1, unreachable, needfrag, PMTU 7)",
                packets,
                1,
                writes=[f"src {ME}", "mtu 100", "pmtu 1400"],
                handlers=handlers,
            ),
        }
    )

    def errors(mtu: int, kind: int = 11, code: int = 0, rest: bytes = bytes(4)) -> list[bytes]:
        return [error(packet, kind, code, ident=0, mtu=mtu, rest=rest) for packet in packets]

    check_errors(results["usual"].outputs[0], errors(576))
    check_errors(results["small"].outputs[0], errors(36))
    check_errors(results["written"].outputs[0], errors(100, 3, 4, struct.pack(">HH", 0, 1400)))
    check_errors(results["beyond a buffer"].outputs[0], errors(65535))
    assert results["usual"].handlers == {"src": ME, "mtu": "576", "pmtu": "0"}
    assert results["written"].handlers == {"src": ME, "mtu": "100", "pmtu": "1400"}


def icmp(kind: int) -> bytes:
    return ipv4(bytes([kind, 0, 0, 0]) + bytes(4), protocol=ICMP)


def test_what_rfc_1812_forbids_gets_no_error() -> None:
    silent = [
        *(icmp(kind) for kind in (3, 4, 5, 11, 12)),
        ipv4(bytes(3), protocol=ICMP),  # its type might be any
        ipv4(b"", protocol=ICMP),
        ipv4(dst="255.255.255.255"),
        ipv4(dst="224.0.0.1"),
        ipv4(dst="239.1.2.3"),
        *(ipv4(src=src) for src in ("0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255")),
        ipv4(fragment=1),
        ipv4(fragment=MF | 100),
    ]
    answered = [icmp(0), icmp(8), icmp(13), ipv4(dst="240.0.0.1"), ipv4(src="223.255.255.255"), ipv4(fragment=MF)]
    bad = [ipv4(src="10.0.0.255"), ipv4(dst="10.0.0.255"), ipv4(dst="10.0.1.255")]
    results = run_cases(
        {
            "silent": marked(TIME_EXCEEDED, silent, 1),
            "answered": marked(TIME_EXCEEDED, answered, 1),
            "addresses": marked(f"ICMPError({ME}, timeexceeded, 0, 10.0.0.255 10.0.1.255)", [*bad, PACKET], 1),
            "no header": Case(TIME_EXCEEDED, [PACKET]),
            "cut": Case(TIME_EXCEEDED, [PACKET], before="MarkIPHeader -> Truncate(19)"),
            "short header": marked(TIME_EXCEEDED, [with_checksum(b"\x44" + PACKET[1:20]) + PACKET[20:]], 1),
        }
    )
    assert results["silent"].outputs == [[]]
    check_errors(results["answered"].outputs[0], [error(packet, 11, 0, ident=0) for packet in answered])
    check_errors(results["addresses"].outputs[0], [error(PACKET, 11, 0, ident=0)])
    assert results["no header"].outputs == results["cut"].outputs == results["short header"].outputs == [[]]


def test_link_broadcasts_get_no_error() -> None:
    packets = [frame(PACKET, dst=to) for to in ("ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "02:00:00:00:00:02")]
    before = "HostEtherFilter(02:00:00:00:00:02) -> Strip(14) -> MarkIPHeader"
    results = run_cases({"link": Case(TIME_EXCEEDED, packets, before=before)})
    check_errors(results["link"].outputs[0], [error(PACKET, 11, 0, ident=0)])


def source_route(kind: int, pointer: int, *hops: str) -> bytes:
    return bytes([kind, 3 + 4 * len(hops), pointer]) + b"".join(map(address, hops)) + b"\0"


def test_a_travelled_source_route_is_reversed() -> None:
    hops = ["1.1.1.1", "2.2.2.2", "3.3.3.3"]
    routes = {
        pointer: ipv4(options=source_route(kind, pointer, *hops))
        for pointer, kind in ((4, 131), (8, 137), (12, 131), (16, 131), (3, 131), (5, 131), (20, 131), (255, 137))
    }
    backwards = {
        4: source_route(131, 4),
        8: source_route(137, 4, "1.1.1.1"),
        12: source_route(131, 4, "2.2.2.2", "1.1.1.1"),
        16: source_route(131, 4, "3.3.3.3", "2.2.2.2", "1.1.1.1"),
    }
    behind = ipv4(options=b"\1\x07\7\4" + bytes(4) + source_route(131, 12, *hops))
    broken = ipv4(options=b"\x07\0\4\0" + source_route(131, 12, *hops))
    ended = ipv4(options=b"\0\0\0\0" + source_route(131, 12, *hops))
    problem = "MarkIPHeader -> Paint({}, ANNO ICMP_PARAMPROB)"
    parameter = f"ICMPError({ME}, parameterproblem)"
    results = run_cases(
        {
            "reversed": marked(TIME_EXCEEDED, list(routes.values()), 1),
            "found": marked(TIME_EXCEEDED, [behind, broken, ended], 1),
            "redirect": marked(f"ICMPError({ME}, redirect, host)", [routes[12], PACKET], 1),
            "not the problem": Case(parameter, [routes[12]], before=problem.format(19)),
            "the problem": Case(parameter, [routes[12]], before=problem.format(22)),
            "no room": marked(f"ICMPError({ME}, timeexceeded, MTU 39)", [routes[12]], 1),
        }
    )
    check_errors(
        results["reversed"].outputs[0],
        [error(packet, 11, 0, ident=0, options=backwards.get(pointer, b"")) for pointer, packet in routes.items()],
    )
    check_errors(
        results["found"].outputs[0],
        [error(behind, 11, 0, ident=0, options=backwards[12]), *(error(p, 11, 0, ident=0) for p in (broken, ended))],
    )
    assert len(results["redirect"].outputs[0]) == 1
    assert results["not the problem"].outputs[0][0][20:].startswith(backwards[12])
    check_errors(results["the problem"].outputs[0], [error(routes[12], 12, 0, ident=0, rest=b"\x16\0\0\0")])
    check_errors(results["no room"].outputs[0], [error(routes[12], 11, 0, ident=0, mtu=39)])


def test_the_error_goes_back_and_gets_its_source_where_it_leaves() -> None:
    results = run_cases(
        {
            "destination": marked(TIME_EXCEEDED, [PACKET], 1, after="StoreIPAddress(0)"),
            "source": marked(TIME_EXCEEDED, [PACKET], 1, after="FixIPSrc(9.9.9.9)"),
            "not fixed": marked(f"ICMPError({ME}, 11, SET_FIX_ANNO false)", [PACKET], 1, after="FixIPSrc(9.9.9.9)"),
            # the annotation of the packet that gave rise to the error does not count
            "not inherited": Case(
                f"ICMPError({ME}, 11, SET_FIX_ANNO false)",
                [PACKET],
                before="MarkIPHeader -> Paint(1, ANNO FIX_IP_SRC) -> Paint(5)",
                after="FixIPSrc(9.9.9.9) -> CheckPaint(0)",
            ),
        }
    )
    assert results["destination"].outputs[0][0][:4] == PACKET[12:16]
    assert results["source"].outputs[0][0][12:16] == bytes([9, 9, 9, 9])
    assert internet_checksum(results["source"].outputs[0][0][:20]) == 0
    assert results["not fixed"].outputs[0][0][12:16] == address(ME)
    assert results["not inherited"].outputs[0][0][12:16] == address(ME)


def test_random_headers_do_no_harm() -> None:
    chance = random.Random(6)
    packets = []
    for _ in range(400):
        packet = bytearray(
            ipv4(chance.randbytes(chance.randrange(60)), options=chance.randbytes(4 * chance.randrange(11)))
        )
        for at in range(20, (packet[0] & 15) * 4, 3):
            packet[at : at + 1] = bytes([chance.choice([1, 131, 137, 3, 4, 7, 8])])
        packets.append(bytes(packet))
    results = run_cases({"random": marked(TIME_EXCEEDED, packets, 1)})
    check_errors(results["random"].outputs[0], results["random"].outputs[0])
    assert len(results["random"].outputs[0]) == len(packets)


def test_configuration_errors() -> None:
    code = "argument 2 takes ICMP code (integer between 0 and 255)"
    check_refusals(
        {
            "ICMPError": ["SRC: required argument missing", "TYPE: required argument missing"],
            "ICMPError(1.2.3, 3)": "SRC: parse error",
            "ICMPError(1.2.3.4, lost)": "TYPE: invalid number",
            "ICMPError(1.2.3.4, 256)": "ICMP type must be between 0 and 255",
            "ICMPError(1.2.3.4, -1)": "ICMP type must be between 0 and 255",
            "ICMPError(1.2.3.4, echo)": "ICMP type 8 is not an error type",
            "ICMPError(1.2.3.4, unreachable, transit)": code,
            "ICMPError(1.2.3.4, unreachable, 256)": code,
            "ICMPError(1.2.3.4, unreachable, ²)": "CODE: parse error",
            "ICMPError(1.2.3.4, sourcequench, net)": code,
            "ICMPError(1.2.3.4, 3, 0, x)": "BADADDRS: parse error",
            "ICMPError(1.2.3.4, 3, MTU 35)": "MTU: out of range, bound 36",
            "ICMPError(1.2.3.4, 3, PMTU 65536)": "PMTU: out of range, bound 65535",
            "ICMPError(1.2.3.4, 3, SET_FIX_ANNO 2)": "SET_FIX_ANNO: parse error",
            "ICMPError(1.2.3.4, 3, 0, 1.1.1.1, 576)": "too many arguments",
        }
    )
