"""ARPQuerier: what is sent, what waits, when it asks, and that no packet is lost track of."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from tests.elements.datagrams import arp, check_refusals, ether, frame, ipv4
from tests.elements.ethernet.arp_model import ArpModel, Sent
from tests.elements.harness import Captured, Result, run_config

ME, MY_ETHER = "10.0.0.1", "02:00:00:00:00:01"
ALL, NOBODY = "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"
SECOND = 1_000_000_000
START = 1_500_000_000 * SECOND

#: IP packets go to input 0, ARP packets to input 1, both at their times.
SPLIT = """f :: FromDump(in.pcap, TIMING true, ACTIVE {active}, END_CALL dm.step) -> c :: Classifier(12/0806, -);
c [1] -> Strip(14) -> GetIPAddress(16) -> [0] a :: ARPQuerier({arguments});
c [0] -> [1] a;
"""
OUTPUTS = "a [0] -> ToDump(out.pcap); a [1] -> ToDump(query.pcap);\n"


def own(n: int) -> str:
    """The Ethernet address of host 10.0.0.n."""
    return f"02:00:00:00:01:{n:02x}"


def host(n: int) -> str:
    return f"10.0.0.{n}"


def to(n: int | str, ident: int = 0, body: bytes = b"") -> bytes:
    return frame(ipv4(body, dst=n if isinstance(n, str) else host(n), ident=ident))


def sent(n: int | str, ident: int = 0, *, ether_to: str | None = None, body: bytes = b"") -> bytes:
    """What leaves by output 0 for `to`."""
    destination = ether_to or (own(n) if isinstance(n, int) else ALL)
    packet = ipv4(body, dst=n if isinstance(n, str) else host(n), ident=ident)
    return frame(packet, src=MY_ETHER, dst=destination)


def reply(n: int, ether_from: str | None = None) -> bytes:
    return arp(2, sender=(ether_from or own(n), host(n)), target=(MY_ETHER, ME))


def query(n: int, at: str | None = None) -> bytes:
    return arp(1, sender=(MY_ETHER, ME), target=(NOBODY, host(n)), to=at or ALL)


@pytest.fixture(autouse=True)
def buffers_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end of a run it says whether buffers are missing."""
    monkeypatch.setenv("NMCLICK_DEBUG", "1")


def run(
    packets: Sequence[bytes | Captured],
    arguments: str = f"{ME}, {MY_ETHER}",
    *,
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    handlers: Sequence[str] = (),
    outputs: str = OUTPUTS,
    args: Sequence[str] = ("--simtime",),
) -> Result:
    """Do `before`, send the packets at their times, do `after`. All buffers must have been given back."""
    steps = [*before, "write f.active true", "pause", *after, "stop"]
    config = SPLIT.format(arguments=arguments, active="false") + outputs + f"dm :: DriverManager({', '.join(steps)});\n"
    result = run_config(config, {"in": packets}, handlers=[f"a.{handler}" for handler in handlers], args=args)
    assert result.status == 0, result.stderr
    assert "buffers were not given back" not in result.stderr
    return result


def at(milliseconds: float, packet: bytes) -> Captured:
    return Captured(packet, 0, START + int(milliseconds * 1_000_000))


def test_packets_wait_in_order_while_one_query_is_sent() -> None:
    packets = [to(2, 1), to(3, 2), to(2, 3), to(2, 4), reply(2), to(2, 5), reply(3)]
    result = run(packets, handlers=["count", "length", "queries", "responses", "drops", "stats"])
    assert result.data("query") == [query(2), query(3)]
    assert result.data("out") == [sent(2, 1), sent(2, 3), sent(2, 4), sent(2, 5), sent(3, 2)]
    assert result.handlers == {
        "a.count": "2",
        "a.length": "0",
        "a.queries": "2",
        "a.responses": "2",
        "a.drops": "0",
        "a.stats": "0 packets killed\n2 ARP queries sent",
    }


