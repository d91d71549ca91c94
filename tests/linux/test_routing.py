"""The example configurations between hosts of their own, over ``xdp:`` and over ``packet:``."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.linux.network import Namespace, Network
from tests.linux.running import ROOT, Running, start
from tests.linux.transfer import answers, datagrams, ping, transfer, wait_for_ping

pytestmark = pytest.mark.root

KINDS = ("xdp", "packet")
PORTS = range(4)
MTU = (1500, 1500, 600, 1500)
TRANSFER = 100_000_000  # bytes


@dataclass(frozen=True)
class Routed:
    """configs/ip-router.click and a host at each of its ports."""

    hosts: list[Namespace]
    router: Namespace
    running: Running

    def address(self, port: int) -> str:
        return f"10.0.{port}.2"


@pytest.fixture(params=KINDS)
def routed(network: Network, request: pytest.FixtureRequest) -> Routed:
    router = network.namespace()
    hosts = [network.namespace() for _ in PORTS]
    for port, host in enumerate(hosts):
        network.join((router, f"r{port}"), (host, "h"), mtu=MTU[port])
        if request.param == "packet":  # a host with an XDP program at the other end does this by itself
            host.set_offloads("h", on=False)
        host.ip("addr", "add", f"10.0.{port}.2/24", "dev", "h")
        host.ip("route", "add", "default", "via", f"10.0.{port}.1")
    variables = [f"PORT{port}={request.param}:r{port}" for port in PORTS]
    running = start(network, router, ROOT / "configs/ip-router.click", *variables)
    assert wait_for_ping(hosts[0], "10.0.1.2"), running.stop()
    return Routed(hosts, router, running)


def test_the_router_routes_between_four_hosts(routed: Routed) -> None:
    for port in PORTS:
        for other in PORTS:
            if port != other:
                assert ping(routed.hosts[port], routed.address(other), "-s", "1400", "-M", "dont"), (port, other)
                sizes = [0, 1, 500, 1472]
                got = datagrams(routed.hosts[port], routed.hosts[other], routed.address(other), sizes)
                assert got == sizes, (port, other)
    # A hundred megabytes; then into and out of the network of short packets, whose size has to be found out.
    assert transfer(routed.hosts[0], routed.hosts[1], routed.address(1), TRANSFER)
    assert transfer(routed.hosts[3], routed.hosts[2], routed.address(2), TRANSFER // 20)
    assert transfer(routed.hosts[2], routed.hosts[0], routed.address(0), TRANSFER // 20)
    # The router tells of what it cannot do.
    gone = routed.hosts[0].run("ping", "-c", "1", "-W", "2", "-t", "1", "10.0.1.2")
    assert "From 10.0.0.1 icmp_seq=1 Time to live exceeded" in gone.stdout
    too_long = routed.hosts[0].run("ping", "-c", "1", "-W", "2", "-M", "do", "-s", "1000", "10.0.2.2")
    assert "Frag needed and DF set (mtu = 600)" in too_long.stdout
    assert routed.running.stop() == ("", "port2/fragment: cannot fragment a packet of 1028 bytes (MTU 600)\n")


@pytest.mark.parametrize("kind", KINDS)
def test_the_firewall_blocks_and_passes_as_written(network: Network, kind: str) -> None:
    firewall, outside, server = network.namespace(), network.namespace(), network.namespace()
    for name, host in (("out", outside), ("in", server)):
        network.join((firewall, name), (host, "h"))
        host.set_offloads("h", on=False, which=("tso", "gso"))
    for address in ("10.0.7.9", "10.200.0.9"):  # in the office, and a stranger
        outside.ip("addr", "add", f"{address}/8", "dev", "h")
    server.ip("addr", "add", "10.0.1.2/8", "dev", "h")
    counters = ("-h", "refused_in.count", "-h", "refused_out.count")
    running = start(
        network, firewall, ROOT / "configs/firewall.click", f"OUTSIDE={kind}:out", f"INSIDE={kind}:in", *counters
    )
    assert wait_for_ping(outside, "10.0.1.2"), running.stop()
    assert ping(outside, "10.0.1.2")
    assert answers(outside, server, "10.0.1.2", 80)
    assert not answers(outside, server, "10.0.1.2", 22)
    assert transfer(outside, server, "10.0.1.2", 2_000_000, port=80)
    assert datagrams(outside, server, "10.0.1.2", [10, 1000], port=53) == [10, 1000]
    assert datagrams(outside, server, "10.0.1.2", [10], port=54) == []
    outside.ip("addr", "del", "10.0.7.9/8", "dev", "h")  # from now on a stranger asks
    outside.ip("addr", "replace", "10.200.0.9/8", "dev", "h")
    assert answers(outside, server, "10.0.1.2", 80)
    assert datagrams(outside, server, "10.0.1.2", [10], port=53) == []
    # The server answers, and does not begin.
    assert not answers(server, outside, "10.200.0.9", 80)
    assert not ping(server, "10.200.0.9", count=1, seconds=0.5)
    output, errors = running.stop()
    refused_in, refused_out = (int(line) for line in output.split() if line.isdigit())
    assert (refused_in >= 3, refused_out >= 2, errors) == (True, True, "")
