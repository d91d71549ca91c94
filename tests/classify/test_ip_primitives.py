"""What each primitive of the IP pattern language matches."""

from __future__ import annotations

import pytest

from nmclick.classify import compile_ipclassifier
from nmclick.classify.evaluate import Headers
from nmclick.classify.names import NoNames
from nmclick.classify.patterns import Base

from .packets import ip

MATCHES = [
    ("tcp", ip("tcp"), ip("udp")),
    ("ip proto 47", ip("gre"), ip("tcp")),
    ("proto udp", ip("udp"), ip("icmp")),
    ("ip proto != 6", ip("udp"), ip("tcp")),
    ("ip proto != tcpudp", ip("icmp"), ip("tcp")),
    ("ip proto > 6", ip("udp"), ip("tcp")),
    ("ip proto 6-17", ip("tcp"), ip("icmp")),
    ("tcpudp", ip("tcp"), ip("icmp")),
    ("transp", ip("gre"), None),
    ("host 10.0.0.2", ip(), ip(dst="10.0.0.3")),
    ("src host 10.0.0.1", ip(), ip(src="10.0.0.2", dst="10.0.0.1")),
    ("dst 10.0.0.2", ip(), ip(dst="10.0.0.1")),
    ("src or dst host 10.0.0.2", ip(), ip(dst="10.0.0.3")),
    ("src and dst host 10.0.0.2", ip(src="10.0.0.2"), ip()),
    ("src host != 10.0.0.1", ip(src="10.0.0.9"), ip()),
    ("host != 10.0.0.1", ip(src="10.0.0.9"), ip()),
    ("src & 255.0.0.1 10.0.0.1", ip(), ip(src="10.0.0.2")),
    ("tcp src 10.0.0.1", ip("tcp"), ip("udp")),
    ("src net 10.0.0.0/8", ip(), ip(src="11.0.0.1")),
    ("dst net 10.0/16", ip(), ip(dst="10.1.0.1")),
    ("net 10.0.0.0 mask 255.255.255.254", ip(), ip(src="10.0.0.2", dst="10.0.0.3")),
    ("10.0.0.0/255.255.255.0", ip(), ip(src="1.2.3.4", dst="1.2.3.4")),
    ("src net != 10.0.0.0/24", ip(src="10.0.1.1"), ip()),
    ("port 2000", ip("tcp"), ip("icmp", sport=2000, dport=2000)),
    ("src port 1000", ip(), ip(sport=2000, dport=1000)),
    ("dst udp port 2000", ip(), ip("tcp")),
    ("src port 10-20", ip(sport=20), ip(sport=21)),
    ("port > 1999", ip(), ip(dport=1999)),
    ("port <= 2000", ip(), ip(dport=2001)),
    ("dst port >= 2000", ip(), ip(dport=1999)),
    ("dst port < 2000", ip(dport=1999), ip()),
    ("src tcp port != 1000", ip("tcp", sport=9), ip(sport=9)),
    ("dst port & 0xff00 == 0x0700", ip(dport=0x0712), ip(dport=0x0812)),
    ("dst port 80 or 443 or www", ip(dport=443), ip(dport=81)),
    ("www", ip("tcp", dport=80), ip("tcp")),
    ("dst port snmp-trap", ip(dport=162), ip()),
    ("ip vers 4", ip(), ip(vers=6)),
    ("ip hl > 5", ip(hl=6), ip()),
    ("ip id 7", ip(), ip(id=8)),
    ("ip len >= 100", ip(), ip(len=99)),
    ("ip tos 0x10", ip(tos=0x10), ip()),
    ("ip tos & 0xfc == 0x10", ip(tos=0x11), ip(tos=0x20)),
    ("ip dscp 46", ip(tos=46 << 2 | 1), ip(tos=46)),
    ("ip ttl < 65", ip(), ip(ttl=65)),
    ("ip ect", ip(tos=1), ip(tos=4)),
    ("ip ce", ip(tos=7), ip(tos=1)),
    ("ip frag", ip(frag=0x2000), ip(frag=0x4000)),
    ("unfrag", ip(), ip(frag=1)),
    ("syn", ip("tcp", flags="syn ack"), ip("tcp")),
    ("tcp opt rst", ip("tcp", flags="rst"), ip("tcp")),
    ("syn ack", ip("tcp", flags="syn ack"), ip("tcp", flags="syn")),
    ("syn and not ack", ip("tcp", flags="syn"), ip("tcp", flags="syn ack")),
    ("tcp win > 499", ip("tcp"), ip("tcp", win=499)),
    ("icmp type echo", ip("icmp"), ip("icmp", type=0)),
    ("icmp type != 8", ip("icmp", type=3), ip("udp")),
    ("icmp type unreachable", ip("icmp", type=3), ip("icmp")),
    ("icmp[1] 4", ip("icmp", code=4), ip("icmp")),
    ("ip[9] == 17", ip(), ip("tcp")),
    ("ip[12:4] 0x0a000001", ip(), ip(src="10.0.0.2")),
    ("ip[16:2] > 2560", ip(dst="10.1.0.0"), ip()),
    ("tcp[13] & 2 != 0", ip("tcp", flags="syn"), ip("tcp")),
    ("udp[2:2] 2000", ip(), ip("tcp")),
    ("transp[0:2] 1000", ip("gre"), ip(sport=1)),
    ("ether host 02:00:5e:00:00:01", ip(), None),
    ("src ether host 02-00-5e-00-00-01", ip(), None),
    ("dst 2:0:5e:0:0:2", ip(), None),
    ("true", ip(), None),
    ("-", ip(), None),
    ("any", ip(), None),
    ("all", ip(), None),
    ("", ip(), None),
    ("not not tcp", ip("tcp"), ip()),
    ("src not port 80", ip(), ip(sport=80)),
    ("tcp ? dst port 80 : udp", ip("udp"), ip("tcp")),
    ("(tcp || udp) && ! dst port 53", ip(), ip(dport=53)),
    ("tcp or udp and dst port 1", ip("tcp"), ip()),
    ("icmp or not (src 10.0.0.1 and udp)", ip("tcp"), ip()),
]


