"""``packet:`` and ``xdp:`` on a veth pair: frames in, frames out, and what is said when that cannot be."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from tests.linux.network import Namespace, Network
from tests.linux.running import SAY_READY, Running, refused, start
from tests.linux.transfer import ping

pytestmark = pytest.mark.root

KINDS = ("packet:p{},promisc", "xdp:p{}", "xdp:p{},skb")
TYPE = 0x88B5  # IEEE 802: for experiments

#: A cable between two ports, whose ends are counted.
CABLE = f"""{SAY_READY}
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

    def arguments(self) -> list[str]:
        ports = [f"--port=p{i}={self.kind.format(i)}" for i in (0, 1)]
        return ["-e", CABLE, *ports, "-h", "c0.count", "-h", "c1.count"]

    def plug(self) -> Running:
        running = start(self.network, self.middle, *self.arguments())
        running.wait_until_ready()
        return running


def two_hosts(network: Network, kind: str) -> Cable:
    hosts = (network.namespace(), network.namespace())
    middle = network.namespace()
    for number, host in enumerate(hosts):
        network.join((middle, f"p{number}"), (host, "h"))
        host.ip("addr", "add", f"192.0.2.{number + 1}/24", "dev", "h")
    return Cable(network, hosts, middle, kind)


@pytest.fixture(params=KINDS)
def cable(network: Network, request: pytest.FixtureRequest) -> Cable:
    return two_hosts(network, request.param)


def counts(first: int, second: int) -> str:
    """What a cable prints when it stops: the frames in each direction."""
    return f"c0.count:\n{first}\n\nc1.count:\n{second}\n\n"


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
        return [got for _, got in zip(frames, arrived, strict=False)]


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
    assert running.stop() == (counts(7, 7), "")


def test_many_frames_pass_in_order(cable: Cable) -> None:
    cable.plug()
    wanted = [frame(struct.pack("!I", number) + b"." * (number % 1400)) for number in range(3000)]
    got: list[bytes] = []
    with cable.hosts[0].frames("h") as sender, cable.hosts[1].frames("h") as receiver:
        arrived = ours(receiver)
        for first in range(0, len(wanted), 100):
            burst = wanted[first : first + 100]
            for each in burst:
                sender.send(each)
            got += [data for _, data in zip(burst, arrived, strict=False)]
    assert got == wanted


def test_what_the_stack_leaves_to_the_card_is_done_on_the_way(cable: Cable) -> None:
    """UDP checksums of the local stack are not computed before a packet socket or an XDP program sees them."""
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
            data = next(
                data for data in iter(lambda: watcher.recv(2000), b"") if data[12:14] + data[23:24] == b"\x08\x00\x11"
            )
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


def test_merged_frames_are_told_of_with_the_cure(network: Network) -> None:
    cable = two_hosts(network, "packet:p{}")
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
    _, errors = running.stop()
    assert "several packets in one, and was dropped: switch the merging off with " in errors
    assert "`ethtool -K PEER gro off gso off tso off tx off` at the other end of the veth pair (PEER)" in errors


def test_our_own_frames_do_not_come_back(network: Network) -> None:
    cable = two_hosts(network, "packet:p{}")
    running = cable.plug()
    assert sent_and_received(cable, FRAMES) == FRAMES
    time.sleep(0.1)
    assert running.stop() == (counts(7, 0), "")


def test_two_workers_share_two_queues(network: Network) -> None:
    hosts, middle = (network.namespace(), network.namespace()), network.namespace()
    for number, host in enumerate(hosts):
        network.join((middle, f"p{number}"), (host, "h"), "numrxqueues", "2", "numtxqueues", "2")
        host.ip("addr", "add", f"192.0.2.{number + 1}/24", "dev", "h")
    cable = Cable(network, hosts, middle, "xdp:p{}")
    running = start(network, middle, *cable.arguments(), "-j", "2")
    running.wait_until_ready()
    with hosts[1].socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("192.0.2.2", 4321))
        flows(hosts[0], "192.0.2.2", 60)
        time.sleep(0.2)
        assert waiting(receiver) == 60
    assert running.stop()[1] == ""


