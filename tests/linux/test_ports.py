"""``packet:`` and ``xdp:`` on a veth pair: frames in, frames out, and what is said when that cannot be."""

from __future__ import annotations

import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.linux.network import Namespace, Network
from tests.linux.nmclick import Running, refused, start

pytestmark = pytest.mark.root

KINDS = ("packet:p{},promisc", "xdp:p{}", "xdp:p{},skb")
TYPE = 0x88B5  # IEEE 802: for experiments

#: A cable between two ports, whose ends are counted.
CABLE = """
FromNetmap(p0) -> c0 :: Counter -> ToNetmap(p1);
FromNetmap(p1) -> c1 :: Counter -> ToNetmap(p0);
"""


@dataclass(frozen=True)
class Cable:
    """Two hosts, and nmclick in between as a cable."""

    network: Network
    hosts: tuple[Namespace, Namespace]
    middle: Namespace
    kind: str
    folder: Path

    def arguments(self) -> list[str]:
        ports = [f"--port=p{i}={self.kind.format(i)}" for i in (0, 1)]
        return ["-e", CABLE, *ports]

    def plug(self, *more: str) -> Running:
        return start(self.network, self.middle, self.folder, *self.arguments(), *more)


def two_hosts(network: Network, kind: str, folder: Path, mtu: int = 1500) -> Cable:
    hosts = (network.namespace(), network.namespace())
    middle = network.namespace()
    for number, host in enumerate(hosts):
        network.join((middle, f"p{number}"), (host, "h"), mtu=mtu)
        host.ip("addr", "add", f"192.0.2.{number + 1}/24", "dev", "h")
    return Cable(network, hosts, middle, kind, folder)


@pytest.fixture(params=KINDS)
def cable(network: Network, request: pytest.FixtureRequest, tmp_path: Path) -> Cable:
    return two_hosts(network, request.param, tmp_path)


def frame(payload: bytes, tags: bytes = b"") -> bytes:
    to, source = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"
    return to + source + tags + struct.pack("!H", TYPE) + payload


def ours(receiver: socket.socket) -> Iterator[bytes]:
    """The frames of this test, VLAN tags put back as the kernel tells of them (PACKET_AUXDATA)."""
    while True:
        try:
            data, extra, _, _ = receiver.recvmsg(4096, 256)
        except TimeoutError:
            return
        for level, kind, value in extra:
            status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", value[:20])
            if (level, kind) == (263, 8) and status & 0x10:
                data = data[:12] + struct.pack("!HH", tpid, tci) + data[12:]
        if data[6:12] == b"\x02\0\0\0\0\x02":
            yield data


def sent_and_received(cable: Cable, frames: list[bytes], way: tuple[int, int] = (0, 1)) -> list[bytes]:
    sender, receiver = (cable.hosts[end].frames("h") for end in way)
    with sender, receiver:
        receiver.setsockopt(263, 8, 1)
        for each in frames:
            sender.send(each)
        arrived = ours(receiver)
        return [got for got, _ in zip(arrived, frames, strict=False)]


FRAMES = [
    frame(b""),
    frame(b"x" * 46),
    frame(bytes(range(256)) * 5),
    frame(b"y" * 1500),
    frame(b"in a VLAN", b"\x81\0\x20\x2a"),
    frame(b"z" * 1500, b"\x81\0\x00\x07"),
    frame(b"two tags", b"\x88\xa8\0\x05\x81\0\0\x06"),
]


def test_frames_pass_unchanged_both_ways(cable: Cable) -> None:
    running = cable.plug()
    assert sent_and_received(cable, FRAMES) == FRAMES
    assert sent_and_received(cable, FRAMES, (1, 0)) == FRAMES
    assert [running.read(f"c{i}.count") for i in (0, 1)] == ["7\n", "7\n"] or running.read("c0.count").strip() == "7"
    assert running.stop() == ""


