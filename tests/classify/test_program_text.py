"""The text of the `program` handler, where Click's own tests and manual pages show what it must be."""

from __future__ import annotations

import random
import re

from nmclick.classify import Program, compile_classifier, compile_ipclassifier, compile_ipfilter
from nmclick.classify.evaluate import Headers
from nmclick.classify.names import NoNames
from nmclick.classify.patterns import Base

from .strategies import classifier_patterns, ip_packet, ip_rules, plain_packet

NAMES = NoNames()


def ipfilter(*rules: str) -> str:
    return compile_ipfilter(rules, NAMES)[0].text()


def ipclassifier(*patterns: str) -> str:
    return compile_ipclassifier(patterns, NAMES)[0].text()


def test_the_classifier_of_the_manual_page() -> None:
    program, _, _ = compile_classifier(["12/0806 20/0001", "12/0806 20/0002", "12/0800", "-"])
    assert program.text() == (
        " 0  12/08060000%ffff0000  yes->step 1  no->step 3\n"
        " 1  20/00010000%ffff0000  yes->[0]  no->step 2\n"
        " 2  20/00020000%ffff0000  yes->[1]  no->[3]\n"
        " 3  12/08000000%ffff0000  yes->[2]  no->[3]\n"
        "safe length 22\n"
        "alignment offset 0\n"
    )


def test_ports_types_and_protocols() -> None:
    patterns = ["dst port 7777", "dst port 8888", "dst port 7000", "icmp type echo", "icmp", "-"]
    assert ipclassifier(*patterns) == (
        " 0 264/00060000%00ff0000  yes->step 2  no->step 1\n"
        " 1 264/00110000%00ff0000  yes->step 2  no->step 6\n"
        " 2 260/00000000%00001fff  yes->step 3  no->[5]\n"
        " 3 512/00001e61%0000ffff  yes->[0]  no->step 4\n"
        " 4 512/000022b8%0000ffff  yes->[1]  no->step 5\n"
        " 5 512/00001b58%0000ffff  yes->[2]  no->[5]\n"
        " 6 264/00010000%00ff0000  yes->step 7  no->[5]\n"
        " 7 260/00000000%00001fff  yes->step 8  no->[4]\n"
        " 8 512/08000000%ff000000  yes->[3]  no->[4]\n"
        "safe length 516\n"
        "alignment offset 0\n"
    )


def test_flags_ranges_and_short_packets() -> None:
    patterns = ["proto icmp", "dst port 53", "(proto tcp and !(syn and !ack)) or (tcpudp port >= 1024)", "-"]
    assert ipclassifier(*patterns) == (
        " 0 264/00010000%00ff0000  yes->[0]  no->step 1\n"
        " 1 264/00060000%00ff0000  yes->step 3  no->step 2\n"
        " 2 264/00110000%00ff0000  yes->step 3  no->[3]\n"
        " 3 260/00000000%00001fff  yes->step 4  no->step 5\n"
        " 4 512/00000035%0000ffff  yes->[1]  no->step 5\n"
        " 5 264/00060000%00ff0000  yes->step 6  no->step 8\n"
        " 6 260/00000000%00001fff  yes->step 7  no->[2]\n"
        " 7 524/00020000%00120000  yes->step 9  no->[2]\n"
        " 8 260/00000000%00001fff  yes->step 9  no->[3]\n"
        " 9 512/00000000%fc00fc00  yes->[3]  no->[2]  short->yes\n"
        "safe length 526\n"
        "alignment offset 0\n"
    )


def test_ethernet_addresses() -> None:
    rules = ["allow src 0:1:2:3:4:5", "allow src 10.0.0.0 & 8.0.0.0 = 8.0.0.0", "allow dst 10:20:30:40:50:60"]
    assert ipfilter(*rules, "allow host 9:A:B:C:D:E", "deny all") == (
        " 0   8/00010203%ffffffff  yes->step 1  no->step 2\n"
        " 1  12/04050000%ffff0000  yes->[0]  no->step 2\n"
        " 2 268/0a000000%ffffffff  yes->[0]  no->step 3\n"
        " 3   0/00001020%0000ffff  yes->step 4  no->step 5\n"
        " 4   4/30405060%ffffffff  yes->[0]  no->step 5\n"
        " 5   8/090a0b0c%ffffffff  yes->step 6  no->step 7\n"
        " 6  12/0d0e0000%ffff0000  yes->[0]  no->step 7\n"
        " 7   0/0000090a%0000ffff  yes->step 8  no->[X]\n"
        " 8   4/0b0c0d0e%ffffffff  yes->[0]  no->[X]\n"
        "safe length 272\n"
        "alignment offset 0\n"
    )


def test_programs_without_tests_and_with_one() -> None:
    nothing = "all->[2147483647]\nsafe length 0\nalignment offset 0\n"
    everything = "all->[0]\nsafe length 0\nalignment offset 0\n"
    one = " 0 268/0a000001%ffffffff  yes->[0]  no->[X]\nsafe length 272\nalignment offset 0\n"
    assert ipfilter() == nothing
    assert ipfilter("allow false") == nothing
    assert ipfilter("allow false", "allow false", "allow false", "allow true") == everything
    assert ipfilter("allow src 10.0.0.1") == one
    assert ipfilter("allow false", "allow false", "allow src 10.0.0.1") == one
    assert ipfilter(*["allow false"] * 4, "allow src 10.0.0.1") == one
    tcp = "allow tcp && dst 10.0.0.0/32 && "
    assert ipfilter(tcp + "src 2.0.0.0/32", tcp + "dst port 80 && src 2.0.0.0/32", "allow all") == everything


def run(text: str, headers: Headers) -> int:
    """What a program as printed does with a packet that has all bytes."""
    lines = text.splitlines()[:-2]
    if lines[0].startswith("all"):
        output = int(lines[0][6:-1])
        return -1 if output == 2**31 - 1 else output
    at = 0
    while True:
        found = re.fullmatch(r" *(\d+) +(\d+)/(\w+)%(\w+)  yes->(.+?)  no->(.+?)(  short->yes)?", lines[at])
        assert found is not None, lines[at]
        assert int(found[1]) == at
        offset, value, mask = int(found[2]), int(found[3], 16), int(found[4], 16)
        if Base.DATA in headers:
            data = headers[Base.DATA]
        elif offset >= 256:
            data = headers[Base.TRANSPORT if offset >= 512 else Base.NETWORK]
            offset %= 256
        else:
            data = b"\0\0" + headers[Base.MAC]
        word = int.from_bytes(data[offset : offset + 4].ljust(4, b"\0"), "big")
        target = found[5] if word & mask == value else found[6]
        if target.startswith("["):
            return -1 if target == "[X]" else int(target[1:-1])
        at = int(target.removeprefix("step "))


def whole(headers: Headers) -> bool:
    if Base.DATA in headers:
        return len(headers[Base.DATA]) == 30
    return len(headers) == 3 and len(headers[Base.TRANSPORT]) >= 24


def test_the_program_as_printed_does_what_the_patterns_say() -> None:
    tried = 0
    for seed in range(15):
        r = random.Random(seed)
        programs: list[Program] = [
            compile_ipfilter(ip_rules(r), NAMES, 4)[0],
            compile_classifier(classifier_patterns(r))[0],
        ]
        for program in programs:
            text = program.text()
            for _ in range(60):
                headers = ip_packet(r) if program.packet else plain_packet(r)
                if whole(headers):
                    tried += 1
                    assert run(text, headers) == program.evaluate(headers), (seed, headers)
    assert tried > 250
