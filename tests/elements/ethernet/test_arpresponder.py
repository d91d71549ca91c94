"""ARPResponder: who answers for which address."""

from __future__ import annotations

import random

from tests.elements.datagrams import arp, check_refusals
from tests.elements.harness import Case, run_cases, run_config

ASKER = ("02:00:00:00:00:aa", "10.0.0.99")
NOBODY = "00:00:00:00:00:00"
ALL = "ff:ff:ff:ff:ff:ff"
ONE, TWO, THREE = (f"02:00:00:00:00:0{n}" for n in (1, 2, 3))


def request(target: str, **more: int) -> bytes:
    return arp(1, sender=ASKER, target=(NOBODY, target), to=ALL, **more)


def reply(target: str, ether: str) -> bytes:
    return arp(2, sender=(ether, target), target=ASKER)


def dotted(value: int) -> str:
    return ".".join(map(str, value.to_bytes(4, "big")))


def test_requests_for_its_addresses_are_answered_and_the_rest_goes_on() -> None:
    good = request("10.0.0.1")
    others = [
        request("10.0.0.2"),
        arp(2, sender=(ONE, "10.0.0.7"), target=ASKER),
        request("10.0.0.1", hardware=6),
        request("10.0.0.1", protocol=0x86DD),
        good[:12] + b"\x08\0" + good[14:],
        good[:41],
        b"",
        good[:13],
    ]
    padded = good + bytes(18)
    config = f"ARPResponder(10.0.0.1 {ONE})"
    results = run_cases(
        {
            "two outputs": Case(config, [good, *others, padded], 2),
            "one output": Case(config, [*others, good]),
            "pulled": Case(config, [good, others[0]], before="Queue", after="Unqueue"),
            "nobody": Case("ARPResponder", [good], 2, handlers=["table"]),
        }
    )
    answer = reply("10.0.0.1", ONE)
    assert results["two outputs"].outputs == [[answer, answer], others]
    assert results["one output"].outputs == results["pulled"].outputs == [[answer]]
    assert results["nobody"].outputs == [[], [good]]
    assert results["nobody"].handlers == {"table": ""}


def test_the_longest_prefix_answers() -> None:
    asked = ["10.0.0.1", "10.0.0.2", "10.1.0.1", "10.1.2.3", "11.0.0.0", "192.168.0.77", "0.0.0.0", "255.255.255.255"]
    packets = [request(target) for target in asked]
    config = f"ARPResponder(10.0.0.0/8 {ONE}, 10.1.0.0/255.255.0.0 10.0.0.2 {TWO}, 192.168.0.77 {THREE} 11/8)"
    results = run_cases(
        {
            "prefixes": Case(config, packets, 2, handlers=["table"]),
            "default": Case(f"ARPResponder(0/0 {ONE}, 10.0.0.1 {TWO})", packets[:3]),
        }
    )
    assert results["prefixes"].outputs == [
        [
            reply("10.0.0.1", ONE),
            reply("10.0.0.2", TWO),
            reply("10.1.0.1", TWO),
            reply("10.1.2.3", TWO),
            reply("11.0.0.0", THREE),
            reply("192.168.0.77", THREE),
        ],
        packets[6:],
    ]
    assert results["prefixes"].handlers == {
        "table": "10.1.0.0/16 02-00-00-00-00-02\n10.0.0.2/32 02-00-00-00-00-02\n10.0.0.0/8 02-00-00-00-00-01\n"
        "192.168.0.77/32 02-00-00-00-00-03\n11.0.0.0/8 02-00-00-00-00-03",
    }
    assert results["default"].outputs == [[reply("10.0.0.1", TWO), reply("10.0.0.2", ONE), reply("10.1.0.1", ONE)]]


