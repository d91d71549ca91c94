"""The benchmark configurations: W0 to W3 as Click files over replay ports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

FIREWALL = """
deny src net 127.0.0.0/8,
deny src net 10.7.0.0/16 && dst net 10.7.0.0/16,
allow tcp && src port 23 && dst net 10.7.0.0/16 && dst port > 1023 && ack,
allow tcp && dst host 192.168.1.2 && dst port 25,
allow tcp && src host 192.168.1.2 && src port 25 && ack,
allow tcp && dst host 192.168.1.2 && dst port 80,
allow tcp && src host 192.168.1.2 && src port 80 && ack,
allow udp && dst host 192.168.1.2 && dst port 53,
allow udp && src host 192.168.1.2 && src port 53,
allow tcp && dst host 192.168.1.2 && dst port 22,
allow icmp && icmp type echo-reply,
allow icmp && icmp type unreachable,
allow tcp && dst net 10.7.1.0/24 && dst port 6000-6063 && ack,
deny tcp && dst port 6000-6063,
allow udp && src port 123 && dst port 123,
allow tcp && src host 192.168.1.2 && src port > 1023 && dst host 10.7.0.4 && dst port 53,
deny all
"""


def router(interfaces: int, *, queues: bool = False, lookup: str = "StaticIPLookup") -> str:
    """The IP router of W2: interface k is k+1.0.0.1/8."""
    ips = [f"{k + 1}.0.0.1" for k in range(interfaces)]
    nets = " ".join(f"{ip}/8" for ip in ips)
    routes = [
        f"{k + 1}.0.0.{host}/32 {interfaces}" for k in range(interfaces) for host in (1, 0)
    ] + [f"{k + 1}.255.255.255/32 {interfaces}" for k in range(interfaces)]
    routes += [f"{k + 1}.0.0.0/8 {k}" for k in range(interfaces)] + [f"0.0.0.0/0 {interfaces + 1}.0.0.1 0"]
    sink = "Queue(1024) -> Unqueue -> Discard" if queues else "Discard"
    lines = [f"rt :: {lookup}({', '.join(routes)});", f"rt[{interfaces}] -> host :: Discard;"]
    for k, ip in enumerate(ips):
        ether = f"00:00:c0:00:00:{k + 1:02x}"
        lines += [
            f"""
src{k} :: FromNetmap(port{k}, STOP true) -> c{k} :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
out{k} :: {sink};
arp{k} :: ARPQuerier({ip}, {ether});
c{k}[0] -> ARPResponder({ip} {ether}) -> out{k};
c{k}[1] -> [1]arp{k};
c{k}[2] -> Paint({k + 1}) -> Strip(14) -> CheckIPHeader(INTERFACES {nets}) -> rt;
c{k}[3] -> Discard;
rt[{k}] -> DropBroadcasts -> cp{k} :: PaintTee({k + 1}) -> gio{k} :: IPGWOptions({ip}) -> FixIPSrc({ip})
  -> dt{k} :: DecIPTTL -> fr{k} :: IPFragmenter(1500) -> arp{k} -> out{k};
cp{k}[1] -> ICMPError({ip}, redirect, host) -> rt;
gio{k}[1] -> ICMPError({ip}, parameterproblem) -> rt;
dt{k}[1] -> ICMPError({ip}, timeexceeded) -> rt;
fr{k}[1] -> ICMPError({ip}, unreachable, needfrag) -> rt;"""
        ]
    return "\n".join(lines) + "\n"


def hosts(interfaces: int, count: int) -> Iterator[tuple[str, str]]:
    """(handler, value) that fill the ARP tables: `count` hosts an interface."""
    for k in range(interfaces):
        for h in range(count):
            ip = f"{k + 1}.0.{1 + (h >> 8)}.{h & 255}"
            yield f"arp{k}.insert", f"{ip} 00:20:6f:{k + 1:02x}:{h >> 8:02x}:{h & 255:02x}"


def firewall(rules: str) -> str:
    """W3: stateless filter with the given rules."""
    return f"FromNetmap(port0, STOP true) -> Strip(14) -> CheckIPHeader -> f :: IPFilter({rules.strip()}) -> Unstrip(14) -> Discard;\n"


SOURCE = "FromNetmap(port0, STOP true) -> Discard;\n"
COUNT = "FromNetmap(port0, STOP true) -> Counter -> Discard;\n"
MIRROR = "FromNetmap(port0, STOP true) -> EtherMirror -> Counter -> Discard;\n"


def fw100(folder: Path) -> str:
    """The 101 rules of fw100.rules."""
    return (folder / "fw100.rules").read_text(encoding="ascii")
