"""FromHost and ToHost: the machine itself is a host behind the router."""

from __future__ import annotations

import pytest

from tests.linux.network import Namespace, Network
from tests.linux.routers import refusal, start_router

pytestmark = pytest.mark.root

#: The router's own address is the kernel's, on a TAP: what arrives for it goes up to the kernel.
ROUTER = """
FromDevice(r0, {method}) -> in :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
out :: Queue -> ToDevice(r0);
up :: ToHost(fake0);
down :: FromHost(fake0, 192.0.2.1/24, ETHER 02:00:00:00:00:01)
    -> from :: Classifier(12/0806 20/0001, 12/0800, -);
in [0] -> ARPResponder(192.0.2.1 02:00:00:00:00:01) -> out;
in [1] -> [1] arp :: ARPQuerier(192.0.2.1, 02:00:00:00:00:01) -> out;
in [2] -> up;
in [3] -> Discard;
from [0] -> ARPResponder(192.0.2.0/24 02:00:00:00:00:02) -> up;
from [1] -> Strip(14) -> MarkIPHeader -> GetIPAddress(16) -> arp;
from [2] -> Discard
"""


@pytest.fixture
def middle_and_host(network: Network) -> tuple[Namespace, Namespace]:
    middle, host = network.namespace(), network.namespace()
    network.join((middle, "r0"), (host, "h0"))
    host.ip("addr", "add", "192.0.2.2/24", "dev", "h0")
    return middle, host


@pytest.mark.parametrize(
    ("method", "kind"), [("METHOD LINUX, SNIFFER false", None), ("METHOD XDP", None), ("SNIFFER false", "xdp:r0")]
)
def test_the_kernel_answers_ping_through_the_router(
    network: Network, middle_and_host: tuple[Namespace, Namespace], method: str, kind: str | None
) -> None:
    middle, host = middle_and_host
    handlers = ("up.count", "up.dev_name", "down.count", "down.dev_name", "up.drops", "down.signal")
    router = start_router(network, middle, ROUTER.format(method=method), handlers=handlers)
    pinged = host.run("ping", "-c", "3", "-i", "0.05", "-W", "2", "192.0.2.1")
    outcome = router.stop()
    assert "3 received" in pinged.stdout, pinged.stdout + outcome.errors
    assert outcome.handlers["up.dev_name"] == outcome.handlers["down.dev_name"] == "fake0"
    # Three requests and the answer to the kernel's ARP go up; three replies and its ARP request come down.
    assert int(outcome.handlers["up.count"]) >= 4
    assert int(outcome.handlers["down.count"]) >= 4
    assert (outcome.handlers["up.drops"], outcome.handlers["down.signal"]) == ("0", "true")
    if kind is not None:
        assert outcome.errors.startswith(f"FromDevice(r0): uses {kind} (")
        assert outcome.errors.count("\n") == 1


def test_an_interface_is_made_with_what_fromhost_says_and_goes_with_the_router(network: Network) -> None:
    space = network.namespace()
    text = (
        "FromHost(fake1, 198.51.100.1/24, GATEWAY 198.51.100.9, ETHER 02:00:00:00:00:07, MTU 1280)"
        " -> Queue(1) -> t :: ToDevice(null:)"
    )
    router = start_router(network, space, text)
    shown = space.ip("addr", "show", "dev", "fake1")
    assert "inet 198.51.100.1/24" in shown
    assert "mtu 1280" in shown
    assert "link/ether 02:00:00:00:00:07" in shown
    assert "UP" in shown
    assert "default via 198.51.100.9 dev fake1" in space.ip("route", "show")
    assert router.stop().errors == ""
    assert "fake1" not in space.ip("link", "show")


def test_a_tohost_needs_a_fromhost(network: Network) -> None:
    space = network.namespace()
    assert refusal(space, "Idle -> ToHost(fake0)") == (
        "config:1: While initializing 'ToHost@2 :: ToHost':\n"
        "  ToHost(fake0) requires an initialized FromHost with the same dev_name\n"
        "Router could not be initialized!\n"
    )


def test_packets_that_are_no_frames_are_not_handed_over(network: Network) -> None:
    space = network.namespace()
    text = 'FromHost(f0) -> Discard; InfiniteSource("short", LIMIT 3) -> t :: ToHost(f0)'
    outcome = start_router(network, space, text, handlers=["t.count", "t.drops"]).stop()
    assert outcome.handlers == {"t.count": "0", "t.drops": "0"}
    assert outcome.errors == "t: packet too small\n"
