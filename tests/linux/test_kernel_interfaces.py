"""KernelTap, KernelTun and the ports tap: and tun: on real interfaces."""

from __future__ import annotations

import inspect
import struct
import subprocess
import time
from pathlib import Path

import pytest

from nmclick.graph.registry import Registry, elements_folder
from tests.elements.harness import read_pcap, write_pcap
from tests.linux.network import Namespace, Network
from tests.linux.routers import Router, command, environment, refusal, start_router

pytestmark = pytest.mark.root

TAP_ETHER = bytes.fromhex("020000000001")
OWN_ETHER = bytes.fromhex("020000000002")
KERNEL, OTHER = bytes([10, 9, 0, 1]), bytes([10, 9, 0, 2])


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ip_packet(payload: bytes, protocol: int, source: bytes = OTHER, target: bytes = KERNEL) -> bytes:
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0, source, target)
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def echo(kind: int, number: int, size: int = 26) -> bytes:
    """ICMP echo request (8) or reply (0), RFC 792."""
    body = struct.pack(">BBHHH", kind, 0, 0, 7, number) + bytes(range(size))
    return body[:2] + struct.pack(">H", checksum(body)) + body[4:]


def requests(n: int) -> list[bytes]:
    return [ip_packet(echo(8, number), 1) for number in range(n)]


def is_reply(packet: bytes, number: int) -> bool:
    return packet[12:20] == KERNEL + OTHER and packet[20:] == echo(0, number)


