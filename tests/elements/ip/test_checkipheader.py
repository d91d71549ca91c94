"""CheckIPHeader: what passes, what is refused and why."""

from __future__ import annotations

from tests.elements.datagrams import check_refusals, ipv4, truncations, with_checksum
from tests.elements.harness import Case, run_cases

GOOD = ipv4()
OPTIONS = ipv4(options=bytes([1, 1, 1, 0]))
PADDED = GOOD + b"padding"
VERSION_6 = with_checksum(b"\x65" + GOOD[1:20]) + GOOD[20:]
SHORT_HEADER = with_checksum(b"\x44" + GOOD[1:20]) + GOOD[20:]
LONG_HEADER = with_checksum(b"\x4f" + GOOD[1:20]) + GOOD[20:]  # 60 bytes in a packet of 28
TOTAL_BEYOND = ipv4(total=29)
TOTAL_BELOW = ipv4(total=19)
TOTAL_BELOW_OPTIONS = ipv4(options=bytes(4), total=23)
BAD_CHECKSUM = GOOD[:10] + bytes([GOOD[10] ^ 1]) + GOOD[11:]
BAD_OPTIONS_CHECKSUM = OPTIONS[:20] + b"\0" + OPTIONS[21:]

TINY = [b"", b"\x45", GOOD[:19]]
BAD_LENGTH = [LONG_HEADER, TOTAL_BEYOND, TOTAL_BELOW, TOTAL_BELOW_OPTIONS, GOOD[:27]]
REFUSED = [*TINY, VERSION_6, SHORT_HEADER, *BAD_LENGTH, BAD_CHECKSUM, BAD_OPTIONS_CHECKSUM]
ACCEPTED = [GOOD, OPTIONS, ipv4(b""), ipv4(options=bytes(40)), ipv4(bytes(1400)), ipv4(dst="255.255.255.255")]

REASONS = [
    "tiny packet",
    "bad IP version",
    "bad IP header length",
    "bad IP length",
    "bad IP checksum",
    "bad source address",
]


def drop_details(*counts: int) -> str:
    return "\n".join(f"{count}\t{reason}" for count, reason in zip(counts, REASONS, strict=True))


def test_headers_are_checked_and_packets_are_cut_to_their_length() -> None:
    shifted = [b"\xaa" * 14 + packet for packet in [*ACCEPTED, *REFUSED, PADDED]]
    results = run_cases(
        {
            "all": Case(
                "CheckIPHeader(DETAILS true)",
                [*ACCEPTED, *REFUSED, PADDED],
                2,
                handlers=["drops", "drop_details"],
            ),
            "one output": Case("CheckIPHeader", [*REFUSED, GOOD], handlers=["drops"]),
            "offset": Case("CheckIPHeader(OFFSET 14)", shifted, 2, handlers=["drops"]),
            "old offset": Case("CheckIPHeader(14)", shifted, 2, handlers=["drops"]),
            "far offset": Case("CheckIPHeader(OFFSET 4294967295)", [b"", GOOD], 2, handlers=["drops"]),
            "no checksum": Case("CheckIPHeader(CHECKSUM false)", REFUSED, 2, handlers=["drops"]),
        }
    )
    assert results["all"].outputs == [[*ACCEPTED, GOOD], REFUSED]
    assert results["all"].handlers == {
        "drops": str(len(REFUSED)),
        "drop_details": drop_details(3, 1, 1, 5, 2, 0),
    }
    assert results["one output"].outputs == [[GOOD]]
    assert results["one output"].handlers == {"drops": str(len(REFUSED))}
    for name in ("offset", "old offset"):
        good = [b"\xaa" * 14 + packet for packet in [*ACCEPTED, GOOD]]
        assert results[name].outputs == [good, [packet for packet in shifted[:-1] if packet not in good]], name
    assert results["far offset"].outputs == [[], [b"", GOOD]]
    assert results["no checksum"].outputs == [
        [BAD_CHECKSUM, BAD_OPTIONS_CHECKSUM],
        [*TINY, VERSION_6, SHORT_HEADER, *BAD_LENGTH],
    ]
    stderr = results["all"].stderr.splitlines()
    assert [line for line in stderr if line.startswith("x0:")] == ["x0: IP header check failed: tiny packet"]