def flows(sender: Namespace, to: str, count: int) -> None:
    """One datagram a flow."""
    with sender.socket(socket.AF_INET, socket.SOCK_DGRAM) as unbound:
        unbound.sendto(b"", (to, 9))  # the first waits for ARP
    time.sleep(0.1)
    for _ in range(count):
        with sender.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"flow", (to, 4321))


def test_several_rings_share_what_arrives_by_flow(network: Network) -> None:
    host, middle = network.namespace(), network.namespace()
    network.join((middle, "p0"), (host, "h"))
    host.ip("addr", "add", "192.0.2.1/24", "dev", "h")
    host.ip("neigh", "add", "192.0.2.9", "lladdr", "02:00:00:00:00:09", "dev", "h")
    one = "FromNetmap(p0, {0}) -> u{0} :: Counter -> Discard;"
    text = SAY_READY + "".join(one.format(ring) for ring in range(3))
    handlers = [word for ring in range(3) for word in ("-h", f"u{ring}.count")]
    running = start(network, middle, "-e", text, "--port=p0=packet:p0,rings=3", *handlers)
    running.wait_until_ready()
    flows(host, "192.0.2.9", 60)
    time.sleep(0.2)
    output, errors = running.stop()
    shares = [int(line) for line in output.split() if line.isdigit()]
    assert (sum(shares), errors) == (61, "")
    assert min(shares) > 0


def test_a_queue_that_is_not_ours_stays_with_the_system(network: Network) -> None:
    host, middle = network.namespace(), network.namespace()
    network.join((middle, "p0"), (host, "h"), "numrxqueues", "2", "numtxqueues", "2")
    receive = f"{SAY_READY} FromNetmap(p0) -> Classifier(12/0800) -> c :: Counter -> Discard;"
    assert "p0 has 2 receive queues, numbered from 0" in refused(middle, "-e", receive, "--port=p0=xdp:p0,queue=2")
    middle.ip("addr", "add", "192.0.2.9/24", "dev", "p0")
    host.ip("addr", "add", "192.0.2.1/24", "dev", "h")
    address = middle.ip("-brief", "link", "show", "dev", "p0").split()[2]
    host.ip("neigh", "add", "192.0.2.9", "lladdr", address, "dev", "h")
    running = start(network, middle, "-e", receive, "--port=p0=xdp:p0,queue=1", "-h", "c.count")
    running.wait_until_ready()
    with (
        middle.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        middle.socket(socket.AF_INET, socket.SOCK_DGRAM) as first,
    ):
        receiver.bind(("192.0.2.9", 4321))
        first.bind(("192.0.2.9", 9))
        flows(host, "192.0.2.9", 60)
        time.sleep(0.2)
        systems = waiting(receiver) + waiting(first)
    output, errors = running.stop()
    assert errors == ""
    assert systems + int(output) == 61
    assert 0 < systems < 61


def waiting(receiver: socket.socket) -> int:
    """Datagrams that wait in a socket."""
    receiver.setblocking(False)
    count = 0
    with suppress(BlockingIOError):
        while True:
            receiver.recv(100)
            count += 1
    return count


def test_an_interface_is_usable_after_a_crash(cable: Cable) -> None:
    running = cable.plug()
    assert ping(cable.hosts[0], "192.0.2.2")
    running.kill()
    cable.middle.ip("addr", "add", "192.0.2.9/24", "dev", "p0")
    assert ping(cable.hosts[0], "192.0.2.9")
    assert "xdp" not in cable.middle.ip("link", "show", "dev", "p0")
    cable.middle.ip("addr", "del", "192.0.2.9/24", "dev", "p0")
    cable.plug()
    assert sent_and_received(cable, FRAMES) == FRAMES


