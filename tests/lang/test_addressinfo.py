"""Names for addresses: AddressInfo entries, their scopes, and the system's devices."""

from __future__ import annotations

import sys
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmclick.lang.addressinfo import AddressTable, define_addresses
from nmclick.lang.arguments import (
    Argument,
    ArgumentError,
    Environment,
    EtherAddress,
    IP6Address,
    IP6Prefix,
    IPAddress,
    IPPrefix,
    Prefix,
)
from nmclick.lang.devices import NoDevices, SystemDevices
from nmclick.lang.values.addresses import mask_bytes


def refusal(kind: Argument, text: str, environment: Environment | None = None) -> str:
    with pytest.raises(ArgumentError) as caught:
        kind.parse(text, environment)
    return caught.value.message


def ip(text: str) -> bytes:
    return IPv4Address(text).packed


class OneDevice(NoDevices):
    """eth0 with 192.168.3.4/24 and a gateway; lo without an Ethernet address."""

    def ether(self, device: str) -> bytes | None:
        return bytes(range(6)) if device == "eth0" else None

    def prefix(self, device: str) -> Prefix | None:
        return {
            "eth0": Prefix(ip("192.168.3.4"), mask_bytes(24)),
            "eth1": Prefix(ip("10.9.8.7"), mask_bytes(16)),
        }.get(device)

    def gateway(self, device: str) -> bytes | None:
        return ip("192.168.3.254") if device == "eth0" else None


@pytest.fixture
def environment() -> Environment:
    return Environment("a/b/element", AddressTable(OneDevice()))


def define(environment: Environment, element_name: str, entry: str) -> list[str]:
    return list(define_addresses(entry, environment.at(element_name)))


def test_a_name_has_an_address_of_each_kind(environment: Environment) -> None:
    assert define(environment, "info", "foo 1.2.3.4/20 00-50-BA-85-84-A9 2001:db8::1/32") == []
    foo = Prefix(ip("1.2.3.4"), mask_bytes(20))
    assert IPAddress().parse("foo", environment) == ip("1.2.3.4")
    assert IPAddress().parse("foo:ip", environment) == ip("1.2.3.4")
    assert IPAddress().parse("foo:IP4", environment) == ip("1.2.3.4")
    assert IPAddress().parse("foo:bcast", environment) == ip("1.2.15.255")
    assert IPAddress().parse("foo:gw", environment) == ip("1.2.0.1")
    assert IPPrefix().parse("foo", environment) == foo
    assert [IPPrefix().parse(f"foo:{suffix}", environment) for suffix in ("net", "ipnet", "ip4net")] == [foo] * 3
    assert IPPrefix(bare=True).parse("foo", environment) == Prefix(ip("1.2.3.4"), mask_bytes(32))
    assert IPPrefix(bare=True).parse("foo:ipnet", environment) == foo
    assert IPPrefix().parse("foo/8", environment) == Prefix(ip("1.2.3.4"), mask_bytes(8))
    ether = bytes([0, 0x50, 0xBA, 0x85, 0x84, 0xA9])
    assert [EtherAddress().parse(f"foo{suffix}", environment) for suffix in ("", ":eth", ":ether", ":ethernet")] == [
        ether
    ] * 4
    assert IP6Address().parse("foo", environment) == IPv6Address("2001:db8::1").packed
    assert IP6Address().parse("foo:ip6", environment) == IPv6Address("2001:db8::1").packed
    assert IP6Prefix().parse("foo:ip6net", environment).length == 32
    assert IP6Address().parse("0::ffff:foo", environment) == IPv6Address("::ffff:1.2.3.4").packed


def test_a_suffix_of_another_kind_does_not_match(environment: Environment) -> None:
    define(environment, "info", "foo 1.2.3.4 1:2:3:4:5:6")
    assert refusal(IPAddress(), "foo:eth", environment) == "parse error"
    assert refusal(IPAddress(), "foo:ipnet", environment) == "parse error"
    assert refusal(EtherAddress(), "foo:ip", environment) == "parse error"
    assert refusal(IPPrefix(), "foo", environment) == "parse error"
    assert refusal(IP6Address(), "foo:ip6", environment) == "parse error"
    assert refusal(IP6Prefix(), "foo:ip6net", environment) == "parse error"


def test_names_are_local_to_their_compound(environment: Environment) -> None:
    define(environment, "info", "x 1.0.0.0")
    define(environment, "a/info", "x 2.0.0.0")
    define(environment, "a/b/c/info", "x 3.0.0.0")
    seen = {name: IPAddress().parse("x", environment.at(name))[0] for name in ("e", "a/e", "a/b/e", "a/b/c/e", "b/e")}
    assert seen == {"e": 1, "a/e": 2, "a/b/e": 2, "a/b/c/e": 3, "b/e": 1}


