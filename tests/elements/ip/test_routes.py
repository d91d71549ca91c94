"""The four route tables: the longest prefix decides, whatever was done before."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

import pytest

from tests.elements.datagrams import address, check_refusals
from tests.elements.harness import Result, run_config

DYNAMIC = ["LinearIPLookup", "RadixIPLookup", "DirectIPLookup"]
ALL = ["StaticIPLookup", *DYNAMIC]
OUTPUTS = 4

#: prefix (address, length) -> (gateway, output)
Model = dict[tuple[int, int], tuple[int, int]]


def dotted(value: int) -> str:
    return ".".join(map(str, value.to_bytes(4, "big")))


def longest_match(model: Model, destination: int) -> tuple[int, int] | None:
    """Gateway and output, the plain way."""
    matching = [
        (length, way)
        for (network, length), way in model.items()
        if length == 0 or destination >> (32 - length) == network >> (32 - length)
    ]
    return max(matching)[1] if matching else None


def text(prefix: tuple[int, int], way: tuple[int, int]) -> str:
    gateway, output = way
    return f"{dotted(prefix[0])}/{prefix[1]} {dotted(gateway) + ' ' if gateway else ''}{output}"


def random_prefix(chance: random.Random) -> tuple[int, int]:
    """From a small part of the address space, so that prefixes cover each other and meet again."""
    length = chance.choice([0, 1, 7, 8, 9, 15, 16, 17, 20, 23, 24, 24, 25, 28, 31, 32, 32, chance.randrange(33)])
    value = chance.choice([0x0A000000, 0x0A000100, 0x0A010000, 0xC0A80000]) + chance.choice(
        [0, 1, 128, 255, 256, chance.randrange(1 << 16)]
    )
    return (value >> (32 - length) << (32 - length), length)


def random_way(chance: random.Random) -> tuple[int, int]:
    return (chance.choice([0, 0, chance.randrange(1, 1 << 32)]), chance.randrange(OUTPUTS))


def destinations(chance: random.Random, prefixes: Iterable[tuple[int, int]]) -> list[int]:
    """The bounds of the prefixes and what is just outside, and addresses anywhere."""
    found = {0, 0xFFFFFFFF}
    for network, length in prefixes:
        last = network + (1 << (32 - length)) - 1
        found |= {network - 1, network, chance.randint(network, last), last, last + 1}
    return [value for value in sorted(found) if 0 <= value < 1 << 32] + [chance.randrange(1 << 32) for _ in range(20)]


def router(routes: dict[str, Sequence[str]], script: str = "") -> str:
    """Tables by their classes, called rt_CLASS. Each sees every packet of in.pcap, which starts with its destination;
    a packet leaves by the output's file with the annotation in front."""
    lines = [
        "f :: FromDump(in.pcap, ACTIVE false, END_CALL dm.step) -> GetIPAddress(0)",
        f"-> t :: Tee({len(routes)});",
    ]
    for number, (name, table) in enumerate(routes.items()):
        lines.append(f"t [{number}] -> rt_{name} :: {name}({', '.join(table)});")
        lines += [f"rt_{name} [{port}] -> StoreIPAddress(4) -> ToDump({name}_{port}.pcap);" for port in range(OUTPUTS)]
    lines.append(f"dm :: DriverManager({script} write f.active true, pause, stop);")
    return "\n".join(lines)


def packet(destination: int) -> bytes:
    return destination.to_bytes(4, "big") + bytes(4)


def check_forwarding(result: Result, name: str, model: Model, asked: Sequence[int]) -> None:
    """Every packet left where the model says, with the gateway in its annotation."""
    for port in range(OUTPUTS):
        expected = []
        for destination in asked:
            way = longest_match(model, destination)
            # StoreIPAddress does not write 0.0.0.0
            if way is not None and way[1] == port and (way[0] or destination):
                expected.append(destination.to_bytes(4, "big") + (way[0] or destination).to_bytes(4, "big"))
        assert result.data(f"{name}_{port}") == expected, f"{name} [{port}]"


@pytest.mark.parametrize("size", [0, 1, 10, 200])
def test_packets_go_by_the_longest_prefix(size: int) -> None:
    chance = random.Random(size)
    model: Model = {}
    while len(model) < size:
        model[random_prefix(chance)] = random_way(chance)
    asked = destinations(chance, model)
    table = [text(prefix, way) for prefix, way in model.items()]
    result = run_config(router(dict.fromkeys(ALL, table)), {"in": [packet(value) for value in asked]})
    assert result.status == 0, result.stderr
    for name in ALL:
        check_forwarding(result, name, model, asked)


def change(chance: random.Random, model: Model) -> tuple[str, str]:
    """A handler and what to write to it, often refused; `model` follows."""
    command = chance.choice(["add", "add", "add", "set", "remove"])
    known = list(model)
    prefix = chance.choice(known) if known and chance.random() < 0.4 else random_prefix(chance)
    way = random_way(chance)
    if command == "remove":
        exact = chance.random() < 0.5 and prefix in model
        line = text(prefix, model[prefix]) if exact else f"{dotted(prefix[0])}/{prefix[1]}"
        model.pop(prefix, None)
    else:
        line = text(prefix, way)
        if command == "set" or prefix not in model:
            model[prefix] = way
    return command, line


