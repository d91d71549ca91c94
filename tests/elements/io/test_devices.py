"""FromDevice, ToDevice, FromNetmap and ToNetmap: ports that stand in for devices."""

from __future__ import annotations

import json

import pytest

from nmclick.classify.bpf import NoLibpcap, compile_filter
from tests.elements.harness import Captured, run_config

START = 1_234_567_890_123_456_789
BROADCAST = b"\xff" * 6 + bytes(6) + b"\x08\x06" + bytes(46)
MULTICAST = b"\x01\x00\x5e\x00\x00\x01" + bytes(6) + b"\x08\x00" + bytes(46)
UNICAST = bytes(12) + b"\x08\x00\x45" + bytes(8) + b"\x11" + bytes(10) + b"payload" + bytes(19)
FRAMES = [Captured(data, 200, START + n) for n, data in enumerate([BROADCAST, MULTICAST, UNICAST])]
DATA = [captured.data for captured in FRAMES]
IN = ("--port", "eth0=pcap:in.pcap")


def has_libpcap() -> bool:
    try:
        compile_filter("ip", 1)
    except NoLibpcap:
        return False
    return True


needs_libpcap = pytest.mark.skipif(not has_libpcap(), reason="there is no libpcap")


def frame(ether_type: bytes, protocol: int, size: int) -> bytes:
    """Ethernet and an IPv4 header with room behind it."""
    return bytes(12) + ether_type + bytes([0x45, 0, 0, 20 + size, 0, 0, 0, 0, 64, protocol]) + bytes(10 + size)


def test_frames_go_from_one_device_to_another_with_times_and_lengths() -> None:
    text = "f :: FromDevice(eth0) -> Queue -> t :: ToDevice(eth1);\n"
    result = run_config(
        text, {"in": FRAMES}, args=[*IN, "--port", "eth1=pcap:out.pcap"], handlers=["f.count", "t.count"]
    )
    assert result.outputs["out"] == FRAMES
    assert result.handlers == {"f.count": "3", "t.count": "3"}


@pytest.mark.parametrize("sink", ["ToNetmap(out)", "Queue -> ToNetmap(out)", "ToDump(out)", "Queue -> ToDevice(out)"])
def test_a_port_put_in_the_place_of_another_keeps_times_if_it_can(sink: str) -> None:
    text = f"FromNetmap(in, STOP true) -> {sink};\n"
    result = run_config(text, {"in": FRAMES}, args=["--port", "in=pcap:in.pcap", "--port", "out=pcap:out.pcap"])
    assert result.outputs["out"] == FRAMES


def test_packet_types_are_told() -> None:
    text = "FromDevice(eth0) -> Strip(14) -> MarkIPHeader -> DropBroadcasts -> Unstrip(14) -> ToDump(out.pcap);\n"
    assert run_config(text, {"in": FRAMES}, args=IN).data("out") == [UNICAST]
    text = text.replace("FromDevice(eth0)", "FromNetmap(eth0, STOP true)")
    assert run_config(text, {"in": FRAMES}, args=IN).data("out") == [UNICAST]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("SNAPLEN 20", [Captured(frame.data[:20], 200, frame.time) for frame in FRAMES]),
        ("PROTOCOL 0x0806", FRAMES[:1]),
        ("FORCE_IP true", FRAMES[2:]),
        ("PROMISC true, SNIFFER false, OUTBOUND true, HEADROOM 64, BURST 8, METHOD LINUX, ENCAP ETHER", FRAMES),
    ],
)
def test_arguments_choose_and_cut_packets(arguments: str, expected: list[Captured]) -> None:
    text = f"f :: FromDevice(eth0, {arguments}) -> ToDump(out.pcap);\n"
    result = run_config(text, {"in": FRAMES}, args=IN, handlers=["f.count"])
    assert result.outputs["out"] == expected


def test_packets_that_are_not_ip_leave_by_output_1() -> None:
    text = "f :: FromDevice(eth0, FORCE_IP true) -> ToDump(ip.pcap); f [1] -> ToDump(other.pcap);\n"
    result = run_config(text, {"in": FRAMES}, args=IN)
    assert (result.data("ip"), result.data("other")) == ([UNICAST], [BROADCAST, MULTICAST])


