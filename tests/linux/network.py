"""Networks for tests: namespaces of their own, joined by veth pairs, gone afterwards whatever happens.

Nothing here touches an interface or an address outside the namespaces that it makes.
"""

from __future__ import annotations

import array
import ctypes
import fcntl
import itertools
import os
import socket
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

PREFIX = "nmct"
_NUMBERS = itertools.count()

_CLONE_NEWNET = 0x40000000
_SIOCETHTOOL = 0x8946
#: ETHTOOL_S...: what a network card does for the stack (linux/ethtool.h).
_OFFLOADS = {"tx checksums": 0x17, "tso": 0x1F, "gso": 0x24, "gro": 0x2C}
_SO_RCVBUFFORCE = 33
ETH_P_ALL = 3


class NoNetwork(Exception):
    """This machine gives us no namespaces; the text says why."""


def ip(*arguments: str) -> str:
    """Run iproute2; its output. Raises NoNetwork where there is none."""
    try:
        done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise NoNetwork("iproute2 is not installed") from error
    if done.returncode != 0:
        raise NoNetwork(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


@dataclass(frozen=True)
class Namespace:
    """A network namespace with a name."""

    name: str

    def ip(self, *arguments: str) -> str:
        return ip("-n", self.name, *arguments)

    def command(self, *arguments: str | Path) -> list[str]:
        """The command, to be run inside."""
        return ["ip", "netns", "exec", self.name, *map(str, arguments)]

    def run(
        self, *arguments: str | Path, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = self.command(*arguments)
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """The calling thread is inside; sockets that it makes stay there."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.name}") as there:
            _check(libc.setns(there.fileno(), _CLONE_NEWNET))
            try:
                yield
            finally:
                _check(libc.setns(home.fileno(), _CLONE_NEWNET))

    def socket(self, family: socket.AddressFamily, kind: socket.SocketKind, protocol: int = 0) -> socket.socket:
        with self.entered():
            return socket.socket(family, kind, protocol)

    def frames(self, interface: str, seconds: float = 2.0) -> socket.socket:
        """A packet socket on an interface, which sees what arrives there."""
        with self.entered():
            made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            made.bind((interface, ETH_P_ALL))
        made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 16 << 20)
        made.settimeout(seconds)
        return made

    def set_offloads(self, interface: str, *, on: bool, which: Sequence[str] = tuple(_OFFLOADS)) -> None:
        """What ``ethtool -K`` does, where that is not installed."""
        with self.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            for name in which:
                value = array.array("B", struct.pack("II", _OFFLOADS[name], on))
                address, _ = value.buffer_info()
                request = struct.pack("16sP", interface.encode(), address)
                fcntl.ioctl(control, _SIOCETHTOOL, request)

    def silence(self) -> None:
        """Nothing is sent unasked: no IPv6 here."""
        with self.entered():
            for where in ("all", "default"):
                path = Path(f"/proc/sys/net/ipv6/conf/{where}/disable_ipv6")
                if path.exists():
                    path.write_text("1")


def _check(result: int) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


class Network:
    """Namespaces and the processes that were started in them. To be used in a with statement."""

    def __init__(self) -> None:
        self._namespaces: list[Namespace] = []
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Network:
        if os.geteuid() != 0:
            raise NoNetwork("network namespaces need root")
        _remove_forgotten()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        for namespace in self._namespaces:
            subprocess.run(["ip", "netns", "del", namespace.name], capture_output=True, check=False)

    def namespace(self) -> Namespace:
        made = Namespace(f"{PREFIX}-{os.getpid()}-{next(_NUMBERS)}")
        ip("netns", "add", made.name)
        self._namespaces.append(made)
        made.silence()
        made.ip("link", "set", "lo", "up")
        return made

    def join(self, one: tuple[Namespace, str], other: tuple[Namespace, str], *more: str, mtu: int = 1500) -> None:
        """A veth pair, up at both ends; `more` goes to ``ip link add``."""
        (here, name), (there, peer) = one, other
        try:
            ip(
                *("link", "add", name, "netns", here.name, "mtu", str(mtu), *more, "type", "veth"),
                *("peer", "name", peer, "netns", there.name, "mtu", str(mtu), *more),
            )
        except NoNetwork as error:
            raise NoNetwork(f"no veth pairs: {error}") from error
        here.ip("link", "set", "dev", name, "up")
        there.ip("link", "set", "dev", peer, "up")

    def start(self, process: subprocess.Popen[str]) -> subprocess.Popen[str]:
        """A process that must not outlive the network."""
        self._processes.append(process)
        return process


def _remove_forgotten() -> None:
    """Namespaces of test runs that were killed."""
    for line in ip("netns", "list").splitlines():
        name = line.split()[0]
        parts = name.split("-")
        if parts[0] == PREFIX and len(parts) == 3 and not Path(f"/proc/{parts[1]}").exists():
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