def holds(pattern: str, headers: Headers) -> bool:
    program, errors, _ = compile_ipclassifier([pattern], NoNames())
    assert not errors
    result = program.walk(headers)
    assert result == program.evaluate(headers)
    return result == 0


@pytest.mark.parametrize(("pattern", "yes", "no"), MATCHES, ids=[pattern or "empty" for pattern, _, _ in MATCHES])
def test_a_primitive_matches(pattern: str, yes: Headers, no: Headers | None) -> None:
    assert holds(pattern, yes)
    assert no is None or not holds(pattern, no)


@pytest.mark.parametrize("pattern", ["dst port 2000", "syn", "icmp type echo", "tcp win 500", "udp[2:2] 2000"])
def test_tests_of_the_transport_header_are_false_on_later_fragments_and_their_negation_true(pattern: str) -> None:
    for proto in ("tcp", "udp", "icmp"):
        assert not holds(pattern, ip(proto, flags="syn", frag=3))
        assert holds(f"not {pattern}", ip(proto, flags="syn", frag=3))


def test_false_matches_nothing_and_says_so() -> None:
    program, errors, warnings = compile_ipclassifier(["false", "-"], NoNames())
    assert program.walk(ip()) == 1
    assert errors == []
    assert [warning.message for warning in warnings] == ["output 0 matches no packets"]


@pytest.mark.parametrize(
    ("pattern", "cut"),
    [
        ("ip[19] & 128 == 0", 19),
        ("ip[19] & 128 != 0", 19),
        ("transp[1] >= 0", 21),
        ("src net 10.0.0.0/8", 12),
        ("src net != 10.0.0.0/8", 12),
        ("dst port != 80", 23),
        ("ip proto != 6", 9),
        ("ip unfrag", 7),
    ],
)
def test_a_test_past_the_end_fails_and_its_negation_succeeds(pattern: str, cut: int) -> None:
    short = ip(cut=cut)
    if pattern == "transp[1] >= 0":
        # Always true, so nothing is read.
        assert not holds(f"not {pattern}", short)
        return
    assert not holds(pattern, short)
    assert holds(f"not ({pattern})", short)


def test_only_the_bytes_that_the_mask_touches_must_exist() -> None:
    assert holds("src net 10.0.0.0/8", ip(cut=13))
    assert not holds("src net 10.0.0.0/16", ip(cut=13))
    assert holds("src port 1000", ip(cut=22))
    assert not holds("src port 1000", ip(cut=21))


def test_ip_frag_is_true_on_a_header_that_is_cut_before_the_fragment_field() -> None:
    assert holds("ip frag", ip(cut=6))


def test_headers_that_are_not_known_have_no_bytes() -> None:
    data = ip()[Base.NETWORK]
    assert not holds("ether host 02:00:5e:00:00:01", {Base.NETWORK: data})
    assert not holds("tcp or udp", {})
    assert holds("not tcp", {})
    assert not holds("port 1000", {Base.NETWORK: data})


def test_names_stand_for_addresses() -> None:
    class Names(NoNames):
        def ip_address(self, name: str) -> bytes | None:
            return {"box": bytes([10, 0, 0, 1]), "lan": bytes([10, 0, 0, 0])}.get(name)

        def ip_prefix(self, name: str) -> tuple[bytes, int] | None:
            return (bytes([10, 0, 0, 0]), 24) if name in ("lan", "lan:ipnet") else None

        def ethernet(self, name: str) -> bytes | None:
            return bytes.fromhex("02005e000001") if name == "box" else None

    patterns = ["src box", "net lan", "src net lan:ipnet", "host lan", "src ether host box"]
    outputs = []
    for pattern in patterns:
        program, errors, _ = compile_ipclassifier([pattern], Names())
        assert not errors
        outputs.append(program.walk(ip(dst="1.2.3.4")))
    assert outputs == [0, 0, 0, -1, 0]


def test_a_number_or_an_address_takes_the_qualifiers_of_the_primitive_before_it() -> None:
    assert holds("src port 5 or 1000", ip())
    assert not holds("src port 5 or 2000", ip())
    assert holds("dst host 1.2.3.4 or 10.0.0.2", ip())
    assert not holds("dst host 1.2.3.4 or 10.0.0.1", ip())
    assert holds("ip ttl 3 or 64", ip())