def test_broadcasts_and_groups_need_no_query() -> None:
    everybody = ["255.255.255.255", "10.0.0.255"]
    groups = {"224.0.0.1": "01:00:5e:00:00:01", "239.255.1.2": "01:00:5e:7f:01:02", "224.129.0.9": "01:00:5e:01:00:09"}
    packets = [to(target) for target in [*everybody, *groups]]
    expected = [sent(target, ether_to=ALL) for target in everybody]
    expected += [sent(target, ether_to=group) for target, group in groups.items()]
    result = run(packets, f"{ME}/24, {MY_ETHER}")
    assert (result.data("out"), result.data("query")) == (expected, [])
    # Without a mask, or with BROADCAST, 10.0.0.255 is a host.
    for arguments in (f"{ME}, {MY_ETHER}", f"{ME}/24, {MY_ETHER}, BROADCAST 10.0.0.254"):
        result = run([to(255), to(254)], arguments)
        waiting = [255, 254] if "BROADCAST" not in arguments else [255]
        assert result.data("query") == [query(n) for n in waiting]
        assert result.data("out") == [sent("10.0.0.254", ether_to=ALL)][: 2 - len(waiting)]


def test_packets_that_cannot_be_sent_are_dropped_and_counted() -> None:
    result = run([to("0.0.0.0"), to("0.0.0.0"), to(2)], handlers=["drops", "stats", "queries"])
    assert result.handlers == {
        "a.drops": "2",
        "a.stats": "2 packets killed\n1 ARP queries sent",
        "a.queries": "1",
    }
    assert result.stderr.splitlines() == ["a: would query for 0.0.0.0; missing dest IP addr annotation?"]
    unconfigured = run([to(2), to("255.255.255.255")], handlers=["drops"], before=["write a.ipaddr 0.0.0.0"])
    assert unconfigured.handlers == {"a.drops": "2"}
    assert unconfigured.data("out") == unconfigured.data("query") == []


def test_the_header_needs_room_in_the_buffer() -> None:
    encap = " -> ".join([f"EtherEncap(0x800, {MY_ETHER}, {ALL})"] * 5)
    config = f"""f :: FromDump(in.pcap, ACTIVE false, END_CALL dm.step) -> GetIPAddress(16) -> {encap}
-> [0] a :: ARPQuerier({ME}, {MY_ETHER}) -> ToDump(out.pcap, SNAPLEN 4000); Idle -> [1] a;
dm :: DriverManager(write a.insert {host(2)} {own(2)}, write f.active true, pause, stop);"""
    buffer = 2112  # an odd number of cache lines: what --buffer-size 2048 comes to
    packets = [ipv4(bytes(buffer - spare - 6 * 14 - 20), dst=host(2)) for spare in (0, -1, -14)]
    result = run_config(
        config, {"in": packets}, handlers=["a.drops", "a.length"], args=["--buffer-size", "2048"], link_type=101
    )
    assert [packet[:14] for packet in result.data("out")] == [frame(b"", src=MY_ETHER, dst=own(2))]
    assert result.data("out")[0][6 * 14 :] == packets[0]
    assert result.handlers == {"a.drops": "2", "a.length": "0"}


def test_only_replies_to_arp_over_ethernet_are_learned() -> None:
    right = reply(2)
    wrong = [
        arp(1, sender=(own(2), host(2)), target=(MY_ETHER, ME)),
        arp(2, sender=(own(2), host(2)), target=(MY_ETHER, ME), hardware=6),
        arp(2, sender=(own(2), host(2)), target=(MY_ETHER, ME), protocol=0x86DD),
        reply(2, ALL),
        reply(2, "01:00:00:00:00:02"),
        right[:41],
    ]
    result = run([to(2), *wrong, to(2, 1)], handlers=["responses", "length", "count", "table"])
    assert result.data("out") == []
    assert result.handlers["a.responses"] == "5"
    assert result.handlers["a.length"] == "2"
    assert result.handlers["a.count"] == "1"
    assert result.handlers["a.table"].startswith("10.0.0.2 0 FF-FF-FF-FF-FF-FF ")
    learned = run([right + bytes(18), to(2), reply(2, own(9)), to(2, 1)], handlers=["responses"])
    assert learned.data("out") == [sent(2), sent(2, 1, ether_to=own(9))]
    assert learned.data("query") == []


