"""Socket over the loopback device and in the file system."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.elements.harness import configuration_errors, read_pcap, write_pcap
from tests.linux.routers import Here, Outcome, Router, refusal, start_router

HOME = "127.0.0.1"


@pytest.fixture
def here() -> Iterator[Here]:
    with Here() as made:
        yield made


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((HOME, 0))
        return int(probe.getsockname()[1])


def run(here: Here, text: str, *handlers: str) -> Router:
    return start_router(here, here, text, handlers=handlers)


def finish(router: Router) -> Outcome:
    time.sleep(0.1)
    outcome = router.stop()
    assert outcome.status == 0, outcome.errors
    return outcome


def read_all(peer: socket.socket, n: int) -> bytes:
    peer.settimeout(10)
    data = b""
    while len(data) < n:
        part = peer.recv(65536)
        if not part:
            break
        data += part
    return data


def connect(port: int) -> socket.socket:
    return socket.create_connection((HOME, port), timeout=10)


@pytest.mark.parametrize("kind", ["UDP", "UNIX_DGRAM"])
def test_datagrams_go_from_socket_to_socket(here: Here, tmp_path: Path, kind: str) -> None:
    place = f"{HOME}, {free_port(socket.SOCK_DGRAM)}" if kind == "UDP" else str(tmp_path / "socket")
    packets = [bytes([n]) * (n + 1) for n in range(100)]
    write_pcap(tmp_path / "in.pcap", packets)
    text = (
        f"server :: Socket({kind}, {place}) -> ToDump({tmp_path}/out.pcap);"
        f"FromDump({tmp_path}/in.pcap) -> Queue -> client :: Socket({kind}, {place})"
    )
    outcome = finish(run(here, text, "server.count", "client.sent"))
    assert [packet.data for packet in read_pcap(tmp_path / "out.pcap")] == packets
    assert (outcome.handlers, outcome.errors) == ({"server.count": "100", "client.sent": "100"}, "")


def test_a_stream_client_writes_every_packet_whole_however_slow_the_peer(here: Here, tmp_path: Path) -> None:
    packets = [struct.pack(">I", n) * 350 for n in range(2000)]
    write_pcap(tmp_path / "in.pcap", packets)
    with socket.create_server((HOME, 0)) as server:
        port = server.getsockname()[1]
        chain = f"FromDump({tmp_path}/in.pcap) -> Queue(2000) -> s :: Socket(TCP, {HOME}, {port}, SNDBUF 4096)"
        router = run(here, chain, "s.sent")
        peer, _ = server.accept()
        with peer:
            wanted = b"".join(packets)
            assert read_all(peer, len(wanted)) == wanted
        assert finish(router).handlers == {"s.sent": "2000"}


@pytest.mark.parametrize("chain", ["->", "-> Queue ->"])
def test_a_stream_server_serves_one_peer_after_the_other(here: Here, chain: str) -> None:
    port = free_port()
    router = run(here, f"s :: Socket(TCP, {HOME}, {port}, VERBOSE true, SNAPLEN 100) {chain} s", "s.count")
    for text in (b"first", b"second" * 100):
        with connect(port) as peer:
            peer.sendall(text)
            assert read_all(peer, len(text)) == text
    outcome = finish(router)
    assert outcome.handlers == {"s.count": "7"}
    lines = outcome.errors.splitlines()
    assert lines[0].startswith(f"s: listening for connections on {HOME}:{port} (")
    assert [line.split()[1] for line in lines[1:]] == ["opened", "closed"] * 2
    assert f"from {HOME}:" in lines[1]


def test_unix_streams_and_their_file_goes_with_the_router(here: Here, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    router = run(here, f"s :: Socket(UNIX, {path}) -> Queue -> s")
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(path))
        peer.sendall(b"hello")
        assert read_all(peer, 5) == b"hello"
    finish(router)
    assert not path.exists()


def test_a_peer_that_resets_hurts_only_itself(here: Here) -> None:
    port = free_port()
    router = run(
        here, f's :: Socket(TCP, {HOME}, {port}); RatedSource("x", RATE 1000) -> Queue(100000) -> s -> Discard'
    )
    for _ in range(20):
        bad = connect(port)
        bad.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        bad.close()
    with connect(port) as peer:
        assert read_all(peer, 3).startswith(b"xxx")
    assert finish(router).errors == ""


def test_a_datagram_server_answers_whoever_sent_last(here: Here) -> None:
    port = free_port(socket.SOCK_DGRAM)
    router = run(here, f"s :: Socket(UDP, {HOME}, {port}) -> s")
    peers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
    for number, peer in enumerate(peers):
        peer.settimeout(10)
        peer.sendto(b"", (HOME, port))  # nothing to say: no harm done
        peer.sendto(bytes([number]), (HOME, port))
        assert peer.recv(100) == bytes([number])
        peer.close()
    finish(router)


def test_long_datagrams_are_cut_with_an_extra_length(here: Here, tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    router = run(here, f"Socket(UDP, {HOME}, {port}, SNAPLEN 10) -> ToDump({tmp_path}/out.pcap)")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.sendto(bytes(range(50)), (HOME, port))
        peer.sendto(b"short", (HOME, port))
        time.sleep(0.1)
    finish(router)
    packets = read_pcap(tmp_path / "out.pcap")
    assert [(packet.data, packet.wire_length) for packet in packets] == [(bytes(range(10)), 50), (b"short", 5)]


def test_a_udp_client_without_an_address_sends_to_the_destination_annotation(here: Here) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.2", 0))
        peer.settimeout(10)
        source = 'RatedSource("hello", RATE 100) -> SetIPAddress(127.0.0.2)'
        router = run(here, f"{source} -> Socket(UDP, 0.0.0.0, {peer.getsockname()[1]})")
        assert peer.recv(100) == b"hello"
        finish(router)


def test_a_client_sends_from_the_address_it_is_given(here: Here) -> None:
    port = free_port(socket.SOCK_DGRAM)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind((HOME, 0))
        peer.settimeout(10)
        there = f"{HOME}, {peer.getsockname()[1]}"
        text = f's :: Socket(UDP, {there}, {HOME}, {port}) -> Discard; RatedSource("hello", RATE 100) -> s'
        router = run(here, text)
        assert peer.recvfrom(100) == (b"hello", (HOME, port))
        finish(router)


@pytest.mark.parametrize(
    ("tables", "welcome"),
    [("ALLOW home, DENY all", True), ("DENY home", False), ("ALLOW nobody, DENY all", False), ("ALLOW nobody", True)],
)
def test_servers_are_told_whom_to_serve(here: Here, tables: str, welcome: bool) -> None:
    stream, datagram = free_port(), free_port(socket.SOCK_DGRAM)
    text = (
        "home :: RadixIPLookup(127.0.0.1 0); all :: RadixIPLookup(0.0.0.0/0 0); nobody :: RadixIPLookup(192.0.2.1 0);"
        "home -> all -> nobody -> home;"
        f"s :: Socket(TCP, {HOME}, {stream}, {tables}, VERBOSE true) -> s;"
        f"d :: Socket(UDP, {HOME}, {datagram}, {tables}, VERBOSE true) -> d"
    )
    router = run(here, text, "s.count", "d.count")
    with connect(stream) as peer, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        peer.sendall(b"hello")
        sender.sendto(b"hello", (HOME, datagram))
        assert read_all_or_nothing(peer) == (b"hello" if welcome else b"")
        outcome = finish(router)
    count = "1" if welcome else "0"
    assert outcome.handlers == {"s.count": count, "d.count": count}
    assert ("s: denied connection" in outcome.errors) is not welcome
    assert (f"d: dropped datagram from {HOME}:" in outcome.errors) is not welcome


def read_all_or_nothing(peer: socket.socket) -> bytes:
    try:
        return read_all(peer, 5)
    except ConnectionResetError:
        return b""


def test_what_nobody_takes_is_dropped_where_it_is_pushed_and_kept_where_it_is_pulled(here: Here) -> None:
    text = (
        f's :: Socket(TCP, {HOME}, {free_port()}) -> Discard; InfiniteSource("x", LIMIT 5) -> s;'
        f't :: Socket(TCP, {HOME}, {free_port()}) -> Discard; InfiniteSource("x", LIMIT 5) -> q :: Queue -> t'
    )
    outcome = finish(run(here, text, "s.sent", "t.sent", "q.length"))
    assert outcome.handlers == {"s.sent": "0", "t.sent": "0", "q.length": "5"}


def refused(text: str, message: str) -> None:
    assert refusal(Here(), text) == (
        f"config:1: While initializing 's :: Socket':\n  {message}\nRouter could not be initialized!\n"
    )


def test_a_connection_that_cannot_be_made_is_told() -> None:
    refused(f"Idle -> s :: Socket(TCP, {HOME}, {free_port()})", "connect: Connection refused")


def test_an_address_that_is_taken_is_told() -> None:
    with socket.create_server((HOME, 0)) as server:
        refused(f"s :: Socket(TCP, {HOME}, {server.getsockname()[1]}) -> Discard", "bind: Address already in use")


LONG = "x" * 110
BAD: Sequence[tuple[str, str]] = [
    ("PIGEON, 1.2.3.4", "unknown socket type `PIGEON'"),
    ("TCP, 1.2.3.4", "PORT: required argument missing"),
    ("UDP, 1.2.3.4, 80, COLOR red", "COLOR: unknown argument"),
    (f"UNIX, {LONG}", f"remote filename '{LONG}' too long"),
    (f"UNIX, a, {LONG}", f"local filename '{LONG}' too long"),
    ("TCP, 1.2.3.4, 80, ALLOW d", "d is not an IPRouteTable"),
]


def test_bad_arguments() -> None:
    found = configuration_errors(*(each for each, _ in BAD), chain="Idle -> d :: Discard; s :: Socket({}) -> Discard;")
    assert found == [
        f"config:1: While configuring 's :: Socket':\n  {message}\nRouter could not be initialized!\n"
        for _, message in BAD
    ]
