"""The benchmark configurations W0 to W3 and W8, as Click text over the ports port0, port1, ..."""

from __future__ import annotations

from collections.abc import Iterator

SOURCE = "FromNetmap(port0, STOP true) -> Discard;\n"
COUNT = "FromNetmap(port0, STOP true) -> Counter -> Discard;\n"
#: Zero-copy from one port in memory to another.
FORWARD = "FromNetmap(port0, STOP true) -> ToNetmap(null:);\n"
MIRROR = "FromNetmap(port0, STOP true) -> EtherMirror -> Counter -> Discard;\n"
TEE = """FromNetmap(port0, STOP true) -> t :: Tee(2);
s :: PrioSched -> Unqueue -> Discard;
t[0] -> Queue -> [0]s; t[1] -> Queue -> [1]s;
"""

#: A bastion-host firewall: nets, hosts, ports, ranges, TCP flags.
RULES = """deny src net 127.0.0.0/8,
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
deny all"""


def firewall(rules: str = RULES) -> str:
    """W3: a stateless filter with the given rules."""
    return (
        "FromNetmap(port0, STOP true) -> Strip(14) -> CheckIPHeader\n"
        f"  -> IPFilter({rules}) -> Unstrip(14) -> Discard;\n"
    )


def router(interfaces: int, *, queues: bool = False, lookup: str = "StaticIPLookup") -> str:
    """W2: the classic IP router; interface k (from 0) is k+1.0.0.1/8."""
    addresses = [f"{k + 1}.0.0.1" for k in range(interfaces)]
    nets = " ".join(f"{ip}/8" for ip in addresses)
    own = [f"{k + 1}.{host}/32 {interfaces}" for k in range(interfaces) for host in ("0.0.1", "0.0.0", "255.255.255")]
    routes = [*own, *(f"{k + 1}.0.0.0/8 {k}" for k in range(interfaces)), f"0.0.0.0/0 {interfaces + 1}.0.0.1 0"]
    lines = [f"rt :: {lookup}({', '.join(routes)});", f"rt[{interfaces}] -> Discard;"]
    for k, ip in enumerate(addresses):
        ether = f"00:00:c0:00:00:{k + 1:02x}"
        lines.append(
            f"""
c{k} :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
arp{k} :: ARPQuerier({ip}, {ether});
out{k} :: {"Queue(1024) -> Unqueue -> Discard" if queues else "Discard"};
FromNetmap(port{k}, STOP true) -> c{k};
c{k}[0] -> ARPResponder({ip} {ether}) -> out{k};
c{k}[1] -> [1]arp{k};
c{k}[2] -> Paint({k + 1}) -> Strip(14) -> CheckIPHeader(INTERFACES {nets}) -> rt;
c{k}[3] -> Discard;
rt[{k}] -> DropBroadcasts -> paint{k} :: PaintTee({k + 1}) -> options{k} :: IPGWOptions({ip}) -> FixIPSrc({ip})
  -> ttl{k} :: DecIPTTL -> fragment{k} :: IPFragmenter(1500) -> arp{k} -> out{k};
paint{k}[1] -> ICMPError({ip}, redirect, host) -> rt;
options{k}[1] -> ICMPError({ip}, parameterproblem) -> rt;
ttl{k}[1] -> ICMPError({ip}, timeexceeded) -> rt;
fragment{k}[1] -> ICMPError({ip}, unreachable, needfrag) -> rt;"""
        )
    return "\n".join(lines) + "\n"


def hosts(interfaces: int, count: int) -> Iterator[tuple[str, str]]:
    """Handlers and values that fill the ARP tables: `count` hosts an interface."""
    for k in range(interfaces):
        for h in range(count):
            yield (
                f"arp{k}.insert",
                f"{k + 1}.0.{1 + (h >> 8)}.{h & 255} 00:20:6f:{k + 1:02x}:{h >> 8:02x}:{h & 255:02x}",
            )