def test_packets_without_a_timestamp_get_the_time_they_are_written_at() -> None:
    text = "FromDevice(eth0, TIMESTAMP false) -> ToDump(out.pcap);\n"
    packets = run_config(text, {"in": FRAMES}, args=[*IN, "--simtime"]).outputs["out"]
    assert {packet.time // 10**9 for packet in packets} == {1_000_000_000}


def test_the_run_ends_when_all_devices_have_come_to_their_end() -> None:
    text = "FromDevice(a) -> ToDump(a_out.pcap); FromDevice(b) -> ToDump(b_out.pcap);\n"
    args = ["--port", "a=pcap:a.pcap", "--port", "b=pcap:b.pcap"]
    result = run_config(text, {"a": FRAMES, "b": FRAMES * 1000}, args=args)
    assert (len(result.outputs["a_out"]), len(result.outputs["b_out"])) == (3, 3000)


def test_sent_packets_go_on() -> None:
    text = """
        FromDevice(eth0) -> Queue -> t :: ToDevice(eth1) -> Strip(14) -> ToDump(sent.pcap);
        t [1] -> ToDump(refused.pcap);
    """
    result = run_config(text, {"in": FRAMES}, args=[*IN, "--port", "eth1=pcap:out.pcap"])
    assert result.data("out") == DATA
    assert result.data("sent") == [data[14:] for data in DATA]
    assert result.data("refused") == []


def test_handlers() -> None:
    text = "f :: FromDevice(eth0) -> Queue -> t :: ToDevice(null:, DEBUG true, BURST 4);\n"
    names = ["f.encap", "f.kernel_drops", "t.debug", "t.q"]
    result = run_config(text, {"in": FRAMES}, args=IN, handlers=names, link_type=113)
    assert list(result.handlers.values()) == ["SLL", "0", "true", "false"]


def test_devices_that_do_not_exist_are_all_told() -> None:
    result = run_config("FromDevice(nodevice0) -> Queue -> ToDevice(nodevice1);\n")
    assert result.stderr == (
        "config.click:1: While initializing 'FromDevice@1 :: FromDevice':\n"
        "  nodevice0: there is no such network device\n"
        "config.click:1: While initializing 'ToDevice@3 :: ToDevice':\n"
        "  nodevice1: there is no such network device\n"
        "Router could not be initialized!\n"
    )


def test_a_name_that_is_almost_right_brings_a_suggestion_and_the_way_around() -> None:
    result = run_config("FromDevice(loo) -> Discard;\n", args=["--diagnostics", "pretty"])
    assert result.stderr.endswith(
        "  hint: did you mean 'lo'? --port loo=pcap:FILE runs it on a capture file\nRouter could not be initialized!\n"
    )


@pytest.mark.parametrize(
    ("element", "message"),
    [
        ("FromDevice(eth0, SNAPLEN 13)", "SNAPLEN out of range"),
        ("FromDevice(eth0, HEADROOM 8191)", "HEADROOM out of range"),
        ("FromDevice(eth0, BURST 0)", "BURST out of range"),
        ("FromDevice(eth0, ENCAP PIGEON)", "bad encapsulation type"),
        ("FromDevice(eth0, METHOD PIGEON)", "bad METHOD"),
        ("FromDevice(eth0, CAPTURE PIGEON)", "bad METHOD"),
    ],
)
def test_bad_arguments(element: str, message: str) -> None:
    assert run_config(f"{element} -> Discard;\n").stderr == (
        "config.click:1: While configuring 'FromDevice@1 :: FromDevice':\n"
        f"  {message}\nRouter could not be initialized!\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [("eth0, BURST 0", "bad BURST"), ("eth0, METHOD X", "bad METHOD"), ('""', "interface not set")],
)
def test_bad_arguments_of_todevice(arguments: str, message: str) -> None:
    assert run_config(f"Idle -> ToDevice({arguments});\n").stderr == (
        f"config.click:1: While configuring 'ToDevice@2 :: ToDevice':\n  {message}\nRouter could not be initialized!\n"
    )


IPV4 = [frame(b"\x08\x00", protocol, 20) for protocol in (6, 17, 6)]


@needs_libpcap
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("tcp", [IPV4[0], IPV4[2]]),
        ("udp or arp", [BROADCAST, IPV4[1]]),
        ("ether multicast and not ether broadcast", [MULTICAST]),
        ("greater 1000", []),
        ("ip[8] = 64 and ip[0] & 0xf == 5", IPV4),
        ("", [BROADCAST, MULTICAST, *IPV4]),
    ],
)
def test_a_bpf_filter_lets_pass_what_it_says(expression: str, expected: list[bytes]) -> None:
    text = f'f :: FromDevice(eth0, BPF_FILTER "{expression}") -> ToDump(out.pcap);\n'
    result = run_config(text, {"in": [BROADCAST, MULTICAST, *IPV4]}, args=IN, handlers=["f.count"])
    assert (result.data("out"), result.handlers["f.count"]) == (expected, str(len(expected)))