def test_queries_go_out_with_the_packets_where_there_is_one_output() -> None:
    result = run([to(2, 1), reply(2), to(3, 2), to(2, 3)], outputs="a -> ToDump(out.pcap);\n")
    assert result.data("out") == [query(2), sent(2, 1), query(3), sent(2, 3)]


def test_an_address_is_asked_for_every_100_ms_then_every_2_s() -> None:
    times = [0, 50, 99, 100, 150, 199, 200, *range(300, 1000, 100), 1050, 1950, 2899, 2901, 2902, 4899, 4902]
    packets = [at(time + 0.5, to(2, ident)) for ident, time in enumerate(times)]
    result = run(packets)
    asked = [
        time
        for time, copy in zip(times, packets, strict=True)
        if copy.time in {q.time for q in result.outputs["query"]}
    ]
    # Ten queries, the last at 900 ms, then one 2 s later at the earliest.
    assert asked == [*range(0, 1000, 100), 2901, 4902]
    assert result.data("query") == [query(2)] * len(asked)


def test_an_entry_in_use_is_asked_for_again_after_poll_timeout() -> None:
    times = [0, 1000, 4999, 5000, 5050, 5099, 5100, 5101, 6000]
    packets = [at(0.2, reply(2)), *(at(time + 0.5, to(2, ident)) for ident, time in enumerate(times))]
    arguments = f"{ME}, {MY_ETHER}, POLL_TIMEOUT 5"
    for more, target in (("", own(2)), (", BROADCAST_POLL true", ALL)):
        result = run(packets, arguments + more)
        assert result.data("out") == [sent(2, ident) for ident in range(len(times))]
        stamps = {copy.time for copy in result.outputs["query"]}
        asked = [time for time, copy in zip(times, packets[1:], strict=True) if copy.time in stamps]
        assert asked == [5000, 5100, 6000]
        assert result.data("query") == [query(2, target)] * 3
    answered = run(
        [*packets, at(6001.5, reply(2)), at(7000.5, to(2)), at(11_000.5, to(2)), at(11_002.5, to(2))], arguments
    )
    assert len(answered.data("query")) == 4
    never = run([*packets, at(290_000, to(2))], f"{ME}, {MY_ETHER}, POLL_TIMEOUT 0")
    assert never.data("query") == []


def test_entries_expire() -> None:
    arguments = f"{ME}, {MY_ETHER}, TIMEOUT 10, POLL_TIMEOUT 0"
    packets = [at(0.2, reply(2)), at(10_000.5, to(2, 1)), at(10_002.5, to(2, 2)), at(10_003.5, to(2, 3))]
    result = run(packets, arguments, handlers=["count", "length", "table"])
    assert result.data("out") == [sent(2, 1)]
    assert result.data("query") == [query(2)]
    assert (result.handlers["a.count"], result.handlers["a.length"]) == ("1", "2")
    # What the entry said is forgotten, its age kept this side of expiring.
    assert result.handlers["a.table"].startswith("10.0.0.2 0 02-00-00-00-01-02 10.0")
    again = run([*packets, at(10_004.5, reply(2)), at(10_005.5, to(2, 4))], arguments)
    assert again.data("out") == [sent(2, ident) for ident in (1, 2, 3, 4)]
    # Nobody asks any more: in the end the entry goes, and with it what waited.
    waited = run([*packets, at(40_000, to(3))], arguments, handlers=["count", "length", "stats", "drops"])
    assert waited.handlers == {
        "a.count": "1",
        "a.length": "1",
        "a.stats": "2 packets killed\n2 ARP queries sent",
        "a.drops": "0",
    }
    forever = run([at(0, reply(2)), at(10_000_000, to(2))], f"{ME}, {MY_ETHER}, TIMEOUT 0, POLL_TIMEOUT 0")
    assert forever.data("out") == [sent(2)]