def test_many_frames_pass_in_order(cable: Cable) -> None:
    cable.plug()
    wanted = [frame(struct.pack("!I", number) + b"." * (number % 1400)) for number in range(3000)]
    got: list[bytes] = []
    with cable.hosts[0].frames("h") as sender, cable.hosts[1].frames("h") as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        arrived = ours(receiver)
        for first in range(0, len(wanted), 100):
            burst = wanted[first : first + 100]
            for each in burst:
                sender.send(each)
            got += [data for data, _ in zip(arrived, burst, strict=False)]
    assert got == wanted


def test_what_the_stack_leaves_to_the_card_is_done_on_the_way(network: Network, tmp_path: Path) -> None:
    """UDP checksums of the local stack are not computed before a packet socket sees them."""
    cable = two_hosts(network, "packet:p{}", tmp_path)
    cable.plug()
    with (
        cable.hosts[0].socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        cable.hosts[1].socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        cable.hosts[1].frames("h") as watcher,
    ):
        receiver.bind(("192.0.2.2", 4321))
        receiver.settimeout(2)
        for size in (0, 1, 2, 100, 1472):
            sender.sendto(b"u" * size, ("192.0.2.2", 4321))
            assert receiver.recv(2000) == b"u" * size
            data = next(data for data in iter(lambda: watcher.recv(2000), b"") if data[23:24] == b"\x11")
            length = struct.unpack("!H", data[38:40])[0]
            covered = data[26:34] + struct.pack("!HH", 17, length) + data[34 : 34 + length]
            assert folded(covered) == 0xFFFF