@pytest.mark.parametrize("name", DYNAMIC)
def test_any_sequence_of_changes_leaves_the_right_table(name: str) -> None:
    chance = random.Random(name)
    model: Model = {}
    script = []
    for step in range(250):
        if step == 120 and name != "LinearIPLookup":
            script.append(f"write rt_{name}.flush")
            model.clear()
        elif step % 10 == 9:
            trial, lines = dict(model), []
            for _ in range(chance.randrange(1, 12)):
                held = dict(trial)
                command, line = change(chance, trial)
                lines.append(f"{command} {line}")
                if trial == held and command != "set":
                    break  # this one is refused, and so all of them
            else:
                model = trial
            joined = r"\n".join(lines)
            script.append(f'writeq rt_{name}.ctrl "{joined}"')
        else:
            command, line = change(chance, model)
            script.append(f"write rt_{name}.{command} {line}")
    asked = destinations(chance, [*model, *(random_prefix(chance) for _ in range(50))])
    lookups = asked[:60]
    script += [f"print >>look $(rt_{name}.lookup {dotted(value)})" for value in lookups]
    text_of = router({name: []}, ", ".join(script) + ",")
    result = run_config(text_of, {"in": [packet(value) for value in asked]}, handlers=[f"rt_{name}.table"])
    assert result.status == 0, result.stderr
    check_forwarding(result, name, model, asked)
    shown = {}
    for line in result.handlers[f"rt_{name}.table"].splitlines():
        prefix, gateway, output = line.split()
        network, length = prefix.split("/")
        way = (0 if gateway == "-" else int.from_bytes(address(gateway), "big"), int(output))
        shown[int.from_bytes(address(network), "big"), int(length)] = way
    assert shown == model
    expected = []
    for value in lookups:
        found = longest_match(model, value)
        expected.append("-1" if found is None else f"{found[1]} {dotted(found[0])}" if found[0] else str(found[1]))
    assert result.files["look"].splitlines() == expected


def handlers_of(config: str, instructions: Sequence[str], *, outputs: int = 2) -> tuple[str, list[str]]:
    """Do the instructions; the table, and what was said on standard error."""
    ports = " ".join(f"rt [{port}] -> Discard;" for port in range(outputs))
    text_of = f"Idle -> rt :: {config};\n{ports}\nDriverManager({', '.join(instructions)}, stop);\n"
    result = run_config(text_of, handlers=["rt.table"])
    assert result.status == 0, result.stderr
    return result.handlers["rt.table"], result.stderr.splitlines()


ORDERED = [
    "write rt.remove 10.0.1.0/24",
    "write rt.remove 10.0.3.0/24",
    "write rt.set 10.0.2.0/24 5.5.5.5 1",
    "write rt.add 10.0.4.0/24 0",
    "write rt.add 10.0.5.0/24 0",
    "write rt.add 10.0.6.0/24 0",
]
FIVE = ", ".join(f"10.0.{n}.0/24 0" for n in (1, 2, 3))


def test_tables_show_routes_in_clicks_order_and_columns() -> None:
    columns = "1.2.3.4/32 0, 10.0.0.0/8 1.1.1.1 1, 255.255.255.255/32 255.255.255.255 0, 0/0 - 1, 128.0.0.0/1 1"
    table, _ = handlers_of(f"StaticIPLookup({columns})", [])
    assert table.splitlines() == [
        "1.2.3.4/32\t\t-\t\t0",
        "10.0.0.0/8\t\t1.1.1.1\t\t1",
        "255.255.255.255/32\t255.255.255.255\t0",
        "0.0.0.0/0\t\t-\t\t1",
        "128.0.0.0/1\t\t-\t\t1",
    ]
    linear, _ = handlers_of(f"LinearIPLookup({FIVE})", ORDERED)
    assert [line.split("\t")[0] for line in linear.splitlines()] == [
        "10.0.4.0/24",
        "10.0.2.0/24",
        "10.0.5.0/24",
        "10.0.6.0/24",
    ]
    # The place that was freed last is taken first, and a replaced route moves.
    radix, _ = handlers_of(f"RadixIPLookup({FIVE})", ORDERED)
    assert [line.split("\t")[0] for line in radix.splitlines()] == [
        "10.0.5.0/24",
        "10.0.4.0/24",
        "10.0.2.0/24",
        "10.0.6.0/24",
    ]