def test_the_table_changes_by_handler() -> None:
    packets = [to(2, 1), to(3, 2), to(4, 3)]
    before = [f"write a.insert {host(2)} {own(2)}", f"write a.insert {host(3)} {own(3)}", f"write a.delete {host(3)}"]
    after = ["print >table $(a.table)", "write a.clear", "print >counts $(a.count) $(a.length) $(a.queries) $(a.drops)"]
    result = run(packets, before=before, after=after, handlers=["stats", "table"])
    assert result.data("out") == [sent(2, 1)]
    assert result.data("query") == [query(3), query(4)]
    lines = [line.rsplit(" ", 1) for line in result.files["table"].splitlines() if line]
    assert [line for line, _ in lines] == [
        "10.0.0.2 1 02-00-00-00-01-02",
        "10.0.0.3 0 FF-FF-FF-FF-FF-FF",
        "10.0.0.4 0 FF-FF-FF-FF-FF-FF",
    ]
    assert all(age.split(".")[0] == "0" and len(age) == 8 for _, age in lines)
    assert result.files["counts"] == "0 0 0 0\n"
    assert result.handlers == {"a.stats": "2 packets killed\n0 ARP queries sent", "a.table": ""}
    # After clear nothing that was known may be used again.
    cleared = run([to(2)], before=[before[0], "write a.clear"])
    assert (cleared.data("out"), cleared.data("query")) == ([], [query(2)])


def test_handlers_refuse_nonsense() -> None:
    lines = {
        "insert 10.0.0.2": "ETH: required argument missing",
        f"insert 10.0.0 {own(2)}": "IP: parse error",
        "insert 10.0.0.2 x": "ETH: parse error",
        f"insert 10.0.0.2 {own(2)} 3": "too many arguments",
        "delete": "IP: required argument missing",
        "delete x": "IP: parse error",
    }
    after = [f"write a.{line}" for line in lines] + ["write a.broadcast 10.0.0.77", "write a.ipaddr 10.0.0.9"]
    result = run([], after=after, handlers=["ipaddr", "broadcast", "count"])
    assert [line.strip() for line in result.stderr.splitlines() if line.startswith("  ")] == list(lines.values())
    assert result.handlers == {"a.ipaddr": "10.0.0.9", "a.broadcast": "10.0.0.77", "a.count": "0"}


CAPACITIES = ["", "CAPACITY 8", "CAPACITY 7, CAPACITY_SLIM_FACTOR 7", "ENTRY_CAPACITY 3", "ENTRY_PACKET_CAPACITY 2"]
CAPACITIES += ["CAPACITY 1, CAPACITY_SLIM_FACTOR 1", "CAPACITY 5, ENTRY_CAPACITY 2, ENTRY_PACKET_CAPACITY 3"]


def traffic(chance: random.Random, count: int, hosts: int) -> list[Captured]:
    """Packets and replies at random times, half a millisecond past whole ones."""
    packets, time = [], 0.5
    for ident in range(count):
        packet = (
            reply(chance.randrange(2, 2 + hosts))
            if chance.random() < 0.15
            else to(chance.randrange(2, 2 + hosts), ident)
        )
        packets.append(at(time, packet))
        time += chance.choice([0, 0, 1, 3, 40, 100, 101, 400, 1100, chance.randrange(3000)])
    return packets