def folded(data: bytes) -> int:
    """The one's complement sum of 16-bit words (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def test_vlan_devices_of_the_hosts_talk_through_packet_ports(network: Network, tmp_path: Path) -> None:
    """The tag of a VLAN device travels beside the frame, not in it."""
    cable = two_hosts(network, "packet:p{}", tmp_path)
    for number, host in enumerate(cable.hosts):
        host.ip("link", "add", "link", "h", "name", "v", "type", "vlan", "id", "42")
        host.ip("addr", "add", f"198.51.100.{number + 1}/24", "dev", "v")
        host.ip("link", "set", "v", "up")
    cable.plug()
    assert ping(cable.hosts[0], "198.51.100.2")


def ping(host: Namespace, address: str, *more: str) -> bool:
    return host.run("ping", "-c", "3", "-i", "0.05", "-W", "2", *more, address).returncode == 0


def test_merged_frames_are_told_of_with_the_cure(network: Network, tmp_path: Path) -> None:
    cable = two_hosts(network, "packet:p{}", tmp_path)
    running = cable.plug()
    with (
        cable.hosts[1].socket(socket.AF_INET, socket.SOCK_STREAM) as server,
        cable.hosts[0].socket(socket.AF_INET, socket.SOCK_STREAM) as client,
    ):
        server.bind(("192.0.2.2", 80))
        server.listen()
        client.settimeout(1)
        client.connect(("192.0.2.2", 80))
        client.send(b"." * 60000)
        time.sleep(0.3)
    errors = running.stop()
    assert "several packets in one, and was dropped: switch the merging off with " in errors
    assert "`ethtool -K PEER gro off gso off tso off tx off` at the other end of the veth pair (PEER)" in errors


def test_our_own_frames_do_not_come_back(network: Network, tmp_path: Path) -> None:
    cable = two_hosts(network, "packet:p{}", tmp_path)
    running = cable.plug()
    assert sent_and_received(cable, FRAMES) == FRAMES
    time.sleep(0.1)
    assert (running.read("c0.count").strip(), running.read("c1.count").strip()) == ("7", "0")


def test_several_rings_share_what_arrives(network: Network, tmp_path: Path) -> None:
    cable = two_hosts(network, "packet:p{},rings=3", tmp_path)
    running = cable.plug()
    with (
        cable.hosts[0].socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        cable.hosts[1].socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        receiver.bind(("192.0.2.2", 4321))
        receiver.settimeout(2)
        for port in range(64):
            sender.sendto(b"%d" % port, ("192.0.2.2", 4321))
            assert receiver.recv(100) == b"%d" % port
    assert int(running.read("c0.count")) == 64 + int(running.read("c1.count"))


def test_a_queue_that_is_not_ours_stays_with_the_system(network: Network, tmp_path: Path) -> None:
    hosts, middle = (network.namespace(), network.namespace()), network.namespace()
    for number, host in enumerate(hosts):
        network.join((middle, f"p{number}"), (host, "h"), "numrxqueues", "2", "numtxqueues", "2")
    assert "p0 has 2 receive queues, numbered from 0" in refused(middle, "-e", CABLE, *given("xdp:p{},queue=2"))
    running = start(network, middle, tmp_path, "-e", CABLE, *given("xdp:p{},queue=1"))
    middle.ip("addr", "add", "192.0.2.9/24", "dev", "p0")
    hosts[0].ip("addr", "add", "192.0.2.1/24", "dev", "h")
    tried = [ping(hosts[0], "192.0.2.9") for _ in range(1)]
    arrived = int(running.read("c0.count"))
    assert tried == [True] or arrived > 0


def given(kind: str) -> list[str]:
    return [f"--port=p{i}={kind.format(i)}" for i in (0, 1)]


def test_an_interface_is_usable_after_a_crash(cable: Cable) -> None:
    running = cable.plug()
    assert ping(cable.hosts[0], "192.0.2.2") or "xdp" in cable.kind
    running.kill()
    cable.middle.ip("addr", "add", "192.0.2.9/24", "dev", "p0")
    assert ping(cable.hosts[0], "192.0.2.9")
    assert "xdp" not in cable.middle.ip("link", "show", "dev", "p0")
    cable.middle.ip("addr", "del", "192.0.2.9/24", "dev", "p0")
    cable.plug()
    assert sent_and_received(cable, FRAMES) == FRAMES


def test_the_program_is_taken_off_at_the_end(network: Network, tmp_path: Path) -> None:
    cable = two_hosts(network, "xdp:p{}", tmp_path)
    running = cable.plug()
    assert "xdp" in cable.middle.ip("link", "show", "dev", "p0")
    with pytest.raises(AssertionError, match="p0 has an XDP program already"):
        start(network, cable.middle, tmp_path, *cable.arguments())
    assert running.stop() == ""
    assert "xdp" not in cable.middle.ip("link", "show", "dev", "p0")


@pytest.mark.parametrize("kind", ["packet", "xdp"])
def test_what_cannot_be_opened_is_told(network: Network, kind: str) -> None:
    middle = network.namespace()
    network.join((middle, "p0"), (network.namespace(), "h"), mtu=9000 if kind == "xdp" else 1500)

    def told(spec: str) -> str:
        return refused(middle, "-e", "FromNetmap(p0) -> Discard;", f"--port=p0={spec}")

    assert "there is no interface 'absent' in this network namespace (`ip link` lists them)" in told(f"{kind}:absent")
    assert "there is no option 'colour=1' here, only rings=NUMBER" in told(f"{kind}:p0,colour=1")
    if kind == "xdp":
        assert "too long for AF_XDP with buffers of 4160 bytes: `ip link set dev p0 mtu 3818`" in told("xdp:p0")


@pytest.mark.parametrize("kind", ["packet", "xdp"])
def test_the_missing_capability_is_named(network: Network, tmp_path: Path, kind: str) -> None:
    cable = two_hosts(network, f"{kind}:p{{}}", tmp_path)
    named = {"packet": "CAP_NET_RAW", "xdp": "CAP_NET_ADMIN and CAP_BPF"}[kind]
    dropped = cable.middle.command("setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "true")
    if subprocess.run(dropped, capture_output=True, check=False).returncode != 0:
        pytest.skip("setpriv (util-linux) cannot take capabilities away here")
