"""Random patterns and packets for the property tests."""

from __future__ import annotations

import random

from nmclick.classify.evaluate import Headers
from nmclick.classify.patterns import Base

NETS = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.128/25", "192.168.0.0/16", "0.0.0.0/1", "10.1.2.3/32"]
HOSTS = ["10.1.2.3", "10.1.2.200", "192.168.7.1", "10.1.255.255"]
PORTS = [0, 1, 22, 53, 80, 443, 1023, 1024, 8080, 32768, 65534, 65535]
NAMED_PORTS = ["www", "domain", "ssh", "ntp"]
RELATIONS = ["", "==", "!=", "<", ">", "<=", ">="]
ETHERS = ["02:00:5e:00:00:01", "02-00-5e-00-00-06"]


def ip_primitive(r: random.Random) -> str:
    """One primitive of the IP pattern language."""
    direction = r.choice(["", "src ", "dst ", "src or dst ", "src and dst "])
    end = r.choice(["src ", "dst ", "dst ", ""])
    relation = r.choice(RELATIONS)
    port = r.choice(PORTS)
    # A relation that is always true or always false is a warning, which these tests have no use for.
    safe = r.choice([1, 22, 53, 1023, 1024, 32768, 65534])
    byte = r.choice([1, 4, 5, 6, 17, 64, 100, 128, 254])
    return r.choice(
        [
            "tcp",
            "udp",
            "icmp",
            f"ip proto {relation} {r.choice([1, 6, 17, 47])}",
            f"{direction}host {r.choice(['', '!='])} {r.choice(HOSTS)}",
            f"{end}net {r.choice(NETS)}",
            f"{direction}net {r.choice(['', '!='])} {r.choice(NETS)}",
            f"{end}{r.choice(NETS)}",
            "src host & 255.0.0.1 == 10.0.0.1",
            f"dst net 10.1.0.0 mask {r.choice(['255.255.0.0', '255.0.255.0'])}",
            f"{end}port {port}",
            f"{end}tcp port {relation} {safe}",
            f"{direction}udp port {relation} {safe}",
            f"{end}port {r.choice(NAMED_PORTS)}",
            f"{end}port & 0xff00 == 0x0400",
            f"{end}port {min(port, safe)}-{max(port, safe)}",
            f"{end}port {port} or {r.choice(PORTS)} or {r.choice(PORTS)}",
            r.choice(["ip frag", "ip unfrag", "ip ect", "ip ce"]),
            f"ip {r.choice(['tos', 'ttl'])} {relation} {byte}",
            f"ip tos & 0x{r.choice([3, 0xFC, 0x11]):x} {r.choice(['', '!='])} 1",
            f"ip dscp {relation} {r.choice([1, 10, 46])}",
            f"ip {r.choice(['vers', 'hl'])} {relation} {r.choice([4, 5, 6])}",
            f"ip id {relation} {safe}",
            f"ip len {relation} {r.choice([28, 40, 100])}",
            r.choice(["syn", "ack", "fin", "rst", "syn ack", "tcp opt psh"]),
            f"tcp win {relation} {safe}",
            f"icmp type {r.choice(['echo', 'echo-reply', '3', '!= 8', '> 4'])}",
            f"ip[{r.choice(['9', '16:2', '12:4', '19', '6:2', '20'])}] {relation} {byte}",
            f"tcp[13] & {r.choice(['2', '0x12', '0x18'])} {r.choice(['==', '!='])} {r.choice([0, 2, 16])}",
            f"transp[{r.choice(['0:2', '1', '2:2', '4:4', '13'])}] {relation} {byte}",
            f"udp[{r.choice(['4:2', '6:2'])}] {relation} {byte}",
            f"{direction}ether host {r.choice(ETHERS)}",
            r.choice(["true", "false"]),
        ]
    )


def ip_expression(r: random.Random, depth: int = 3) -> str:
    """An expression over primitives."""
    kind = r.randrange(8) if depth else 0
    if kind < 2:
        return ip_primitive(r)
    if kind < 4:
        return f"({ip_expression(r, depth - 1)}) {r.choice(['and', '&&'])} ({ip_expression(r, depth - 1)})"
    if kind < 6:
        return f"({ip_expression(r, depth - 1)}) {r.choice(['or', '||'])} ({ip_expression(r, depth - 1)})"
    if kind == 6:
        return f"{r.choice(['not', '!'])} ({ip_expression(r, depth - 1)})"
    parts = [f"({ip_expression(r, depth - 1)})" for _ in range(3)]
    return f"{parts[0]} ? {parts[1]} : {parts[2]}"