def test_sources_that_no_host_has_are_refused() -> None:
    zero, ones = ipv4(src="0.0.0.0"), ipv4(src="255.255.255.255")
    subnet, other = ipv4(src="10.0.0.255"), ipv4(src="10.0.0.254")
    to_me = ipv4(src="10.0.0.255", dst="10.0.0.8")
    packets = [zero, ones, subnet, other, to_me]
    results = run_cases(
        {
            "none given": Case("CheckIPHeader", packets, 2),
            "badsrc": Case("CheckIPHeader(BADSRC 10.0.0.255 10.0.0.254)", packets, 2),
            "gooddst": Case("CheckIPHeader(BADSRC 10.0.0.255, GOODDST 1.1.1.1 10.0.0.8)", packets, 2),
            "interfaces": Case("CheckIPHeader(INTERFACES 10.0.0.8/24 10.1.0.1/16)", packets, 2),
            "bare interface": Case("CheckIPHeader(INTERFACES 10.0.0.254)", packets, 2),
            "old form": Case("CheckIPHeader(10.0.0.254, 0)", packets, 2),
            "details": Case("CheckIPHeader(DETAILS true, BADSRC 0.0.0.0)", packets, handlers=["drop_details"]),
            "verbose": Case("CheckIPHeader(VERBOSE true, BADSRC 0.0.0.0 10.0.0.254)", packets),
        }
    )
    outputs = {name: result.outputs for name, result in results.items()}
    assert outputs["none given"] == [packets, []]
    assert outputs["badsrc"] == [[zero, ones], [subnet, other, to_me]]
    assert outputs["gooddst"] == [[zero, ones, other, to_me], [subnet]]
    assert outputs["interfaces"] == [[other, to_me], [zero, ones, subnet]]
    assert outputs["bare interface"] == [[subnet, to_me], [zero, ones, other]]
    assert outputs["old form"] == [[subnet, to_me], [zero, ones, other]]
    assert results["details"].handlers == {"drop_details": drop_details(0, 0, 0, 0, 0, 1)}
    stderr = results["verbose"].stderr.splitlines()
    assert stderr.count("x7: IP header check failed: bad source address") == 2


def test_the_headers_and_the_destination_are_known_behind_it() -> None:
    packet = ipv4(options=bytes([1, 1, 1, 0]), dst="10.9.8.7")
    results = run_cases(
        {
            # StoreIPAddress writes the annotation; GetIPAddress finds the network header.
            "annotation": Case("CheckIPHeader", [packet], after="StoreIPAddress(0)"),
            "header": Case(
                "CheckIPHeader(OFFSET 2)",
                [b"xx" + packet],
                after="SetIPAddress(0.0.0.0) -> GetIPAddress(IP src) -> StoreIPAddress(0)",
            ),
        }
    )
    assert results["annotation"].outputs == [[bytes([10, 9, 8, 7]) + packet[4:]]]
    assert results["header"].outputs == [[bytes([10, 0, 0, 1]) + (b"xx" + packet)[4:]]]


def test_every_way_of_cutting_a_packet_short_is_refused() -> None:
    packet = ipv4(bytes(40), options=bytes([7, 11, 4, *bytes(8), 0]))
    cut = truncations(packet, range(len(packet)))
    results = run_cases({"cut": Case("CheckIPHeader", cut, 2)})
    assert results["cut"].outputs == [[], cut]


def test_configuration_errors() -> None:
    check_refusals(
        {
            "CheckIPHeader(BADSRC 10.0.0)": "BADSRC: parse error",
            "CheckIPHeader(GOODDST 1.1.1.1 x)": "GOODDST: parse error",
            "CheckIPHeader(INTERFACES 10.0.0.0/33)": "INTERFACES: parse error",
            "CheckIPHeader(OFFSET x)": "OFFSET: invalid number",
            "CheckIPHeader(OFFSET -1)": "OFFSET: invalid number",
            "CheckIPHeader(VERBOSE 7)": "VERBOSE: parse error",
            "CheckIPHeader(FOO bar)": "FOO: unknown argument",
            "CheckIPHeader(1.2.3.4 x, 14)": "BADSRC: parse error",
            "CheckIPHeader(1.2.3.4, ²)": "OFFSET: invalid number",
            "CheckIPHeader(1.2.3.4, 14, 15)": "too many arguments",
        }
    )