@needs_libpcap
def test_a_bpf_filter_knows_lengths_on_the_wire() -> None:
    text = 'FromDevice(eth0, BPF_FILTER "greater 200") -> ToDump(out.pcap);\n'
    assert run_config(text, {"in": FRAMES}, args=IN).outputs["out"] == FRAMES


@needs_libpcap
def test_a_bpf_filter_is_for_one_link_type() -> None:
    text = 'FromDevice(eth0, BPF_FILTER "tcp", ENCAP {}) -> ToDump(out.pcap);\n'
    packets = [frame[14:] for frame in IPV4]
    result = run_config(text.format("IP"), {"in": packets}, args=IN, link_type=101)
    assert result.data("out") == [packets[0], packets[2]]
    assert "the BPF filter is for link type 1, pcap:in.pcap has 101; ENCAP says which" in (
        run_config(text.format("ETHER"), {"in": packets}, args=IN, link_type=101).stderr
    )


@needs_libpcap
def test_a_bpf_filter_that_makes_no_sense_is_refused() -> None:
    result = run_config('FromDevice(eth0, BPF_FILTER "tcp pork") -> Discard;\n', {"in": FRAMES}, args=IN)
    assert result.stderr.startswith("config.click:1: While configuring 'FromDevice@1 :: FromDevice':\n  eth0: ")
    assert "syntax error" in result.stderr


def test_bursts_can_be_limited() -> None:
    text = "f :: FromDevice(eth0, BURST 2) -> Queue -> ToDevice(eth1, BURST 1);\n"
    result = run_config(text, {"in": FRAMES * 10}, args=[*IN, "--port", "eth1=pcap:out.pcap"])
    assert result.outputs["out"] == FRAMES * 10


def test_packets_that_find_no_free_buffer_are_dropped_with_a_reason() -> None:
    text = """f :: FromDevice(eth0) -> q :: Queue(100000) -> Idle; g :: FromNetmap(pcap:in.pcap) -> Discard;
    DriverManager(wait 50ms, stop);"""
    result = run_config(
        text, {"in": [UNICAST] * 6000}, args=[*IN, "--buffers", "4096", "--stats", "--json"], handlers=["f.count"]
    )
    total = json.loads(result.stdout.splitlines()[-1])
    assert total["drops"]["f"]["no_buffer"] > 1000
    assert total["inside"] == 0


def test_what_handlers_rules_and_times_take_away_has_a_reason() -> None:
    text = """FromDump(in.pcap, STOP true, START_AFTER 0.5) -> q :: Queue -> Idle;
    FromDump(in.pcap, STOP true) -> Strip(14) -> MarkIPHeader -> f :: IPFilter(deny all) -> Discard;
    DriverManager(pause, pause, write q.reset, stop);"""
    frames = [Captured(UNICAST, 0, START), Captured(UNICAST, 0, START + 10**9)]
    result = run_config(text, {"in": frames}, args=["--stats", "--json"])
    total = json.loads(result.stdout.splitlines()[-1])
    assert total["drops"] == {"FromDump@1": {"skipped": 1}, "q": {"removed": 1}, "f": {"denied": 2}}
    assert total["inside"] == 0