@pytest.mark.parametrize("limits", CAPACITIES)
def test_random_traffic_is_treated_as_the_model_says(limits: str) -> None:
    chance = random.Random(limits)
    packets = traffic(chance, 1200, chance.choice([3, 12, 90]))
    arguments = f"{ME}, {MY_ETHER}, TIMEOUT 7, POLL_TIMEOUT 2"
    result = run(
        packets,
        f"{arguments}{', ' if limits else ''}{limits}",
        handlers=["count", "length", "queries", "responses", "stats"],
    )
    given = {name: int(value) for name, value in (word.split() for word in limits.split(", ") if word)}
    model = ArpModel(timeout=7000, poll_timeout=2000)
    for name, value in given.items():
        setattr(model, name.lower(), value)
    expected: list[Sent] = []
    for packet in packets:
        now = (packet.time - START) // 1_000_000
        target = packet.data[30:34] if packet.data[12:14] == b"\x08\0" else None
        if target is None:
            expected += model.reply(packet.data[28:32], packet.data[22:28], now)
        else:
            expected += model.send(target, packet, now)
    out = [ether_to + ether(MY_ETHER) + held.data[12:] for ether_to, held in expected]
    assert result.data("out") == out
    assert len(result.data("query")) == model.queries
    waiting = sum(len(entry.waiting) for entry in model.entries)
    assert result.handlers == {
        "a.count": str(len(model.entries)),
        "a.length": str(waiting),
        "a.queries": str(model.queries),
        "a.responses": str(sum(packet.data[12:14] == b"\x08\x06" for packet in packets)),
        "a.stats": f"{model.drops} packets killed\n{model.queries} ARP queries sent",
    }
    sent_to_hosts = sum(packet.data[12:14] == b"\x08\0" for packet in packets)
    assert len(out) + waiting + model.drops == sent_to_hosts


def test_many_hosts_and_capacities_give_every_buffer_back() -> None:
    packets: list[bytes | Captured] = []
    for n in range(3000):
        target = f"10.{n >> 8}.{n & 255}.7"
        packets.append(frame(ipv4(dst=target, ident=n)))
        if n % 3 == 0:
            packets.append(arp(2, sender=("02:00:00:00:00:07", target), target=(MY_ETHER, ME)))
    result = run(packets, f"{ME}, {MY_ETHER}, CAPACITY 100", handlers=["count", "length", "stats"])
    assert len(result.data("query")) == 3000
    assert [packet[18:20] for packet in result.data("out")] == [n.to_bytes(2, "big") for n in range(0, 3000, 3)]
    killed = 2000 - int(result.handlers["a.length"])
    assert result.handlers["a.count"] == "3000"
    assert result.handlers["a.stats"] == f"{killed} packets killed\n3000 ARP queries sent"


def test_a_name_may_stand_for_both_addresses() -> None:
    config = f"""AddressInfo(eth {ME}/24 {MY_ETHER});
Idle -> [0] a :: ARPQuerier(eth, BROADCAST 10.0.0.9) -> Discard; Idle -> [1] a; DriverManager(stop);"""
    result = run_config(config, handlers=["a.ipaddr", "a.broadcast"])
    assert result.handlers == {"a.ipaddr": ME, "a.broadcast": "10.0.0.9"}


def test_configuration_errors() -> None:
    good = f"{ME}, {MY_ETHER}"
    check_refusals(
        {
            "ARPQuerier": "IP: required argument missing",
            "ARPQuerier(10.0.0.1)": "ETH: parse error",
            f"ARPQuerier(10.0.0, {MY_ETHER})": "IP: parse error",
            "ARPQuerier(10.0.0.1, 1:2:3:4:5)": "ETH: parse error",
            f"ARPQuerier({good}, CAPACITY -1)": "CAPACITY: invalid number",
            f"ARPQuerier({good}, ENTRY_CAPACITY x)": "ENTRY_CAPACITY: invalid number",
            f"ARPQuerier({good}, ENTRY_PACKET_CAPACITY x)": "ENTRY_PACKET_CAPACITY: invalid number",
            f"ARPQuerier({good}, CAPACITY_SLIM_FACTOR 0)": "CAPACITY_SLIM_FACTOR cannot be zero",
            f"ARPQuerier({good}, TIMEOUT soon)": "TIMEOUT: parse error",
            f"ARPQuerier({good}, POLL_TIMEOUT -1)": "POLL_TIMEOUT: parse error",
            f"ARPQuerier({good}, BROADCAST 10.0.0.0/24)": "BROADCAST: parse error",
            f"ARPQuerier({good}, BROADCAST_POLL 3)": "BROADCAST_POLL: parse error",
            f"ARPQuerier({good}, 5)": "too many arguments",
        },
        "Idle -> [0] x :: {} -> Discard; Idle -> [1] x;",
    )
