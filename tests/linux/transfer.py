"""What hosts do to each other: TCP transfers that are checked, datagrams, pings."""

from __future__ import annotations

import hashlib
import random
import socket
import threading
import time

from tests.linux.network import Namespace

CHUNK = 1 << 18
IP_MTU_DISCOVER, IP_PMTUDISC_DONT = 10, 0  # routers may fragment


def transfer(client: Namespace, server: Namespace, address: str, size: int, *, port: int = 5000) -> bool:
    """Send `size` bytes by TCP; whether what arrived has the same SHA-256. Raises OSError when it does not get on."""
    arrived = hashlib.sha256()
    count = 0

    def receive() -> None:
        nonlocal count
        connection, _ = listening.accept()
        connection.settimeout(20)
        with connection:
            while data := connection.recv(CHUNK):
                arrived.update(data)
                count += len(data)
            connection.sendall(b"thanks")

    with server.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.settimeout(20)
        listening.bind((address, port))
        listening.listen()
        receiver = threading.Thread(target=receive)
        receiver.start()
        sent = hashlib.sha256()
        block = random.Random(size).randbytes(CHUNK)
        with client.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
            connection.settimeout(20)
            connection.connect((address, port))
            for start in range(0, size, CHUNK):
                data = start.to_bytes(8, "big") + block[8 : min(CHUNK, size - start)]
                connection.sendall(data)
                sent.update(data)
            connection.shutdown(socket.SHUT_WR)
            thanks = connection.recv(100)
        receiver.join()
    return thanks == b"thanks" and count == size and arrived.digest() == sent.digest()


def datagrams(sender: Namespace, receiver: Namespace, address: str, sizes: list[int], *, port: int = 5001) -> list[int]:
    """Send UDP datagrams one by one; the sizes of those that arrived unharmed."""
    arrived = []
    with (
        receiver.socket(socket.AF_INET, socket.SOCK_DGRAM) as incoming,
        sender.socket(socket.AF_INET, socket.SOCK_DGRAM) as outgoing,
    ):
        incoming.bind((address, port))
        incoming.settimeout(0.5)
        outgoing.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
        for size in sizes:
            content = random.Random(size).randbytes(size)
            outgoing.sendto(content, (address, port))
            try:
                if incoming.recv(65536) == content:
                    arrived.append(size)
            except TimeoutError:
                pass
    return arrived


def answers(client: Namespace, server: Namespace, address: str, port: int) -> bool:
    """Whether a TCP connection to the port comes about within a moment."""
    with server.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.bind((address, port))
        listening.listen()
        with client.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
            connection.settimeout(0.4)
            try:
                connection.connect((address, port))
            except TimeoutError:
                return False
            return True


def ping(host: Namespace, address: str, *more: str, count: int = 3, seconds: float = 2.0) -> bool:
    """Whether every ping is answered."""
    done = host.run("ping", "-c", str(count), "-i", "0.02", "-W", str(seconds), *more, address)
    return done.returncode == 0 and f" {count} received" in done.stdout


def wait_for_ping(host: Namespace, address: str, seconds: float = 40.0) -> bool:
    """Ping until there is an answer: the router in between has begun."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if host.run("ping", "-c", "1", "-W", "0.2", address).returncode == 0:
            return True
    return False
