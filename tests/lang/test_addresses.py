"""Ethernet, IPv4 and IPv6 addresses: what is accepted, what it means, how it prints."""

from __future__ import annotations

import sys
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmclick.lang.arguments import (
    Argument,
    ArgumentError,
    Environment,
    EtherAddress,
    Host,
    IP6Address,
    IP6Prefix,
    IPAddress,
    IPPrefix,
    Prefix,
    Prefix6,
)
from nmclick.lang.values.addresses import ip_bytes, mask_bytes


def refusal(kind: Argument, text: str, environment: Environment | None = None) -> str:
    with pytest.raises(ArgumentError) as caught:
        kind.parse(text, environment)
    return caught.value.message


def ip(text: str) -> bytes:
    return IPv4Address(text).packed


# Ethernet


def test_ethernet_addresses() -> None:
    expected = bytes([0, 2, 0x5E, 0, 0xA, 0xFF])
    for text in ("00:02:5e:00:0a:ff", "00-02-5E-00-0A-FF", "0:2:5e:0:a:fF", "0-2-5e-00-a-ff"):
        assert EtherAddress().parse(text) == expected
    assert EtherAddress().unparse(expected) == "00-02-5E-00-0A-FF"
    assert EtherAddress().c_type == "uint8_t[6]"
    assert EtherAddress().c_value(expected) == expected


def test_texts_that_are_no_ethernet_addresses() -> None:
    for text in (
        "",
        "1:2:3:4:5",
        "1:2:3:4:5:6:7",
        "1:2:3-4:5:6",
        "001:2:3:4:5:6",
        "1:2:3:4:5:",
        "g:2:3:4:5:6",
        "1:2:3:4:5:6 ",
        "1.2.3.4.5.6",
    ):
        assert refusal(EtherAddress(), text) == "parse error"


# IPv4


def test_ip_addresses() -> None:
    assert IPAddress().parse("18.26.4.9") == ip("18.26.4.9")
    assert IPAddress().parse("010.0.0.001") == ip("10.0.0.1")
    assert IPAddress().unparse(ip("18.26.4.9")) == "18.26.4.9"
    for text in (
        "",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.",
        ".1.2.3",
        "1..2.3",
        "1.2.3.4 ",
        "1.2.3.0x4",
        "a.b.c.d",
        "1.2.3.4/24",
        "1.2.3.-4",
        "1.2.3.٤",
    ):
        assert refusal(IPAddress(), text) == "parse error"


@given(st.ip_addresses(v=4))
def test_ip_addresses_lie_in_memory_as_in_the_packet(address: IPv4Address) -> None:
    kind = IPAddress()
    value = kind.parse(str(address))
    assert value == address.packed
    assert kind.unparse(value) == str(address)
    assert kind.c_value(value).to_bytes(4, sys.byteorder) == address.packed
    assert kind.from_c(kind.c_value(value)) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("18.26.4/24", "18.26.4.0/24"),
        ("10/8", "10.0.0.0/8"),
        ("10.0.0.1/24", "10.0.0.1/24"),
        ("10.0.0.0/255.0.0.0", "10.0.0.0/8"),
        ("10.0.0.0/255.0.255.0", "10.0.0.0/255.0.255.0"),
        ("10.1/255.255.0.0", "10.1.0.0/16"),
        ("0/0", "0.0.0.0/0"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("1.2.3.4/32", "1.2.3.4/32"),
        ("1.2.3.4/08", "1.2.3.4/8"),
    ],
)
def test_ip_prefixes(text: str, shown: str) -> None:
    assert IPPrefix().unparse(IPPrefix().parse(text)) == shown
    assert IPPrefix(bare=True).unparse(IPPrefix(bare=True).parse(text)) == shown


def test_texts_that_are_no_ip_prefixes() -> None:
    for text in (
        "18.26.4/28",
        "10/9",
        "1.2.3.4/33",
        "1.2.3.4/",
        "/8",
        "1.2.3.4/-1",
        "1.2.3.4/x",
        "1.2.3.4 /8",
        "256/8",
        "1.2.3.4/0x8",
        "1.2.3.4/1.2.3",
        "",
    ):
        assert refusal(IPPrefix(), text) == "parse error"


