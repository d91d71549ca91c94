"""The shape of generated code: golden files, big rule sets, and what must never be in it."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nmclick.classify import Program, compile_classifier, compile_ipclassifier, compile_ipfilter, dispatch
from nmclick.classify.hashing import perfect_hash
from nmclick.classify.ir import Node, Select, Variable, topological
from nmclick.classify.names import NoNames
from nmclick.classify.patterns import Base

from .native import INCLUDE, PRELUDE, Executable, compiler
from .strategies import ip_packet, ip_rules

GOLDEN = Path(__file__).parent / "golden"
NAMES = NoNames()


def firewall(count: int, seed: int = 7) -> list[str]:
    """Rules on many networks, as firewalls have them."""
    r = random.Random(seed)
    rules = []
    for i in range(count):
        source = f"{11 + r.randrange(150)}.{r.randrange(256)}.{r.randrange(256)}.0/24"
        target = f"10.{r.randrange(100)}.{r.randrange(256)}.0/24"
        rules.append(
            [
                f"deny src net {source}",
                f"allow udp && src net {source} && dst net {target} && dst port {r.choice([53, 123, 161])}",
                f"1 tcp && dst net {target} && dst port {r.choice([22, 80, 443])}",
                f"deny udp && dst net {target} && dst port > {r.choice([1023, 32767])}",
            ][i % 4]
        )
    return [*rules, "allow udp && dst net 10.201.0.0/16 && dst port 4789", "deny all"]


def firewall_packets(rules: list[str], r: random.Random, count: int) -> list[dict[Base, bytes]]:
    """Packets of the addresses that the rules are about."""
    nets = {side: [re.findall(rf"{side} net (\d+\.\d+\.\d+)", rule) for rule in rules] for side in ("src", "dst")}
    packets = []
    for _ in range(count):
        packet = bytearray(ip_packet(r).get(Base.NETWORK, b"").ljust(60, b"\0"))
        packet[0], packet[6], packet[7] = 0x45, 0, 0
        rule = r.randrange(len(rules))
        for side, at in (("src", 12), ("dst", 16)):
            net = (nets[side][rule] or ["1.2.3"])[0]
            packet[at : at + 4] = bytes(map(int, net.split("."))) + bytes([r.randrange(256)])
        packet[22:24] = r.choice([22, 53, 80, 123, 1023, 1024, 4789, 40000]).to_bytes(2, "big")
        data = bytes(packet)
        packets.append({Base.NETWORK: data, Base.TRANSPORT: data[20:]})
    return packets


PROGRAMS: dict[str, Callable[[], Program]] = {
    "ethernet": lambda: compile_classifier(["12/0806 20/0001", "12/0806 20/0002", "12/0800", "-"])[0],
    "ports": lambda: compile_ipclassifier(["dst port 53 or 80", "tcp ? syn : icmp type echo", "ip frag", "-"], NAMES)[
        0
    ],
    "firewall": lambda: compile_ipfilter(firewall(40), NAMES)[0],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_generated_c_is_as_it_was(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.c.txt", PROGRAMS[name]().emit_c("classify_e7"))


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("cc", ["gcc", "clang"])
def test_generated_c_compiles_without_warnings(name: str, cc: str, tmp_path: Path) -> None:
    if shutil.which(cc) is None:
        pytest.skip(f"no {cc}")
    program = PROGRAMS[name]()
    argument = "p" if program.packet else "p->header[0], p->length[0]"
    call = f"int use(const struct packet *p);\nint use(const struct packet *p)\n{{\n    return f({argument});\n}}\n"
    source = tmp_path / "f.c"
    source.write_text(PRELUDE + program.emit_c("f") + call)
    flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-O2", f"-I{INCLUDE}"]
    subprocess.run([cc, *flags, "-c", "-o", str(tmp_path / "f.o"), str(source)], check=True)


def test_compiling_twice_gives_the_same_text() -> None:
    assert PROGRAMS["firewall"]().emit_c("f") == PROGRAMS["firewall"]().emit_c("f")


def test_no_word_of_a_pattern_reaches_the_code() -> None:
    class Names(NoNames):
        def ip_address(self, name: str) -> bytes | None:
            return bytes([1, 2, 3, 4]) if name == "Injected_name" else None

    program, errors, _ = compile_ipfilter(["allow src Injected_name or dst Injected_name"], Names())
    assert not errors
    assert "Injected" not in program.emit_c("f")
    assert "0x1020304u" in program.emit_c("f")


@pytest.mark.skipif(compiler() is None, reason="no C compiler")
def test_a_hundred_rules_are_a_few_tests_on_every_path(tmp_path: Path) -> None:
    rules = firewall(100)
    program, errors, _ = compile_ipfilter(rules, NAMES)
    assert not errors
    depths = {id(program.root): 1}
    for node in topological(program.root):
        if isinstance(node, Select):
            for target in node.targets:
                depths[id(target)] = max(depths.get(id(target), 0), depths[id(node)] + 1)
    assert max(depths.values()) <= 9
    packets = [(0, headers) for headers in firewall_packets(rules, random.Random(1), 3000)]
    expected = [program.evaluate(headers) for _, headers in packets]
    assert {-1, 0, 1} <= set(expected)
    assert Executable([program], tmp_path, "-O1").outputs(packets) == expected


def test_rules_that_overlap_in_too_many_ways_are_tested_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "MAX_WORK", -1)
    for seed in range(10):
        r = random.Random(seed)
        program, errors, _ = compile_ipfilter(ip_rules(r), NAMES, 4)
        assert not errors
        program.emit_c("f")
        for _ in range(40):
            headers = ip_packet(r)
            assert program.walk(headers) == program.evaluate(headers)
    linear = [len(compile_ipfilter(firewall(count), NAMES)[0].emit_c("f").splitlines()) for count in (50, 100, 200)]
    assert linear[2] - linear[1] < 3 * (linear[1] - linear[0])


@pytest.mark.skipif(compiler() is None, reason="no C compiler")
def test_the_c_of_rules_that_are_tested_in_order_does_what_they_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(dispatch, "MAX_WORK", -1)
    r = random.Random(5)
    programs = [compile_ipfilter(ip_rules(r), NAMES, 4)[0] for _ in range(8)]
    packets = [(number, ip_packet(r)) for number in range(len(programs)) for _ in range(100)]
    expected = [programs[number].evaluate(headers) for number, headers in packets]
    assert Executable(programs, tmp_path, "-O1").outputs(packets) == expected


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_variable_is_looked_at_twice_on_any_path(name: str) -> None:
    def check(node: Node, seen: frozenset[Variable]) -> None:
        if isinstance(node, Select):
            assert node.variable not in seen
            for target in {id(target): target for target in node.targets}.values():
                check(target, seen | {node.variable})

    check(PROGRAMS[name]().root, frozenset())


def test_a_large_set_of_networks_is_one_table(tmp_path: Path) -> None:
    r = random.Random(3)
    nets = {f"{r.randrange(1, 224)}.{r.randrange(256)}.{r.randrange(256)}.0/24" for _ in range(600)}
    program, errors, _ = compile_ipfilter([f"deny src {net}" for net in sorted(nets)] + ["allow all"], NAMES)
    assert not errors
    assert len(topological(program.root)) == 4
    assert len(program.emit_c("f").splitlines()) < 600
    packets = []
    for net in sorted(nets):
        address = bytes(map(int, net.split("/")[0].split(".")))[:3]
        for source in (address + b"\x07", address[:2] + r.randbytes(2)):
            packets.append((0, {Base.NETWORK: bytes(12) + source + bytes(4)}))
    expected = [program.evaluate(headers) for _, headers in packets]
    assert {-1, 0} == set(expected)
    assert Executable([program], tmp_path, "-O1").outputs(packets) == expected


def test_a_program_knows_the_headers_it_looks_at() -> None:
    assert compile_ipclassifier(["tcp"], NAMES)[0].headers == {"network"}
    assert compile_ipclassifier(["port 80"], NAMES)[0].headers == {"network", "transport"}
    assert compile_ipclassifier(["ether host 1:2:3:4:5:6"], NAMES)[0].headers == {"mac"}
    assert compile_ipclassifier(["-"], NAMES)[0].headers == frozenset()


@pytest.mark.parametrize("count", [2, 3, 8, 50, 100, 101, 200, 3000])
def test_a_perfect_hash_finds_every_key_and_no_other(count: int) -> None:
    r = random.Random(count)
    keys = r.sample(range(1 << 24), count)
    found = perfect_hash(keys)
    assert found is not None
    known = set(keys)
    for key in [*keys, *(r.getrandbits(32) for _ in range(2000))]:
        assert (keys[found.slots[found.slot(key)]] == key) == (key in known)


def test_too_many_keys_are_not_hashed() -> None:
    assert perfect_hash(range(10000)) is None
    assert perfect_hash([5]) is None
