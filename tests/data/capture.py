#!/usr/bin/env python3
"""Record the captures of this folder again: real programs talk across network namespaces while tcpdump listens.

    sudo python3 tests/data/capture.py [FOLDER]

Needs root and the Debian packages iproute2 ethtool tcpdump iputils-ping curl bind9-dnsutils dnsmasq-base traceroute.
Every address lives in namespaces that the script makes and removes.

Four hosts stand around a Linux router, one per network; h3 is "the internet" (the default route, 203.0.113.5):

    h0 10.0.0.2 -- lan0 10.0.0.1 +--------+ 10.0.2.1 lan2 -- 10.0.2.2 h2   (MTU 600)
    h1 10.0.1.2 -- lan1 10.0.1.1 | router | 10.0.3.1 lan3 -- 10.0.3.2 h3

lanN-in.pcap holds what the router received on that port, lanN-out.pcap what Linux sent there: the first is what an
nmclick router is fed with, the second what it can be compared with. vlan.pcap is a trunk between two switches.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

PREFIX = "nmcap-"
ROUTER = "router"
HOSTS = ("h0", "h1", "h2", "h3")
INTERNET = "203.0.113.5"
SMALL_MTU = 600  # bytes, on lan2: packets to it must be fragmented
WEB_PAGE = "".join(f"{line:4} The quick brown fox jumps over the lazy dog.\n" for line in range(90))


def command(*words: str, check: bool = True, quiet: bool = True) -> None:
    """Run a program; its output is shown only when it fails."""
    done = subprocess.run(words, capture_output=quiet, text=True, timeout=60, check=False)
    if check and done.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")


def inside(namespace: str, *words: str) -> tuple[str, ...]:
    return ("ip", "netns", "exec", PREFIX + namespace, *words)


def run(namespace: str, line: str, *, check: bool = True) -> None:
    """Run a program in a namespace; `check=False` for those whose failure is the point (a ping that must not pass)."""
    command(*inside(namespace, *line.split()), check=check)


@contextmanager
def namespaces(names: Sequence[str]) -> Iterator[None]:
    try:
        for name in names:
            command("ip", "netns", "add", PREFIX + name)
            run(name, "ip link set lo up")
            # Duplicate address detection only delays everything.
            for kind in ("all", "default"):
                run(name, f"sysctl -qw net.ipv6.conf.{kind}.accept_dad=0")
        yield
    finally:
        for name in names:
            command("ip", "netns", "del", PREFIX + name, check=False)


@contextmanager
def background(namespace: str, *words: str) -> Iterator[None]:
    """A server or tcpdump for as long as the block lasts. SIGTERM ends it; tcpdump then completes its file."""
    process = subprocess.Popen(inside(namespace, *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
        if process.poll() is not None:
            sys.exit(f"{' '.join(words)}: ended early with exit status {process.returncode}")
    finally:
        process.terminate()
        process.wait(timeout=10)


def wire(first: tuple[str, str], second: tuple[str, str], number: int) -> None:
    """A veth pair between (namespace, device) and another, with fixed addresses and without offloads: frames then are
    as long as on a wire and carry real checksums."""
    command(*inside(first[0], "ip", "link", "add", first[1], "type", "veth", "peer", "name", second[1],
                    "netns", PREFIX + second[0]))  # fmt: skip
    for end, (namespace, device) in enumerate((first, second), start=1):
        run(namespace, f"ip link set {device} address 02:00:00:00:{number:02x}:{end:02x} up")
        run(namespace, f"ethtool -K {device} tx off rx off sg off tso off gso off gro off")


def build_router() -> None:
    """The router, the hosts around it, their addresses and routes."""
    for number, host in enumerate(HOSTS):
        lan = f"lan{number}"
        wire((ROUTER, lan), (host, "eth0"), number)
        if number == 2:
            run(ROUTER, f"ip link set {lan} mtu {SMALL_MTU}")
            run(host, f"ip link set eth0 mtu {SMALL_MTU}")
        run(ROUTER, f"ip addr add 10.0.{number}.1/24 brd + dev {lan}")
        run(host, f"ip addr add 10.0.{number}.2/24 brd + dev eth0")
        run(host, f"ip route add default via 10.0.{number}.1")
        if number != 2:  # IPv6 wants an MTU of 1280
            run(ROUTER, f"ip -6 addr add fd00:{number}::1/64 dev {lan}")
            run(host, f"ip -6 addr add fd00:{number}::2/64 dev eth0")
            run(host, f"ip -6 route add default via fd00:{number}::1")
        run(host, "sysctl -qw net.ipv4.icmp_echo_ignore_broadcasts=0 net.ipv4.icmp_ratelimit=0")
    run("h3", f"ip addr add {INTERNET}/32 dev lo")
    run(ROUTER, "ip route add default via 10.0.3.2")
    run(ROUTER, "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0")


def forget_neighbours() -> None:
    for host in HOSTS:
        run(host, "ip neigh flush all")


def talk() -> None:
    """What is recorded around the router. Order matters to nobody but a reader of the captures."""
    for number in range(len(HOSTS)):  # the hosts answer the router's ARP requests
        run(ROUTER, f"ping -q -c 1 -I 10.0.{number}.1 10.0.{number}.2")
    forget_neighbours()
    run("h0", "ping -q -c 3 -i 0.2 10.0.1.2")
    run("h0", f"ping -q -c 2 -i 0.2 {INTERNET}")
    run("h0", "curl -sS -o /dev/null http://10.0.1.2/fox.txt")
    run("h2", "curl -sS -o /dev/null http://10.0.1.2/fox.txt")
    run("h3", "curl -sS -o /dev/null http://10.0.1.2/fox.txt")
    run("h0", "dig +short @10.0.1.2 www.example.test A")
    run("h2", "dig +short @10.0.1.2 www.example.test AAAA")
    run("h3", "dig +short +tcp @10.0.1.2 www.example.test A")
    run("h0", "ping -q -c 2 -i 0.2 -s 4000 10.0.1.2")  # fragments of the sender
    run("h0", "ping -q -c 2 -i 0.2 -s 4000 10.0.2.2")  # fragmented again by the router
    run("h0", "ping -q -c 1 -W 1 -M do -s 1400 10.0.2.2", check=False)  # too long for lan2 and not to be fragmented
    run("h0", "ping -q -c 1 -W 1 -t 1 10.0.1.2", check=False)  # its time to live ends in the router
    run("h0", f"traceroute -n -q 1 -w 1 {INTERNET}")
    run("h3", "traceroute -n -q 1 -w 1 10.0.0.2")
    run("h0", "ping -q -c 1 -R 10.0.1.2")  # record route
    run("h0", "ping -q -c 1 -T tsandaddr 10.0.1.2")  # timestamps
    run(
        "h0", "dig +time=1 +tries=1 -p 9 @10.0.2.2 closed.example.test", check=False
    )  # nobody listens: port unreachable
    run("h3", "curl -sS -m 2 http://10.0.1.2:22/", check=False)  # nobody listens: reset
    run("h0", "ip route add 10.0.0.3/32 via 10.0.0.1")
    run("h0", "ping -q -c 1 -W 1 10.0.0.3", check=False)  # leaves by the port it came from: redirect
    run("h0", "ping -q -c 1 -W 1 10.0.1.77", check=False)  # nobody there: ARP requests without a reply
    run("h0", "ping -q -c 1 -W 1 -b 10.0.0.255", check=False)
    run("h0", "ping -q -c 2 -i 0.2 fd00:1::2")
    run("h0", "curl -sS -g -o /dev/null http://[fd00:1::2]/fox.txt")


def record_router(folder: Path) -> None:
    """lanN-in.pcap and lanN-out.pcap."""
    with ExitStack() as stack:
        stack.enter_context(namespaces((ROUTER, *HOSTS)))
        pages = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nmclick-capture-")))
        (pages / "fox.txt").write_text(WEB_PAGE)
        build_router()
        stack.enter_context(background("h1", sys.executable, "-m", "http.server", "80", "--bind", "::",
                                       "--directory", str(pages)))  # fmt: skip
        stack.enter_context(
            background("h1", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-hosts", "--no-resolv",
                       "--no-daemon", "--user=root", "--address=/www.example.test/192.0.2.80",
                       "--address=/www.example.test/2001:db8::80")
        )  # fmt: skip
        time.sleep(1.5)  # servers start, IPv6 router solicitations pass
        for number in range(len(HOSTS)):
            for direction in ("in", "out"):
                file = folder / f"lan{number}-{direction}.pcap"
                stack.enter_context(
                    background(ROUTER, "tcpdump", "-Z", "root", "-i", f"lan{number}", "-Q", direction, "-s", "0",
                               "-U", "-w", str(file))
                )  # fmt: skip
        time.sleep(1)
        talk()
        time.sleep(1)  # last frames


# The trunk -----------------------------------------------------------------------------------------------------------


def record_trunk(folder: Path) -> None:
    """vlan.pcap: two hosts in VLAN 42, an access port each, and the trunk between their switches, both directions,
    with nanosecond stamps. `switch.py` stands for the switches, so that no kernel support for VLANs is needed."""
    with ExitStack() as stack:
        stack.enter_context(namespaces(("v0", "v1", "left", "right")))
        wire(("left", "access"), ("v0", "eth0"), 0x10)
        wire(("right", "access"), ("v1", "eth0"), 0x11)
        wire(("left", "trunk"), ("right", "trunk"), 0x12)
        for number, host in enumerate(("v0", "v1")):
            run(host, f"ip addr add 10.0.42.{number + 1}/24 dev eth0")
            run(host, f"ip -6 addr add fd00:42::{number + 1}/64 dev eth0")
        switch = Path(__file__).with_name("switch.py")
        for side in ("left", "right"):
            run(side, "sysctl -qw net.ipv6.conf.all.disable_ipv6=1")  # the switches say nothing of their own
            stack.enter_context(background(side, sys.executable, str(switch), "access", "trunk", "42"))
        time.sleep(1.5)
        stack.enter_context(
            background("left", "tcpdump", "-Z", "root", "-i", "trunk", "-s", "0", "-U", "--nano",
                       "-w", str(folder / "vlan.pcap"))
        )  # fmt: skip
        time.sleep(1)
        run("v0", "ping -q -c 2 -i 0.2 10.0.42.2")
        run("v0", "ping -q -c 2 -i 0.2 fd00:42::2")
        run("v1", "ping -q -c 1 -s 4000 10.0.42.1")
        time.sleep(1)


def main() -> None:
    if os.geteuid() != 0:
        sys.exit("capture.py makes network namespaces: run it as root")
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    folder.mkdir(parents=True, exist_ok=True)
    record_router(folder)
    record_trunk(folder)
    for file in sorted(folder.glob("*.pcap")):
        print(f"{file.name:16} {file.stat().st_size:7} bytes")


if __name__ == "__main__":
    main()