REFUSED = {
    "add 10.0.0.0/8 1": "conflict with existing route '10.0.0.0/8 1.1.1.1 0'",
    "add 10.0.0.0/8": "expected 'ADDR/MASK [GATEWAY] OUTPUT'",
    "add 10.0.0.0/8 1.1.1.1": "expected 'ADDR/MASK [GATEWAY] OUTPUT'",
    "add 10.0.0.0/8 1.1.1.1 0 0": "expected 'ADDR/MASK [GATEWAY] OUTPUT'",
    "add 10.0.0.0/255.0.255.0 0": "expected 'ADDR/MASK [GATEWAY] OUTPUT'",
    "set x 0": "expected 'ADDR/MASK [GATEWAY] OUTPUT'",
    "set 10.0.0.0/8 2": "bad OUTPUT",
    "set 10.0.0.0/8 -1": "bad OUTPUT",
    "remove": "expected 'ADDR/MASK [GATEWAY OUTPUT]'",
    "remove 10.0.0.0/8 x": "expected 'ADDR/MASK [GATEWAY OUTPUT]'",
    "remove 10.0.0.0/8 -2": "bad OUTPUT",
    "remove 10.0.0.0/8 0": "route '10.0.0.0/8 - 0' not found",
    "remove 10.0.0.0/8 1.1.1.2 0": "route '10.0.0.0/8 1.1.1.2 0' not found",
    "remove 10.0.0.0/9": "route '10.0.0.0/9 - -1' not found",
    "remove 0/0": "route '0.0.0.0/0 - -1' not found",
    r'ctrl "add 11/8 0\nmove 10/8 1"': "bad command 'move'",
    r'ctrl "remove 10/8\nadd 12/8 0\nset 12/8 1\nremove 13/8"': "route '13.0.0.0/8 - -1' not found",
}


@pytest.mark.parametrize("name", DYNAMIC)
def test_changes_that_are_refused_change_nothing(name: str) -> None:
    instructions = [f"writeq rt.{line}" for line in REFUSED]
    table, said = handlers_of(f"{name}(10.0.0.0/8 1.1.1.1 0)", instructions)
    assert table == "10.0.0.0/8\t\t1.1.1.1\t\t0"
    assert [line.strip() for line in said if line.startswith("  ")] == list(REFUSED.values())


def test_a_static_table_refuses_changes() -> None:
    instructions = [f"write rt.{line}" for line in ("add 11/8 0", "set 10/8 0", "remove 10/8", "add 11/8 7")]
    table, said = handlers_of("StaticIPLookup(10.0.0.0/8 1.1.1.1 0)", instructions)
    assert table == "10.0.0.0/8\t\t1.1.1.1\t\t0"
    assert [line.strip() for line in said if line.startswith("  ")] == [
        "cannot add routes to this routing table",
        "cannot add routes to this routing table",
        "cannot delete routes from this routing table",
        "bad OUTPUT",
    ]


def test_a_gateway_in_a_removal_counts_only_with_an_output() -> None:
    instructions = []
    for line in ("10/8", "10/8 9.9.9.9", "10.0.0.0/255.0.0.0 -", "10/8 1.1.1.1 0"):
        instructions += [f"write rt.remove {line}", "write rt.add 10/8 1.1.1.1 0"]
    table, said = handlers_of("LinearIPLookup(10.0.0.0/8 1.1.1.1 0)", instructions)
    assert (table, said) == ("10.0.0.0/8\t\t1.1.1.1\t\t0", [])


def test_configuration_errors() -> None:
    shape = "argument {} should be 'ADDR/MASK [GATEWAY] OUTPUT'"
    for name in ALL:
        check_refusals(
            {
                f"{name}(10/8 0, x, 11/8)": [shape.format(2), shape.format(3)],
                f"{name}(10/8 1, 11/8 -1)": ["argument 1 bad OUTPUT", "argument 2 bad OUTPUT"],
                f"{name}(10/33 0)": shape.format(1),
                f"{name}(10/8 1.1.1.1 2.2.2.2 0)": shape.format(1),
                f"{name}(10.0.0.0/255.0.255.0 0)": shape.format(1),
            }
        )


def test_of_routes_to_the_same_prefix_the_first_one_stays() -> None:
    lines = [
        f"Idle -> t{n} :: {name}(10/8 0, 10.1.2.3/8 1, 10.0.0.0/8 1); t{n}[1] -> d{n} :: Discard; t{n}[0] -> d{n};"
        for n, name in enumerate(ALL)
    ]
    result = run_config("\n".join([*lines, "DriverManager(stop);"]), handlers=[f"t{n}.table" for n in range(len(ALL))])
    assert set(result.handlers.values()) == {"10.0.0.0/8\t\t-\t\t0"}
    assert result.stderr.splitlines() == [
        line
        for n, name in enumerate(ALL)
        for line in (
            f"config.click:{n + 1}: While configuring 't{n} :: {name}':",
            "  warning: 2 routes replaced by later versions",
        )
    ]


@pytest.mark.parametrize("name", ["RadixIPLookup", "DirectIPLookup"])
def test_ten_thousand_routes_are_added_and_removed_in_seconds(name: str) -> None:
    lines = [f"10.{n >> 8}.{n & 255}.0/24 0" for n in range(10_000)]
    add = r"\n".join(f"add {line}" for line in lines)
    remove = r"\n".join(f"remove {line}" for line in lines[1:])
    table, said = handlers_of(f"{name}(0/0 1)", [f'writeq rt.ctrl "{add}"', f'writeq rt.ctrl "{remove}"'])
    assert (table.splitlines(), said) == (["0.0.0.0/0\t\t-\t\t1", "10.0.0.0/24\t\t-\t\t0"], [])