def test_only_a_bare_prefix_may_be_an_address() -> None:
    assert IPPrefix(bare=True).parse("1.2.3.4") == Prefix(ip("1.2.3.4"), mask_bytes(32))
    assert refusal(IPPrefix(), "1.2.3.4") == "parse error"
    assert IPPrefix().expects == "an IPv4 prefix such as 10.0.0.0/8"
    assert IPPrefix(bare=True).expects == "an IPv4 prefix such as 10.0.0.0/8, or an address"


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_prefixes_compute_networks(address: IPv4Address, length: int) -> None:
    value = IPPrefix().parse(f"{address}/{length}")
    network = ip_network((address, length), strict=False)
    assert value.address == address.packed
    assert value.length == length
    assert value.network == network.network_address.packed
    assert value.broadcast == network.broadcast_address.packed
    assert value.mask == network.netmask.packed


def test_prefix_has_two_c_fields() -> None:
    assert IPPrefix().c_fields("net") == {"net": "uint32_t", "net_mask": "uint32_t"}
    assert IPPrefix().c_values("net", None) == {"net": 0, "net_mask": 0}


def test_hosts_are_addresses_or_resolved_names() -> None:
    assert Host().parse("10.0.0.1") == ip("10.0.0.1")
    assert Host().parse("localhost") == ip("127.0.0.1")
    for text in ("10.1", "0x0a000001", "no such host", "", "x..y"):
        assert refusal(Host(), text) == "parse error"


# IPv6


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1080:0:0:0:8:800:200C:417a", "1080::8:800:200c:417a"),
        ("1080::8:800:200C:417a", "1080::8:800:200c:417a"),
        ("::13.1.68.3", "::d01:4403"),
        ("::ffff:129.144.52.38", "::ffff:8190:3426"),
        ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
        ("ffff:ffff:ffff:ffff:ffff:ffff::", "ffff:ffff:ffff:ffff:ffff:ffff::"),
        ("::", "::"),
        ("8000::", "8000::"),
        ("::8000", "::8000"),
        ("1::8", "1::8"),
    ],
)
def test_ip6_addresses(text: str, value: str) -> None:
    assert IP6Address().parse(text) == IPv6Address(value).packed


def test_texts_that_are_no_ip6_addresses() -> None:
    for text in (
        "",
        ":",
        ":::",
        "1",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:",
        ":1:2:3:4:5:6:7",
        "8000::1:1:1:1:1:1:1",
        "1::2::3",
        "12345::",
        "g::",
        "1.2.3.4",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3",
        ":1.2.3.4",
        "::1 ",
    ):
        assert refusal(IP6Address(), text) == "parse error"


@given(st.ip_addresses(v=6), st.integers(0, 128))
def test_ip6_text_reads_back(address: IPv6Address, length: int) -> None:
    for text in (str(address), address.exploded, IP6Address().unparse(address.packed)):
        assert IP6Address().parse(text) == address.packed
    value = IP6Prefix().parse(f"{address}/{length}")
    network = ip_network((address, length), strict=False)
    assert (value.network, value.mask) == (network.network_address.packed, network.netmask.packed)


@given(st.lists(st.sampled_from([0, 1, 0xFFFF]), min_size=8, max_size=8))
def test_ip6_text_with_many_zeros_reads_back(groups: list[int]) -> None:
    value = b"".join(group.to_bytes(2, "big") for group in groups)
    assert IPv6Address(IP6Address().unparse(value)).packed == value
    if any(groups[:5]):
        assert IP6Address().unparse(value) == str(IPv6Address(value))


def test_ip4_like_ip6_addresses_print_as_clicks() -> None:
    shown = [IP6Address().unparse(IPv6Address(text).packed) for text in ("::", "::1", "::ffff:1.2.3.4", "fe80::1")]
    assert shown == ["::", "::0.0.0.1", "::ffff:1.2.3.4", "fe80::1"]


def test_ip6_prefixes() -> None:
    doc = IPv6Address("2001:db8::").packed
    assert IP6Prefix().parse("2001:db8::/32") == Prefix6(doc, 32)
    assert IP6Prefix().parse("2001:db8::/ffff:ffff::") == Prefix6(doc, 32)
    assert IP6Prefix(bare=True).parse("2001:db8::") == Prefix6(doc, 128)
    assert IP6Prefix().unparse(Prefix6(doc, 32)) == "2001:db8::/32"
    assert IP6Prefix().c_fields("net") == {"net": "uint8_t[16]", "net_length": "uint8_t"}
    for text in ("2001:db8::", "2001:db8::/129", "2001:db8::/x", "2001:db8::/::1", "/32", "x/32"):
        assert refusal(IP6Prefix(), text) == "parse error"


def test_ip_bytes_takes_only_full_addresses() -> None:
    assert ip_bytes("10.0") is None
    assert ip_bytes("10.0.0.1") == ip("10.0.0.1")