def test_prefixes_in_any_order_answer_as_a_plain_search_does() -> None:
    chance = random.Random(4)
    prefixes: dict[tuple[int, int], str] = {}
    while len(prefixes) < 40:
        length = chance.choice([8, 16, 24, 24, 30, 32])
        value = 0x0A000000 | chance.choice([0, 1 << 16, 257]) | chance.randrange(64)
        prefixes[value >> (32 - length) << (32 - length), length] = f"02:00:00:00:00:{len(prefixes):02x}"
    items = list(prefixes.items())
    chance.shuffle(items)
    config = ", ".join(f"{dotted(network)}/{length} {ether}" for (network, length), ether in items)
    asked = [network + chance.randrange(4) for network, _ in prefixes] + [0x0B000000]
    results = run_cases({"random": Case(f"ARPResponder({config})", [request(dotted(value)) for value in asked])})
    expected = []
    for value in asked:
        matching = [
            (length, ether) for (network, length), ether in prefixes.items() if (value ^ network) >> (32 - length) == 0
        ]
        if matching:
            expected.append(reply(dotted(value), max(matching)[1]))
    assert results["random"].outputs == [expected]


def test_entries_change_by_handler() -> None:
    instructions = [
        f"write r.add 10.0.0.5 10.0.0.6 {TWO}",
        f"write r.add 10.0.0.1 {THREE}",
        "write r.remove 10.0.0.8/31",
        "write r.add host",
        "write r.remove 10.0.0.77",
        "write r.remove nonsense",
        "write r.add 10.0.0.7",
        f"write r.add 10.0.0.7 {ONE} {TWO}",
        f"write r.add {ONE}",
        "write r.add 10.0.0.7 word",
        "print >look [$(r.lookup host)] [$(r.lookup 10.0.0.6)] [$(r.lookup 12.0.0.1)]",
        "write f.active true",
        "pause",
        "stop",
    ]
    config = f"""AddressInfo(host 10.0.0.3 02:00:00:00:00:33);
f :: FromDump(in.pcap, ACTIVE false, END_CALL dm.step)
-> r :: ARPResponder(10.0.0.1 {ONE}, 10.0.0.8/31 {ONE}) -> ToDump(out.pcap);
dm :: DriverManager({", ".join(instructions)});
"""
    targets = [f"10.0.0.{n}" for n in range(1, 10)]
    result = run_config(config, {"in": [request(target) for target in targets]}, handlers=["r.table"])
    assert result.status == 0, result.stderr
    own = "02:00:00:00:00:33"
    wanted = {"10.0.0.1": THREE, "10.0.0.3": own, "10.0.0.5": TWO, "10.0.0.6": TWO}
    assert result.data("out") == [reply(target, ether) for target, ether in wanted.items()]
    assert result.handlers["r.table"].splitlines() == [
        "10.0.0.5/32 02-00-00-00-00-02",
        "10.0.0.6/32 02-00-00-00-00-02",
        "10.0.0.1/32 02-00-00-00-00-03",
        "10.0.0.3/32 02-00-00-00-00-33",
    ]
    assert [line.strip() for line in result.stderr.splitlines() if line.startswith("  ")] == [
        "10.0.0.77/32 not found",
        "expected IP/MASK",
        "missing ETH",
        "more than one ETH",
        "missing IP/MASK",
        "expected IP/MASK ETH",
    ]
    assert result.files["look"] == "[02-00-00-00-00-33] [02-00-00-00-00-02] []\n"


def test_configuration_errors() -> None:
    check_refusals(
        {
            f"ARPResponder(10.0.0.300 {ONE}, 10.0.0.1)": [
                "argument 0: expected IP/MASK ETH",
                "argument 1: missing ETH",
            ],
            f"ARPResponder({ONE})": "argument 0: missing IP/MASK",
            f"ARPResponder(10.0.0.1 {ONE} {TWO})": "argument 0: more than one ETH",
        }
    )


def test_a_second_entry_for_a_prefix_is_warned_about_and_replaces_the_first() -> None:
    config = f"Idle -> r :: ARPResponder(10.0.0.1 {ONE}, 10.0.0.0/24 {ONE}, 10.0.0.1/32 {TWO}) -> Discard;\n"
    result = run_config(config + "DriverManager(stop);", handlers=["r.table"])
    assert result.stderr.splitlines() == [
        "config.click:1: While configuring 'r :: ARPResponder':",
        "  warning: multiple entries for 10.0.0.1/32",
    ]
    assert result.handlers["r.table"] == "10.0.0.1/32 02-00-00-00-00-02\n10.0.0.0/24 02-00-00-00-00-01"