def test_bad_entries_are_reported(environment: Environment) -> None:
    assert define(environment, "info", "foo") == ["expected 'NAME [ADDRS]'"]
    assert define(environment, "info", "foo bar 1.2.3.4 1.2.3") == [
        "'bar' is not a recognizable address",
        "'1.2.3' is not a recognizable address",
    ]
    assert define(environment, "info", "") == []
    assert IPAddress().parse("foo", environment) == ip("1.2.3.4")


def test_an_entry_may_name_other_entries(environment: Environment) -> None:
    define(environment, "info", "foo 1.2.3.4 1:2:3:4:5:6")
    assert define(environment, "info", "bar 9.9.9.9 foo") == []
    # foo has an IP address too, but bar had its own already.
    assert IPAddress().parse("bar", environment) == ip("9.9.9.9")
    assert EtherAddress().parse("bar", environment) == bytes([1, 2, 3, 4, 5, 6])


def test_a_prefix_without_host_bits_gives_no_address(environment: Environment) -> None:
    define(environment, "info", "net 10.0.0.0/8")
    assert refusal(IPAddress(), "net", environment) == "parse error"
    assert IPAddress().parse("net:gw", environment) == ip("10.0.0.1")
    assert IPPrefix(bare=True).parse("net", environment) == Prefix(ip("10.0.0.0"), mask_bytes(8))


def test_device_names_stand_for_their_addresses(environment: Environment) -> None:
    assert EtherAddress().parse("eth0", environment) == bytes(range(6))
    assert IPAddress().parse("eth0:ip", environment) == ip("192.168.3.4")
    assert IPPrefix().parse("eth0:ipnet", environment) == Prefix(ip("192.168.3.4"), mask_bytes(24))
    assert IPAddress().parse("eth0:bcast", environment) == ip("192.168.3.255")
    assert IPAddress().parse("eth0:gw", environment) == ip("192.168.3.254")
    assert IPAddress().parse("eth1:gw", environment) == ip("10.9.0.1")
    assert refusal(IPAddress(), "eth2:gw", environment) == "parse error"
    define(environment, "info", "eth0 1.1.1.1")
    assert IPAddress().parse("eth0", environment) == ip("1.1.1.1")
    define(environment, "info", "eth0:gw 2.2.2.2")
    assert IPAddress().parse("eth0:gw", environment) == ip("2.2.2.2")


def test_the_systems_devices(tmp_path: Path) -> None:
    for name, kind, address in (
        ("veth9", "1", "02:00:00:00:00:09"),
        ("tun9", "65534", ""),
        ("bad9", "x", ""),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "type").write_text(kind + "\n")
        (tmp_path / name / "address").write_text(address + "\n")
    routes = tmp_path / "route"
    gateway = int.from_bytes(ip("10.1.2.3"), sys.byteorder)
    routes.write_text(
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
        "veth9\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n"
        f"veth9\t00000000\t{gateway:08X}\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    )
    devices = SystemDevices(tmp_path, routes)
    assert devices.ether("veth9") == bytes([2, 0, 0, 0, 0, 9])
    assert [devices.ether(name) for name in ("tun9", "bad9", "none", "..", "", "x" * 16, "a/b", "a\0")] == [None] * 8
    assert devices.gateway("veth9") == ip("10.1.2.3")
    assert devices.gateway("tun9") is None
    assert SystemDevices(tmp_path, tmp_path / "missing").gateway("veth9") is None
    assert devices.prefix("veth9") is None


@pytest.mark.skipif(not Path("/sys/class/net/lo").exists(), reason="needs Linux with a loopback device")
def test_the_loopback_device() -> None:
    loopback = SystemDevices().prefix("lo")
    assert loopback in (None, Prefix(ip("127.0.0.1"), mask_bytes(8)))
    assert SystemDevices().ether("lo") is None


@given(st.text(alphabet="0123456789abf.:/-xetip ", max_size=20))
def test_no_text_makes_reading_an_address_fail(text: str) -> None:
    environment = Environment("a/b", AddressTable(OneDevice()))
    for kind in (EtherAddress(), IPAddress(), IPPrefix(bare=True), IP6Address(), IP6Prefix(bare=True)):
        try:
            kind.parse(text, environment)
        except ArgumentError:
            continue
