"""FromDevice and ToDevice by a device's name: which kind of port they get, and what their arguments do to it."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.linux.network import Namespace, Network
from tests.linux.routers import command, environment, refusal, start_router

pytestmark = pytest.mark.root

COUNT = "f :: FromDevice(r0{}) -> Classifier(12/0800) -> c :: Counter -> Discard"


@pytest.fixture
def pair(network: Network) -> tuple[Namespace, Namespace]:
    """Two hosts that can ping each other, 192.0.2.1 and .2; the first one's device is r0."""
    here, there = network.namespace(), network.namespace()
    network.join((here, "r0"), (there, "h0"))
    here.ip("addr", "add", "192.0.2.1/24", "dev", "r0")
    there.ip("addr", "add", "192.0.2.2/24", "dev", "h0")
    # Known neighbours: nothing but the pings is on the wire.
    for one, device, other, peer, address in (
        (here, "r0", there, "h0", "192.0.2.2"),
        (there, "h0", here, "r0", "192.0.2.1"),
    ):
        ether = re.search(r"link/ether (\S+)", other.ip("link", "show", "dev", peer))
        assert ether is not None
        one.ip("neigh", "replace", address, "lladdr", ether[1], "dev", device, "nud", "permanent")
    return here, there


def ping(there: Namespace) -> int:
    """How many of 3 pings the kernel answers."""
    done = there.run("ping", "-c", "3", "-i", "0.05", "-W", "0.5", "192.0.2.1")
    found = re.search(r"(\d) received", done.stdout)
    assert found is not None, done
    return int(found[1])


@pytest.mark.parametrize(
    ("arguments", "answered", "counted", "kind"),
    [
        ("", 3, "3", "packet"),  # watched: the kernel goes on answering
        (", SNIFFER true", 3, "3", "packet"),
        (", OUTBOUND true", 3, "6", "packet"),
        (', BPF_FILTER "icmp[icmptype] == icmp-echo", OUTBOUND true', 3, "3", "packet"),
        (', BPF_FILTER "udp"', 3, "0", "packet"),
        (", SNIFFER false, METHOD PCAP", 0, "3", "packet"),
        (", SNIFFER false", 0, "3", "xdp"),
        (", METHOD XDP", 0, "3", "xdp"),
    ],
)
def test_who_gets_the_packets(
    network: Network, pair: tuple[Namespace, Namespace], arguments: str, answered: int, counted: str, kind: str
) -> None:
    here, there = pair
    router = start_router(network, here, COUNT.format(arguments), handlers=["c.count", "f.encap", "f.kernel_drops"])
    got = ping(there)
    outcome = router.stop()
    assert outcome.handlers == {"c.count": counted, "f.encap": "ETHER", "f.kernel_drops": "0"}
    assert got == answered
    assert outcome.errors.startswith(f"FromDevice(r0): uses {kind}:r0 (AF_{kind.upper()}, ")
    assert ping(there) == 3  # the device is the kernel's again


def test_promiscuous_mode_is_asked_for_and_ends_with_the_router(
    network: Network, pair: tuple[Namespace, Namespace]
) -> None:
    here, _ = pair
    router = start_router(network, here, COUNT.format(", PROMISC true"))
    assert "promiscuity 1" in here.ip("-d", "link", "show", "dev", "r0")
    router.stop()
    assert "promiscuity 0" in here.ip("-d", "link", "show", "dev", "r0")


def test_a_device_that_is_read_and_written_gets_the_fastest_port_and_says_so_once(
    network: Network, pair: tuple[Namespace, Namespace]
) -> None:
    here, there = pair
    text = "FromDevice(r0) -> EtherMirror -> Queue -> t :: ToDevice(r0)"
    router = start_router(network, here, text, handlers=["t.count"])
    ping(there)
    outcome = router.stop()
    assert re.fullmatch(r"FromDevice\(r0\): uses xdp:r0 \(AF_XDP, driver mode, .*\)\n", outcome.errors)
    assert outcome.handlers == {"t.count": "3"}


def test_a_configuration_that_is_not_run_says_nothing(network: Network, pair: tuple[Namespace, Namespace]) -> None:
    here, _ = pair
    words = here.command(*command(COUNT.format(""), "-q"))
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_device_that_is_misspelt_is_told(pair: tuple[Namespace, Namespace]) -> None:
    errors = refusal(pair[0], "FromDevice(r00) -> Discard")
    assert errors == (
        "config:1: While initializing 'FromDevice@1 :: FromDevice':\n"
        "  r00: there is no such network device\n"
        "Router could not be initialized!\n"
    )


def test_a_device_that_another_program_has_taken_is_watched_and_why_is_told(
    network: Network, pair: tuple[Namespace, Namespace]
) -> None:
    here, _ = pair
    start_router(network, here, "FromNetmap(xdp:r0) -> Discard")
    outcome = start_router(network, here, "FromDevice(r0, SNIFFER false) -> Discard").stop()
    assert re.fullmatch(r"FromDevice\(r0\): uses packet:r0( \(.*\))?; xdp:r0: .+\n", outcome.errors), outcome.errors
