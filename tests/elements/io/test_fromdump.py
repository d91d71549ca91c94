"""FromDump: which packets of a capture it sends, when, and what it says of them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from tests.elements.harness import Captured, Result, run_config

SECOND = 10**9
START = 1_000_000_000 * SECOND
PACKETS = [bytes([n]) * (20 + n) for n in range(10)]
#: One packet a second.
SLOW = [Captured(data, 0, START + n * SECOND) for n, data in enumerate(PACKETS)]
#: Positions of the packets in a pcap file.
POSITIONS = [24 + sum(16 + len(before) for before in PACKETS[:n]) for n in range(len(PACKETS))]


def slice_of(arguments: str) -> list[int]:
    """The numbers of the packets that come out of FromDump(in.pcap, ARGUMENTS)."""
    text = f"FromDump(in.pcap, {arguments}) -> ToDump(out.pcap);\nDriverManager(wait 1000s, stop);\n"
    result = run_config(text, {"in": SLOW}, args=["--simtime"])
    assert result.status == 0, result.stderr
    return [PACKETS.index(data) for data in result.data("out")]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("ACTIVE true", range(10)),
        ("ACTIVE false", ()),
        ("START 1000000004", range(4, 10)),
        ("START 1000000003.5", range(4, 10)),
        ("START_AFTER 7s", (7, 8, 9)),
        ("START 2000000000", ()),
        ("END 1000000002", (0, 1)),
        ("END 1", ()),
        ("END_AFTER 2500ms", (0, 1, 2)),
        ("INTERVAL 3", (0, 1, 2)),
        ("START 1000000004, INTERVAL 2", (4, 5)),
        ("START_AFTER 4, INTERVAL 2", (4, 5)),
        ("START_AFTER 4, END_AFTER 5", (4,)),
        ("SAMPLE 1", range(10)),
        ("SAMPLE 0", ()),
        ("MMAP true, FILENAME in.pcap", range(10)),
        (f"FILEPOS {POSITIONS[6]}", (6, 7, 8, 9)),
        ("TIMING true, END_AFTER 2", (0, 1)),
    ],
)
def test_arguments_choose_a_part_of_the_capture(arguments: str, expected: Sequence[int]) -> None:
    assert slice_of(arguments) == list(expected)


def test_a_sample_is_about_as_large_as_its_probability() -> None:
    packets = [b"packet"] * 20_000
    result = run_config("f :: FromDump(in.pcap, SAMPLE 0.25, STOP true) -> ToDump(out.pcap);\n", {"in": packets},
                        handlers=["f.count", "f.sampling_prob"])  # fmt: skip
    assert 4500 < len(result.outputs["out"]) < 5500
    assert result.handlers == {"f.count": str(len(result.outputs["out"])), "f.sampling_prob": "0.25"}


def test_timing_keeps_the_times_between_packets() -> None:
    text = """
        FromDump(in.pcap, TIMING true, END_CALL dm.step) -> c :: Counter -> Discard;
        dm :: DriverManager(wait 1500ms, print $(c.count), wait 1s, print $(c.count), pause, print $(now), stop);
    """
    result = run_config(text, {"in": SLOW[:5]}, args=["--simtime"])
    first, second, end = result.stdout.split()
    assert (first, second) == ("2", "3")
    assert 1_000_000_004 <= float(end) < 1_000_000_004.001


def test_time_can_start_anew() -> None:
    text = """
        f :: FromDump(in.pcap, TIMING true, END_CALL dm.step) -> c :: Counter -> Discard;
        dm :: DriverManager(wait 1500ms, write f.filepos %d, write f.reset_timing, wait 1ms, print $(c.count),
                            wait 1s, print $(c.count), pause, print $(now), stop);
    """
    result = run_config(text % POSITIONS[7], {"in": SLOW}, args=["--simtime"])
    assert [line.split(".")[0] for line in result.stdout.splitlines()] == ["3", "4", "1000000003"], result.stderr


def test_end_call_replaces_the_end() -> None:
    text = """
        f :: FromDump(in.pcap, END_AFTER 2, END_CALL dm.step) -> c :: Counter -> Discard;
        dm :: DriverManager(pause, print "$(c.count) $(f.active)", pause, print "$(c.count) $(f.active)", stop);
    """
    result = run_config(text, {"in": SLOW}, args=["--simtime"])
    assert result.stdout.splitlines()[1] == "10 true"


def test_the_end_can_be_put_off() -> None:
    text = """
        f :: FromDump(in.pcap, END_AFTER 2) -> c :: Counter -> Discard;
        DriverManager(wait 1s, print "$(c.count) $(f.active)", write f.extend_interval 3s, wait 1s,
                      print "$(c.count) $(f.active)", write f.active true, wait 1s, print "$(c.count)", stop);
    """
    result = run_config(text, {"in": SLOW}, args=["--simtime"])
    # The packet that ended it is not sent any more, as in Click.
    assert result.stdout.splitlines() == ["2 false", "4 false", "8"]


def test_the_end_is_told_again_to_whoever_activates() -> None:
    text = """
        f :: FromDump(in.pcap, END_CALL dm.step) -> Discard;
        dm :: DriverManager(pause, print "$(f.active)", write f.active true, pause, print 2, stop);
    """
    assert run_config(text, {"in": SLOW}).stdout == "true\n2\n"


def test_stop_ends_the_run_and_the_activity() -> None:
    text = "f :: FromDump(in.pcap, STOP true) -> Discard; g :: FromDump(in.pcap, ACTIVE false) -> Discard;\n"
    result = run_config(text, {"in": SLOW}, handlers=["f.active", "f.count", "g.count"])
    assert result.handlers == {"f.active": "false", "f.count": "10", "g.count": "0"}
    result = run_config(
        "f :: FromDump(in.pcap) -> Discard; DriverManager(wait 1ms, write f.stop, pause, print $(f.active));",
        {"in": SLOW},
    )
    assert result.stdout == "false\n"


def test_positions_in_the_file() -> None:
    text = """
        f :: FromDump(in.pcap, END_AFTER 4) -> c :: Counter -> ToDump(out.pcap);
        DriverManager(print "$(f.filepos) $(f.packet_filepos)", wait 1ms, print "$(f.filepos) $(f.packet_filepos)",
                      write f.filepos %d, print "$(f.filepos)", write f.active true, wait 1ms,
                      print "$(f.filepos) $(f.packet_filepos) $(f.count)", print "$(f.filesize) $(f.filename)",
                      write f.filepos 100000, stop);
    """
    result = run_config(text % POSITIONS[8], {"in": SLOW}, args=["--simtime"])
    end = POSITIONS[9] + 16 + len(PACKETS[9])
    assert result.stdout.splitlines() == [
        "24 0",
        f"{POSITIONS[5]} {POSITIONS[4]}",
        f"{POSITIONS[8]}",
        f"{end} {end} 6",
        f"{end} in.pcap",
    ]
    assert "FILEPOS out of range" in result.stderr
    assert result.data("out") == [*PACKETS[:4], *PACKETS[8:]]


def test_packets_can_be_pulled() -> None:
    text = """
        f :: FromDump(in.pcap, FORCE_IP true, END_CALL dm.step) -> Unqueue -> ToDump(out.pcap);
        f [1] -> ToDump(other.pcap);
        dm :: DriverManager(pause, wait 1ms, stop);
    """
    packets = [ETHERNET_IP, b"short", ETHERNET_IP6, bytes(60)]
    result = run_config(text, {"in": packets}, handlers=["f.count"])
    assert result.data("out") == [ETHERNET_IP, ETHERNET_IP6]
    assert result.data("other") == [b"short", bytes(60)]
    assert result.handlers == {"f.count": "2"}


# FORCE_IP

IP = bytes.fromhex("4500001c000100004011000001020304c0a80001") + b"transport"
IP6 = bytes.fromhex("6000000000001140") + bytes(32) + b"transport"
MACS = bytes(range(12))
ETHERNET_IP = MACS + b"\x08\x00" + IP
ETHERNET_IP6 = MACS + b"\x86\xdd" + IP6
SNAP = b"\xaa\xaa\x03"
WIFI = b"\x08\x00" + bytes(22)

LINKS = [
    (1, ETHERNET_IP, True),
    (1, ETHERNET_IP6, True),
    (1, MACS + b"\x81\x00\x00\x05\x08\x00" + IP, True),
    (1, MACS + b"\x81\x00\x00\x05\x81\x00\x00\x06\x08\x00" + IP, False),
    (1, MACS + b"\x08\x06" + IP, False),
    (1, MACS + b"\x08\x00" + IP[:19], False),
    (1, MACS + b"\x08\x00\x4f" + IP[1:], False),  # options past the end
    (1, MACS + b"\x08\x00\x44" + IP[1:], False),  # a header of 16 bytes
    (1, MACS + b"\x08\x00\x55" + IP[1:], False),  # version 5
    (1, MACS + b"\x86\xdd" + IP6[:39], False),
    (1, MACS, False),
    (1, b"", False),
    (101, IP, True),
    (101, IP6, True),
    (101, b"\x45", False),
    (0, b"\x02\x00\x00\x00" + IP, True),
    (0, b"\x00\x00\x00\x1e" + IP6, True),
    (0, b"\x07\x00\x00\x00" + IP, False),
    (0, b"\x02", False),
    (9, b"\x21" + IP, True),
    (9, b"\xff\x03\x00\x21" + IP, True),
    (9, b"\x00\x57" + IP6, True),
    (9, b"\xc0\x21" + IP, False),
    (9, b"\xff\x03", False),
    (10, b"\x50" + MACS + SNAP + b"\x00\x00\x00\x08\x00" + IP, True),
    (10, b"\x40" + MACS + SNAP + b"\x00\x00\x00\x08\x00" + IP, False),
    (50, b"\xff\x03\x00\x21" + IP, True),
    (50, b"\x0f\x00\x08\x00" + IP, True),
    (50, b"\x01\x00\x08\x00" + IP, False),
    (100, SNAP + b"\x00\x00\x00\x08\x00" + IP, True),
    (100, b"\x06\x06\x03\x00" + IP, True),
    (100, SNAP + b"\x00\x80\xc2\x00\x07" + ETHERNET_IP, True),
    (100, SNAP + b"\x00\x00\xf8\x81\x00\x00\x05\x08\x00" + IP, True),
    (100, SNAP + b"\x00\x80\xc2\x00\x0a\x00\x50" + MACS + SNAP + b"\x00\x00\x00\x08\x00" + IP, True),
    (100, SNAP + b"\x00\x80\xc2\x00\x63" + ETHERNET_IP, False),
    (104, b"\x0f\x00\x08\x00" + IP, True),
    (104, b"\x0f\x00\x80\x35" + IP, False),
    (105, WIFI + SNAP + b"\x00\x00\x00\x08\x00" + IP, True),
    (105, b"\x08\x03" + bytes(28) + SNAP + b"\x00\x00\x00\x08\x00" + IP, True),
    (105, b"\x80\x00" + bytes(22) + SNAP + b"\x00\x00\x00\x08\x00" + IP, False),
    (113, bytes(14) + b"\x08\x00" + IP, True),
    (113, bytes(14) + b"\x08\x06" + IP, False),
    (119, bytes(144) + WIFI + SNAP + b"\x00\x00\x00\x08\x00" + IP, True),
    (119, bytes(100), False),
    (123, bytes(4) + SNAP + b"\x00\x00\x00\x08\x00" + IP, True),
    (127, b"\x00\x00\x0a\x00" + bytes(6) + WIFI + SNAP + b"\x00\x00\x00\x08\x00" + IP, True),
    (127, b"\x00\x00\xff\xff" + WIFI, False),
]


@pytest.mark.parametrize("link_type", sorted({link for link, _, _ in LINKS}))
def test_force_ip_finds_the_ip_header_behind_every_link_header(link_type: int) -> None:
    packets = [data for link, data, _ in LINKS if link == link_type]
    text = """
        f :: FromDump(in.pcap, FORCE_IP true, STOP true) -> StripIPHeader -> ToDump(out.pcap);
        f [1] -> ToDump(other.pcap);
    """
    result = run_config(text, {"in": packets}, link_type=link_type, handlers=["f.count"])
    good = sum(is_ip for link, _, is_ip in LINKS if link == link_type)
    assert result.data("out") == [b"transport"] * good, result.stderr
    assert result.data("other") == [data for link, data, is_ip in LINKS if link == link_type and not is_ip]
    assert result.handlers == {"f.count": str(good)}


def test_force_ip_sets_the_destination() -> None:
    text = "FromDump(in.pcap, FORCE_IP true, STOP true) -> l :: StaticIPLookup(192.168.0.0/16 1, 0/0 0);\n"
    text += "l [0] -> ToDump(a.pcap); l [1] -> ToDump(b.pcap);\n"
    result = run_config(text, {"in": [ETHERNET_IP]})
    assert (result.data("a"), result.data("b")) == ([], [ETHERNET_IP])


def test_raw_ip_is_always_checked() -> None:
    text = "f :: FromDump(in.pcap, STOP true) -> ToDump(out.pcap, ENCAP IP); f [1] -> ToDump(other.pcap);\n"
    result = run_config(text, {"in": [IP, b"no ip"]}, link_type=101, handlers=["f.encap"])
    assert (result.data("out"), result.data("other")) == ([IP], [b"no ip"])
    assert result.handlers == {"f.encap": "IP"}


# What is wrong


def errors(text: str, inputs: Sequence[bytes] = (), link_type: int = 1) -> str:
    result = run_config(text, {"in": inputs}, link_type=link_type)
    assert result.status == 1
    return result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "FILENAME: required argument missing"),
        ("x.pcap, START 1, START_AFTER 1", "START and START_AFTER are mutually exclusive"),
        ("x.pcap, END 1, INTERVAL 1", "END, END_AFTER, and INTERVAL are mutually exclusive"),
        ("x.pcap, STOP true, END_CALL stop", "END_CALL and STOP are mutually exclusive"),
        ("x.pcap, SAMPLE x", "SAMPLE: parse error"),
    ],
)
def test_bad_arguments(arguments: str, message: str) -> None:
    assert errors(f"FromDump({arguments}) -> Discard;\n") == (
        f"config.click:1: While configuring 'FromDump@1 :: FromDump':\n  {message}\nRouter could not be initialized!\n"
    )


def test_files_that_cannot_be_read() -> None:
    head = "config.click:1: While initializing 'FromDump@1 :: FromDump':\n  "
    tail = "\nRouter could not be initialized!\n"
    assert errors("FromDump(y) -> Discard;\n") == f"{head}y: No such file or directory{tail}"
    assert errors("FromDump(.) -> Discard;\n") == f"{head}.: Is a directory{tail}"
    assert errors("FromDump(config.click) -> Discard;\n") == (
        f"{head}config.click: neither a pcap nor a pcapng file (it starts with 0x46726f6d){tail}"
    )
    message = "unknown linktype 147; can't force IP packets"
    assert errors("FromDump(in.pcap, FORCE_IP true) -> Discard;\n", link_type=147) == f"{head}{message}{tail}"
    assert errors("FromDump(in.pcap, FILEPOS 99999) -> Discard;\n") == f"{head}FILEPOS out of range{tail}"


def test_doubtful_probabilities_are_told() -> None:
    text = "FromDump(in.pcap, SAMPLE 2) -> Discard; FromDump(in.pcap, SAMPLE 0, STOP true) -> Discard;\n"
    result = run_config(text, {"in": SLOW})
    assert result.status == 0
    assert [line for line in result.stderr.splitlines() if "warning" in line] == [
        "  warning: SAMPLE probability reduced to 1",
        "  warning: SAMPLE probability is 0; emitting no packets",
    ]


def test_a_file_that_is_cut_off_ends_early_and_says_so(tmp_path: Path) -> None:
    whole = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    whole += b"".join(struct.pack("<IIII", n, 0, 60, 60) + bytes(60) for n in range(3))
    path = tmp_path / "cut.pcap"
    path.write_bytes(whole[:-1])
    result = run_config(f"f :: FromDump({path}, STOP true) -> Discard;\n", handlers=["f.count"])
    assert (result.status, result.handlers) == (0, {"f.count": "2"})
    assert result.stderr.startswith("f: pcap:")
    assert result.stderr.endswith("the file is cut off in the middle of record 3\n")


def test_handlers_refuse_what_they_do_not_understand() -> None:
    text = """
        f :: FromDump(in.pcap, ACTIVE false) -> Discard;
        DriverManager(write f.active perhaps, write f.extend_interval x, write f.filepos -1, stop);
    """
    stderr = run_config(text, {"in": SLOW}).stderr
    expected = ["type mismatch", "'extend_interval' takes a time interval", "argument must be file offset"]
    assert [line.strip() for line in stderr.splitlines() if line.startswith("  ")] == expected


def test_order_is_kept_over_many_batches() -> None:
    packets = [struct.pack("<I", n) for n in range(3000)]
    result: Result = run_config("FromDump(in.pcap, STOP true) -> ToDump(out.pcap);\n", {"in": packets})
    assert result.data("out") == packets
    times = [packet.time for packet in result.outputs["out"]]
    assert all(later - earlier == 1000 for earlier, later in pairwise(times))