def test_the_program_is_taken_off_at_the_end(network: Network) -> None:
    cable = two_hosts(network, "xdp:p{}")
    running = cable.plug()
    assert "xdp" in cable.middle.ip("link", "show", "dev", "p0")
    assert "p0 has an XDP program already (`ip link show dev p0`; `ip link set dev p0 xdp off` takes it away)" in (
        refused(cable.middle, *cable.arguments())
    )
    assert running.stop() == (counts(0, 0), "")
    assert "xdp" not in cable.middle.ip("link", "show", "dev", "p0")


SENDS = "RatedSource(LENGTH 60, RATE 100) -> ToNetmap(p0)"


@pytest.mark.parametrize("text", ["FromNetmap(p0) -> Discard", SENDS, f"FromNetmap(p0) -> Discard; {SENDS}"])
@pytest.mark.parametrize(
    ("change", "message"),
    [("delete", "the interface is gone"), ("down", "the interface is down: `ip link set dev p0 up`")],
)
def test_an_interface_that_goes_away_is_told_of_once(network: Network, text: str, change: str, message: str) -> None:
    middle = network.namespace()
    network.join((middle, "p0"), (network.namespace(), "h"))
    running = start(network, middle, "-e", SAY_READY + text, "--port=p0=packet:p0")
    running.wait_until_ready()
    middle.ip("link", *(("del", "p0") if change == "delete" else ("set", "p0", "down")))
    time.sleep(0.3)
    (told,) = running.stop()[1].splitlines()
    assert told.split(": ", 1)[1] == f"packet:p0: {message}"


def test_an_interface_that_is_deleted_while_it_is_down_is_gone(network: Network) -> None:
    middle = network.namespace()
    network.join((middle, "p0"), (network.namespace(), "h"))
    running = start(network, middle, "-e", SAY_READY + SENDS, "--port=p0=packet:p0")
    running.wait_until_ready()
    for change in (("set", "p0", "down"), ("del", "p0")):
        middle.ip("link", *change)
        time.sleep(0.2)
    assert [line.rpartition("packet:p0: ")[2] for line in running.stop()[1].splitlines()] == [
        "the interface is down: `ip link set dev p0 up`",
        "the interface is gone",
    ]


@pytest.mark.parametrize("kind", ["packet", "xdp"])
def test_what_cannot_be_opened_is_told(network: Network, kind: str) -> None:
    middle = network.namespace()
    network.join((middle, "p0"), (network.namespace(), "h"), mtu=9000 if kind == "xdp" else 1500)

    def told(spec: str) -> str:
        return refused(middle, "-e", "FromNetmap(p0) -> Discard;", f"--port=p0={spec}")

    assert "there is no interface 'absent' in this network namespace (`ip link` lists them)" in told(f"{kind}:absent")
    assert "there is no option 'colour=1' here, only rings=NUMBER" in told(f"{kind}:p0,colour=1")
    if kind == "xdp":
        assert "too long for AF_XDP with buffers of 4288 bytes: `ip link set dev p0 mtu 3818`" in told("xdp:p0")


@pytest.mark.parametrize("kind", ["packet", "xdp"])
def test_the_missing_capability_is_named(network: Network, kind: str) -> None:
    middle = network.namespace()
    network.join((middle, "p0"), (network.namespace(), "h"))
    without = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
    if middle.run(*without, "true").returncode != 0:
        pytest.skip("setpriv (util-linux) cannot take capabilities away here")
    told = refused(middle, "-e", "FromNetmap(p0) -> Discard;", f"--port=p0={kind}:p0", prefix=without)
    what = {
        "packet": "cannot open a packet socket: not permitted; that needs CAP_NET_RAW: run as root",
        "xdp": "cannot load an XDP program: not permitted; that needs CAP_NET_ADMIN and CAP_BPF: run as root",
    }
    assert what[kind] in told