def replies(router: Router, path: Path, n: int) -> list[bytes]:
    """What came out of the interface, once there is enough."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and (not path.exists() or len(read_pcap_so_far(path)) < n):
        time.sleep(0.02)
    outcome = router.stop()
    assert (outcome.status, outcome.errors) == (0, "")
    return [packet.data for packet in read_pcap(path)]


def read_pcap_so_far(path: Path) -> list[bytes]:
    try:
        return [packet.data for packet in read_pcap(path)]
    except struct.error:
        return []


@pytest.fixture
def space(network: Network) -> Namespace:
    return network.namespace()


@pytest.mark.parametrize("chain", ["", "-> Queue "])
def test_the_kernel_answers_pings_over_a_tun_interface(
    network: Network, space: Namespace, tmp_path: Path, chain: str
) -> None:
    write_pcap(tmp_path / "in.pcap", requests(20), 101)
    text = (
        f"FromDump({tmp_path}/in.pcap) -> MarkIPHeader {chain}"
        f"-> tun :: KernelTun(10.9.0.1/24) -> ToDump({tmp_path}/out.pcap, UNBUFFERED true)"
    )
    router = start_router(network, space, text)
    got = replies(router, tmp_path / "out.pcap", 20)
    assert len(got) == 20
    assert all(is_reply(packet, number) for number, packet in enumerate(got))


def test_the_kernel_answers_arp_over_a_tap_interface(network: Network, space: Namespace, tmp_path: Path) -> None:
    ask = struct.pack(">HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, OWN_ETHER, OTHER, bytes(6), KERNEL)
    write_pcap(tmp_path / "in.pcap", [b"\xff" * 6 + OWN_ETHER + b"\x08\x06" + ask])
    text = (
        f"FromDump({tmp_path}/in.pcap) -> tap :: KernelTap(10.9.0.1/24, ETHER 02:00:00:00:00:01)"
        f" -> ToDump({tmp_path}/out.pcap, UNBUFFERED true)"
    )
    router = start_router(network, space, text)
    answer = struct.pack(">HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 2, TAP_ETHER, KERNEL, OWN_ETHER, OTHER)
    assert replies(router, tmp_path / "out.pcap", 1) == [OWN_ETHER + TAP_ETHER + b"\x08\x06" + answer]


def test_an_interface_has_what_was_asked_for_and_goes_with_the_router(network: Network, space: Namespace) -> None:
    text = "t :: KernelTap(10.9.0.1/24, 10.9.0.7, ETHER 02:00:00:00:00:01, MTU 9000, DEVNAME mytap) -> Discard"
    router = start_router(network, space, text, handlers=["t.dev_name", "t.packets", "t.selected_calls"])
    shown = space.ip("addr", "show", "dev", "mytap")
    assert "mtu 9000" in shown
    assert "link/ether 02:00:00:00:00:01" in shown
    assert "inet 10.9.0.1/24" in shown
    assert "default via 10.9.0.7 dev mytap" in space.ip("route", "show")
    assert router.stop().handlers == {"t.dev_name": "mytap", "t.packets": "0", "t.selected_calls": "0"}
    assert "mytap" not in space.ip("link", "show")


def test_two_nameless_interfaces_are_two(network: Network, space: Namespace) -> None:
    text = "a :: KernelTun(10.9.0.1/24) -> Discard; b :: KernelTun(10.8.0.1/24) -> Discard"
    outcome = start_router(network, space, text, handlers=["a.dev_name", "b.dev_name"]).stop()
    assert sorted(outcome.handlers.values()) == ["tun0", "tun1"]


def test_an_interface_that_one_thread_reads_has_one_queue(network: Network, space: Namespace) -> None:
    """However many threads there are: the kernel would put flows into queues that nobody reads."""
    text = "t :: KernelTun(10.9.0.1/24, DEVNAME mytun) -> c :: Counter -> Discard"
    router = start_router(network, space, text, "-j", "2", handlers=["c.count"])
    for host in range(2, 12):
        space.run("bash", "-c", f"echo > /dev/udp/10.9.0.{host}/7")
    assert router.stop().handlers == {"c.count": "10"}


def test_the_example_of_the_manual_runs(network: Network, space: Namespace) -> None:
    manual = inspect.getdoc(Registry(elements_folder()).find("KernelTun"))
    assert manual is not None
    example = manual.partition("::\n\n")[2].partition("\n\nHandlers")[0]
    assert "KernelTun(10.0.0.1/8)" in example
    outcome = start_router(network, space, example, handlers=("pings.count",)).stop()
    assert (outcome.status, outcome.errors) == (0, "")


def test_a_killed_router_leaves_no_interface(network: Network, space: Namespace) -> None:
    start_router(network, space, "KernelTap(10.9.0.1/24, DEVNAME mytap) -> Discard").kill()
    assert "mytap" not in space.ip("link", "show")


def test_what_the_kernel_cannot_take_is_dropped_and_told_once(
    network: Network, space: Namespace, tmp_path: Path
) -> None:
    write_pcap(tmp_path / "in.pcap", [ip_packet(bytes(2000), 17)] * 3, 101)
    text = (
        f"t :: KernelTun(10.9.0.1/24) -> Discard; FromDump({tmp_path}/in.pcap) -> MarkIPHeader -> t;"
        'InfiniteSource("no header", LIMIT 2) -> t;'
        f"InfiniteSource(\\<95{'00' * 30}>, LIMIT 2) -> MarkIPHeader -> t"
    )
    outcome = start_router(network, space, text).stop()
    assert sorted(outcome.errors.splitlines()) == [
        "t: no network header",
        "t: packet larger than MTU (1500)",
        "t: unknown IP version 9",
    ]


def test_an_interface_that_is_taken_away_is_told(network: Network, space: Namespace) -> None:
    router = start_router(network, space, "t :: KernelTap(10.9.0.1/24, DEVNAME mytap) -> Discard")
    space.ip("link", "del", "mytap")
    outcome = router.stop()
    assert (outcome.status, outcome.errors) == (0, "t: tap:mytap: read failed: the interface is gone\n")


def test_a_frame_for_an_interface_that_is_down_costs_only_itself(network: Network, space: Namespace) -> None:
    text = (
        "RatedSource(\\<ffffffffffff 020000000002 88b5 00000000000000000000>, RATE 200)"
        " -> t :: KernelTap(10.9.0.1/24, DEVNAME mytap) -> Discard"
    )
    router = start_router(network, space, text)
    space.ip("link", "set", "mytap", "down")
    space.run("sleep", "0.1")
    space.ip("link", "set", "mytap", "up")
    before = received(space)
    space.run("sleep", "0.2")
    assert received(space) > before
    assert router.stop().errors == "t: tap:mytap: write failed: Input/output error\n"


def received(space: Namespace) -> int:
    """Frames that the kernel received from the interface."""
    with space.entered():
        for line in Path("/proc/thread-self/net/dev").read_text().splitlines():
            if line.strip().startswith("mytap:"):
                return int(line.split(":")[1].split()[1])
    raise AssertionError("no mytap")


def test_several_rings_are_several_queues(network: Network, space: Namespace) -> None:
    text = 'FromNetmap("tap:t0,rings=3") -> Discard; Idle -> ToNetmap("tap:t0,rings=3", 2)'
    router = start_router(network, space, text)
    assert "qdisc mq " in space.ip("link", "show", "dev", "t0")
    assert router.stop().status == 0


def kernel_error(text: str, message: str) -> str:
    return f"config:1: While initializing 't :: {text}':\n  {message}\nRouter could not be initialized!\n"


def test_a_name_in_use_is_told(network: Network, space: Namespace) -> None:
    text = "t :: KernelTap(10.9.0.1/24, DEVNAME mytap) -> Discard"
    router = start_router(network, space, text)
    taken = "tap:mytap: the interface 'mytap' is in use by another program"
    assert refusal(space, text) == kernel_error("KernelTap", taken)
    router.stop()
    space.ip("link", "add", "mytap", "type", "veth", "peer", "name", "other")
    other = "tap:mytap: 'mytap' is an interface already, and not a TAP one with as many queues"
    assert refusal(space, text) == kernel_error("KernelTap", other)


def test_a_missing_capability_is_named(space: Namespace) -> None:
    message = (
        "tun: no permission to make a network interface; it needs the capability CAP_NET_ADMIN (run as root, or give "
        "it with setcap)"
    )
    errors = refusal_without_capabilities(space, "t :: KernelTun(10.9.0.1/24) -> Discard")
    assert errors == kernel_error("KernelTun", message)


def refusal_without_capabilities(space: Namespace, text: str) -> str:
    """As root, but without CAP_NET_ADMIN: files stay readable."""
    wrapped = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin", *command(text)]
    done = subprocess.run(
        space.command(*wrapped), env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    if "setpriv" in done.stderr:
        pytest.skip(done.stderr)
    return done.stderr
