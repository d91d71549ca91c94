"""Frames forwarded between two veth pairs: by ``xdp:``, by ``packet:``, by a Linux bridge. Needs root.

A sender in one namespace sends 64-byte frames as fast as it can; what arrives in another is counted by its interface.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.linux.network import Namespace, Network, NoNetwork
from tests.linux.running import SAY_READY, start

RUNS = 5
SECONDS = 1.0
LENGTH = 60  # bytes; the checksum is not sent
CABLE = f"{SAY_READY} FromNetmap(p0) -> ToNetmap(p1); FromNetmap(p1) -> ToNetmap(p0);"
BRIDGE = "Linux bridge"
WAYS = ("xdp:", "xdp:,skb", "packet:", BRIDGE)


def received(host: Namespace) -> int:
    (link,) = json.loads(host.ip("-json", "-stats", "link", "show", "dev", "h"))
    return int(link["stats64"]["rx"]["packets"])


def measure(way: str, sender: Path) -> tuple[float, float]:
    """Frames a second that arrive (millions), and the part of those sent."""
    with Network() as network:
        middle, source, sink = network.namespace(), network.namespace(), network.namespace()
        network.join((middle, "p0"), (source, "h"))
        network.join((middle, "p1"), (sink, "h"))
        if way == BRIDGE:
            middle.ip("link", "add", "name", "b", "type", "bridge")
            for port in ("p0", "p1"):
                middle.ip("link", "set", "dev", port, "master", "b")
            middle.ip("link", "set", "dev", "b", "up")
            time.sleep(0.2)
        else:
            kind, _, option = way.partition(",")
            ports = [f"--port=p{i}={kind}p{i}" + (f",{option}" if option else "") for i in (0, 1)]
            start(network, middle, "-e", CABLE, *ports).wait_until_ready()
        source.run(sender, "h", "0.2", str(LENGTH))  # everybody is warm
        time.sleep(0.1)
        before, began = received(sink), time.monotonic()
        done = source.run(sender, "h", str(SECONDS), str(LENGTH))
        took = time.monotonic() - began
        time.sleep(0.1)
        arrived = received(sink) - before
        return arrived / took / 1e6, arrived / int(done.stdout)


def compile_sender(folder: Path) -> Path:
    program = folder / "send_frames"
    source = Path(__file__).parent / "send_frames.c"
    subprocess.run(["cc", "-O2", "-o", str(program), str(source)], check=True)
    return program


def run(say: Callable[[str], None]) -> None:
    """Measure every way in turn, several times; medians, and ratios within the same round."""
    with tempfile.TemporaryDirectory() as name:
        sender = compile_sender(Path(name))
        try:
            rounds = [{way: measure(way, sender) for way in WAYS} for _ in range(RUNS)]
        except NoNetwork as reason:
            say(f"forwarding between veth pairs: not measured: {reason}")
            return
    say(f"{'veth to veth, 64-byte frames':34}{'Mpps':>8}{'lost':>8}   of packet:   of a bridge")
    for way in WAYS:
        rate, passed = (statistics.median(each[way][part] for each in rounds) for part in (0, 1))
        ratios = [statistics.median(each[way][0] / each[other][0] for each in rounds) for other in ("packet:", BRIDGE)]
        say(f"{way:34}{rate:8.2f}{1 - passed:8.1%}{ratios[0]:13.2f}{ratios[1]:14.2f}")