def ip_rules(r: random.Random) -> list[str]:
    """Arguments of an IPFilter with outputs 0 to 3."""
    count = r.choice([1, 2, 3, 4, 6, 10])
    rules = [
        f"{r.choice(['allow', 'deny', '1', '2', '3'])} {ip_expression(r, r.choice([0, 0, 1, 2, 3]))}"
        for _ in range(count)
    ]
    return rules + r.choice([[], ["0 all"], ["deny all"]])


def ip_packet(r: random.Random) -> Headers:
    """An IP packet of values that the patterns ask for, often truncated, sometimes without headers."""
    ihl = r.choice([5, 5, 5, 5, 6, 15, 0])
    proto = r.choice([1, 6, 6, 6, 17, 17, 17, 47])
    address = [bytes(map(int, host.split("."))) for host in [*HOSTS, "10.1.2.129", "10.9.9.9", "11.0.0.1", "0.0.0.0"]]
    ip = bytearray(4 * ihl if ihl > 4 else 20)
    ip[0] = r.choice([0x40, 0x40, 0x60]) | ihl
    ip[1] = r.choice([0, 1, 2, 3, 0x28, 0xB8, r.randrange(256)])
    ip[2:4] = r.choice([28, 40, 100]).to_bytes(2, "big")
    ip[4:6] = r.choice(PORTS).to_bytes(2, "big")
    ip[6:8] = r.choice([0, 0, 0, 0x4000, 0x2000, 0x0001, 0x1FFF]).to_bytes(2, "big")
    ip[8] = r.choice([1, 64, 100, 128, 255])
    ip[9] = proto
    ip[12:16], ip[16:20] = r.choice(address), r.choice(address)
    transport = bytearray(r.randbytes(24))
    if r.random() < 0.9:
        transport[0:2], transport[2:4] = (r.choice(PORTS).to_bytes(2, "big") for _ in range(2))
    if proto == 1:
        transport[0] = r.choice([0, 3, 4, 5, 8])
    transport[13] = r.choice([0x02, 0x12, 0x10, 0x11, 0x04, 0x18, 0x00])
    transport[14:16] = r.choice(PORTS).to_bytes(2, "big")
    data = bytes(ip + transport)
    if r.random() < 0.4:
        data = data[: r.randrange(len(data) + 1)]
    mac = bytes.fromhex(r.choice(ETHERS).replace(":", "").replace("-", "")) + bytes.fromhex("02005e000006") + b"\x08\0"
    headers: dict[Base, bytes] = {}
    if r.random() < 0.95:
        headers[Base.NETWORK] = data
        if r.random() < 0.95:
            headers[Base.TRANSPORT] = data[4 * ihl :]
        if r.random() < 0.7:
            headers[Base.MAC] = mac + data
    elif r.random() < 0.5:
        headers[Base.MAC] = mac[: r.randrange(15)]
    return headers


def classifier_clause(r: random.Random) -> str:
    """One clause of Classifier's language, over few offsets and values so that clauses meet."""
    offset = r.choice([0, 1, 2, 3, 4, 5, 6, 12, 13, 14])
    width = r.choice([1, 1, 2, 2, 3, 4, 6, 9])
    value = "".join(r.choice(["00", "01", "08", "06", "?1", "1?", "??", "ff"]) for _ in range(width))
    mask = "".join(r.choice(["ff", "f0", "0f", "ff", "00", "81"]) for _ in range(width))
    return f"{r.choice(['', '', '!'])}{offset}/{value}" + (f"%{mask}" if r.random() < 0.4 else "")


def classifier_patterns(r: random.Random) -> list[str]:
    """Arguments of a Classifier."""
    count = r.choice([1, 2, 3, 6, 12])
    patterns = [" ".join(classifier_clause(r) for _ in range(r.choice([1, 1, 2, 3]))) for _ in range(count)]
    return patterns + r.choice([[], ["-"]])


def plain_packet(r: random.Random) -> Headers:
    """A packet of bytes that the clauses ask for, often short."""
    length = r.choice([0, 1, 2, 3, 4, 5, 7, 8, 12, 13, 14, 15, 16, 20, 30, 30, 30])
    return {Base.DATA: bytes(r.choice([0, 1, 8, 6, 0x11, 0x81, 0xFF, r.randrange(256)]) for _ in range(length))}
