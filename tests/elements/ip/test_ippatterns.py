"""IPClassifier and IPFilter as elements: outputs, names, handlers, messages. What patterns mean is tested in
tests/classify."""

from __future__ import annotations

import struct

import pytest

from tests.elements.harness import Case, configuration_errors, run_cases, run_config


def ip(protocol: int, src: str = "10.0.0.1", dst: str = "10.0.0.2", ports: tuple[int, int] = (1000, 53)) -> bytes:
    addresses = bytes(map(int, f"{src}.{dst}".split(".")))
    head = struct.pack(">BBHHHBBH", 0x45, 0, 48, 0, 0, 64, protocol, 0) + addresses
    return head + struct.pack(">HH", *ports) + bytes(24)


UDP, TCP, ICMP = ip(17), ip(6), ip(1)
LAN = ip(17, src="192.168.5.9")
PACKETS = [UDP, TCP, ICMP, LAN]


def test_packets_leave_by_the_first_pattern_or_rule_that_they_match() -> None:
    results = run_cases(
        {
            "by protocol": Case("IPClassifier(udp, tcp, -)", PACKETS, outputs=3, before="MarkIPHeader"),
            "nothing matches": Case("IPClassifier(tcp)", PACKETS, before="MarkIPHeader"),
            "one output takes all": Case("IPClassifier(-)", PACKETS, before="MarkIPHeader"),
            "no header is known": Case("IPClassifier(udp, -)", PACKETS, outputs=2),
            "allow and deny": Case(
                "IPFilter(deny src net 192.168/16, allow udp, drop all)", PACKETS, before="MarkIPHeader"
            ),
            "slots": Case("IPFilter(1 tcp, 2 icmp, 0 all)", PACKETS, outputs=3, before="MarkIPHeader"),
            "transport": Case("IPClassifier(dst udp port 53, -)", PACKETS, outputs=2, before="MarkIPHeader"),
            "short": Case("IPFilter(allow udp)", [UDP[:19], UDP[:20], b""], before="MarkIPHeader"),
        }
    )
    outputs = {name: result.outputs for name, result in results.items()}
    assert outputs["by protocol"] == [[UDP, LAN], [TCP], [ICMP]]
    assert outputs["nothing matches"] == [[TCP]]
    assert outputs["one output takes all"] == [PACKETS]
    assert outputs["no header is known"] == [[], PACKETS]
    assert outputs["allow and deny"] == [[UDP]]
    assert outputs["slots"] == [[UDP, LAN], [TCP], [ICMP]]
    assert outputs["transport"] == [[UDP, LAN], [TCP, ICMP]]
    assert outputs["short"] == [[UDP[:20]]]


def test_names_come_from_addressinfo() -> None:
    text = """
        AddressInfo(lan 192.168.0.0/16 00:11:22:33:44:55, server 10.0.0.2);
        c :: { AddressInfo(server 10.0.0.1); input -> f :: IPFilter(allow src server and not src net lan) -> output };
        FromDump(in.pcap, STOP true) -> MarkIPHeader -> Tee -> c -> ToDump(out.pcap);
    """
    text = text.replace("Tee -> ", "")
    assert run_config(text, {"in": PACKETS}).data("out") == [UDP, TCP, ICMP]


def test_handlers_show_patterns_and_program() -> None:
    text = "Idle -> c :: IPClassifier(udp,  src host 1.2.3.4 and tcp, -) => Discard, Discard, Discard;\n"
    result = run_config(text, handlers=["c.pattern0", "c.pattern1", "c.pattern2"], args=["-q"])
    assert list(result.handlers.values()) == ["udp", "src host 1.2.3.4 and tcp", "-"]
    program = run_config(text, handlers=["c.program"], args=["-q"]).stdout
    assert "->[0]" in program
    assert "->[2]" in program


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ("x :: IPClassifier(udp, tcp)", "need 1 arguments, one per output port"),
        (
            "x :: IPFilter(allow nothing)",
            "pattern 0: empty term near 'nothing'\n  pattern 0: missing expression\n"
            "  pattern 0: garbage after expression at 'nothing'",
        ),
        ("x :: IPFilter(1 all)", "pattern 0: slot '1' out of range"),
        ("x :: IPFilter(permit all)", "pattern 0: unknown slot ID 'permit'"),
    ],
)
def test_bad_patterns(declaration: str, message: str) -> None:
    name = declaration.split()[2].partition("(")[0]
    assert configuration_errors(declaration) == [
        f"config:1: While configuring 'x :: {name}':\n  {message}\nRouter could not be initialized!\n"
    ]


def test_outputs_without_packets_are_told() -> None:
    result = run_config("Idle -> IPClassifier(-, udp) => Discard, Discard;\n", args=["-q"])
    assert result.status == 0
    assert "  warning: output 1 matches no packets\n" in result.stderr
