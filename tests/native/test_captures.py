"""Capture files through the pcap port: every format in, pcap out, and whatever is wrong with them."""

from __future__ import annotations

import io
import os
import random
import struct
import subprocess
import threading
from pathlib import Path

import pytest
from capture_files import Interface, Pcapng, Record, in_microseconds, pcap, pcapng_files, records
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from port_tool import Outcome, Packet, PortError, PortTool, read_answer

quick = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

WORDS = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\x80"]
PACKETS = [Record(1_700_000_000_123_456_000 + i, 60 + i, bytes([i]) * (i + 1)) for i in range(5)]


def as_records(outcome: Outcome) -> list[Record]:
    return [Record(p.timestamp, p.wire_length, p.data) for p in outcome.packets]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("captures")


def write(folder: Path, content: bytes, name: str = "in.pcap") -> str:
    (folder / name).write_bytes(content)
    return f"pcap:{folder / name}"


# Reading ---------------------------------------------------------------------------------------------------------


@quick
@given(records(), st.sampled_from(["<us", "<ns", ">us", ">ns"]), st.sampled_from([3, 16, 300]))
def test_pcap_of_both_byte_orders_and_units_is_read(
    ports: PortTool, folder: Path, packets: list[Record], kind: str, slots: int
) -> None:
    order, nanoseconds = kind[0], kind[1:] == "ns"
    spec = write(folder, pcap(packets, order=order, nanoseconds=nanoseconds))
    outcome = ports.read(spec, slots)
    assert as_records(outcome) == (packets if nanoseconds else [in_microseconds(p) for p in packets])
    assert (outcome.count, outcome.finished, outcome.warning) == (len(packets), True, "")


@quick
@given(pcapng_files(), st.sampled_from([3, 16, 300]))
def test_pcapng_is_read(ports: PortTool, folder: Path, file: Pcapng, slots: int) -> None:
    outcome = ports.read(write(folder, file.bytes()), slots)
    assert as_records(outcome) == file.expected
    assert (outcome.link_type, outcome.link) == (file.link_type, file.other_link)
    assert (outcome.finished, outcome.warning) == (True, "")


@pytest.mark.parametrize("order", "<>")
def test_old_and_modified_pcap_is_read(ports: PortTool, folder: Path, order: str) -> None:
    for content in (pcap(PACKETS, order=order, minor=2), pcap(PACKETS, order=order, modified=True)):
        assert as_records(ports.read(write(folder, content))) == [in_microseconds(p) for p in PACKETS]


@pytest.mark.parametrize(
    ("in_file", "told"), [(1, 1), (12, 101), (14, 101), (101, 101), (228, 101), (229, 101), (113, 113), (0, 0)]
)
def test_link_types(ports: PortTool, folder: Path, in_file: int, told: int) -> None:
    assert ports.read(write(folder, pcap(PACKETS, link_type=in_file))).link_type == told
    file = Pcapng().section().interface(Interface(link_type=in_file)).packet(PACKETS[0])
    assert ports.read(write(folder, file.bytes())).link_type == told


def test_the_high_bits_of_the_link_type_are_not_part_of_it(ports: PortTool, folder: Path) -> None:
    assert ports.read(write(folder, pcap(PACKETS, link_type=1 | 0xF4000000))).link_type == 1


def test_bytes_beyond_the_wire_length_are_left_out(ports: PortTool, folder: Path) -> None:
    file = pcap([Record(1000, 3, b"abcdef"), Record(2000, 2, b"xy")])
    assert as_records(ports.read(write(folder, file))) == [Record(1000, 3, b"abc"), Record(2000, 2, b"xy")]


def test_a_pcapng_file_without_packets_is_empty(ports: PortTool, folder: Path) -> None:
    outcome = ports.read(write(folder, Pcapng().section().bytes()))
    assert (outcome.packets, outcome.link_type, outcome.warning) == ([], 1, "")


def test_a_block_larger_than_memory_at_hand_is_passed_over(ports: PortTool, folder: Path) -> None:
    file = Pcapng().section().interface(Interface()).other(10, bytes(3_000_000)).packet(PACKETS[0])
    assert as_records(ports.read(write(folder, file.bytes()))) == file.expected


def test_frames_longer_than_a_buffer_are_dropped_and_counted(ports: PortTool, folder: Path) -> None:
    sizes = [100, 2048, 2049, 60, 9000, 65535, 65536, 262144, 61]
    packets = [Record(1000 * (i + 1), n, bytes([i]) * n) for i, n in enumerate(sizes)]
    file = Pcapng().section().interface(Interface())
    for packet in packets:
        file.packet(packet)
    for content in (pcap(packets), file.bytes()):
        for slots in (3, 16):
            outcome = ports.read(write(folder, content), slots, buffer_size=2048)
            assert [len(p.data) for p in outcome.packets] == [100, 2048, 60, 61]
            assert (outcome.long, outcome.count, outcome.warning) == (5, 4, "")
        outcome = ports.read(write(folder, content), buffer_size=66000)
        assert [len(p.data) for p in outcome.packets] == [100, 2048, 2049, 60, 9000, 65535, 61]
        assert outcome.long == 2


def test_probe_tells_the_longest_frame(ports: PortTool, folder: Path) -> None:
    spec = write(folder, pcap([Record(1, n, bytes(n)) for n in (60, 1514, 4000, 64)]))
    assert ports.probe(spec) == 4000
    assert ports.probe(spec.replace("pcap:", "replay:") + ",loops=3") == 4000
    assert ports.probe(write(folder, pcap([]))) == 0
    assert ports.probe("pcap:-") == 0
    assert ports.probe("null:") == 0
    with pytest.raises(PortError, match=r"^pcap:/nowhere/f: No such file or directory$"):
        ports.probe("pcap:/nowhere/f")


# Files that are not what they should be --------------------------------------------------------------------------


def test_every_cut_delivers_what_is_whole_and_says_so(ports: PortTool, folder: Path) -> None:
    content = pcap(PACKETS, nanoseconds=True)
    ends = [24]
    for packet in PACKETS:
        ends.append(ends[-1] + 16 + len(packet.data))
    for size in range(24, len(content) + 1):
        outcome = ports.read(write(folder, content[:size]))
        whole = sum(end <= size for end in ends) - 1
        assert as_records(outcome) == PACKETS[:whole]
        cut = f"the file is cut off in the middle of record {whole + 1}"
        assert outcome.warning == ("" if size in ends else cut)


def test_every_cut_of_pcapng_delivers_what_is_whole(ports: PortTool, folder: Path) -> None:
    file = Pcapng().section(">").interface(Interface(resolution=9))
    for packet in PACKETS[:3]:
        file.packet(packet)
    content, start = file.bytes(), len(b"".join(file.parts[:2]))
    ends = [start + len(b"".join(file.parts[2 : 2 + i])) for i in range(4)]
    for size in range(start, len(content) + 1):
        outcome = ports.read(write(folder, content[:size]))
        whole = sum(end <= size for end in ends) - 1
        assert as_records(outcome) == file.expected[:whole]
        cut = f"the file is cut off in the middle of record {whole + 1}"
        assert outcome.warning == ("" if size in ends else cut)


def test_an_impossible_length_ends_the_file(ports: PortTool, folder: Path) -> None:
    content = pcap(PACKETS[:2]) + struct.pack("<IIII", 1, 2, 262145, 262145) + bytes(300000)
    outcome = ports.read(write(folder, content))
    assert len(outcome.packets) == 2
    assert outcome.warning == "record 3 is damaged: it claims 262145 bytes, more than the 262144 there can be"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (struct.pack("<II", 6, 10) + bytes(20), "its length is impossible"),
        (struct.pack("<II", 6, 34) + bytes(40), "its length is impossible"),
        (struct.pack("<IIIIII", 6, 28, 0, 0, 0, 0) + struct.pack("<I", 28), "too short for a packet"),
        (struct.pack("<III", 3, 16, 0) + struct.pack("<I", 20), "its two lengths differ"),
        (
            struct.pack("<IIIIIIII", 6, 36, 1, 0, 0, 0, 0, 0) + struct.pack("<I", 36),
            "a packet of an interface that is not described",
        ),
        (struct.pack("<IIIIIII", 6, 32, 0, 0, 0, 1, 1) + struct.pack("<I", 32), "a packet longer than its block"),
        (struct.pack("<III", 1, 16, 1) + struct.pack("<I", 16), "an interface description of less than 20 bytes"),
        (struct.pack("<IIIIIII", 0x0A0D0D0A, 28, 0x11111111, 1, 0, 0, 28), "no byte-order magic in a section header"),
    ],
)
def test_a_damaged_block_ends_the_file(ports: PortTool, folder: Path, damage: bytes, message: str) -> None:
    file = Pcapng().section().interface(Interface()).packet(PACKETS[0]).packet(PACKETS[1])
    place = len(file.bytes())
    outcome = ports.read(write(folder, file.bytes() + damage))
    assert as_records(outcome) == file.expected
    assert outcome.warning == f"the block after record 2 (byte {place}) is damaged: {message}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "neither a pcap nor a pcapng file (it is empty)"),
        (b"abc", "neither a pcap nor a pcapng file (too short)"),
        (b"hello, world, this is text", "neither a pcap nor a pcapng file (it starts with 0x68656c6c)"),
        (pcap([])[:20], "the file is cut off in its header"),
        (struct.pack("<IHHiIII", 0xA1B2C3D4, 3, 7, 0, 0, 1, 1), "pcap version 3.7 is not known; 2.4 is"),
        (b"\x1f\x8b\x08\0" + bytes(60), "the file is compressed: unpack it first (gzip -d), or pipe it into 'pcap:-'"),
        (b"\x28\xb5\x2f\xfd" + bytes(9), "the file is compressed: unpack it first (zstd -d), or pipe it into 'pcap:-'"),
        (b"BZh91AY", "the file is compressed: unpack it first (bzip2 -d), or pipe it into 'pcap:-'"),
        (b"\xfd7zXZ\0", "the file is compressed: unpack it first (xz -d), or pipe it into 'pcap:-'"),
        (
            struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 2, 0, -1, 28),
            "pcapng version 2.0 is not known; 1.0 is",
        ),
        (Pcapng().section().bytes()[:20], "the file is cut off in the middle of record 1"),
    ],
)
def test_what_is_no_capture_is_refused(ports: PortTool, folder: Path, content: bytes, message: str) -> None:
    spec = write(folder, content)
    for refused in (spec, spec.replace("pcap:", "replay:")):
        with pytest.raises(PortError) as error:
            ports.read(refused)
        assert str(error.value) == f"{refused}: {message}"


def test_files_that_cannot_be_opened(ports: PortTool, tmp_path: Path) -> None:
    for spec, message in [
        (f"pcap:{tmp_path}/no", "No such file or directory"),
        (f"pcap:{tmp_path}", "Is a directory"),
        ("pcap:", "a file name is missing; '-' is standard input"),
    ]:
        with pytest.raises(PortError) as error:
            ports.read(spec)
        assert str(error.value) == f"{spec}: {message}"


def test_mutated_files_never_crash_or_hang(ports: PortTool, folder: Path) -> None:
    chance = random.Random(1)
    seeds = [pcap(PACKETS), pcap(PACKETS, order=">", modified=True)]
    for order in "<>":
        file = Pcapng().section(order).interface(Interface(resolution=9, offset=5)).interface(Interface(101))
        for i, kind in enumerate(["enhanced", "simple", "obsolete", "enhanced"]):
            file.packet(PACKETS[i], i % 2, kind)
        seeds.append(file.section("<").interface(Interface()).packet(PACKETS[4]).bytes())
    for _ in range(800):
        content = bytearray(chance.choice(seeds))
        for _ in range(chance.choice([1, 1, 2, 5])):
            at = chance.randrange(len(content))
            what = chance.randrange(4)
            if what == 0:
                content[at] ^= 1 << chance.randrange(8)
            elif what == 1:
                content[at : at + 4] = chance.choice(WORDS)
            elif what == 2:
                del content[at : at + chance.randrange(1, 9)]
            else:
                content[at:at] = chance.randbytes(4)
        spec = write(folder, bytes(content))
        try:
            outcome = ports.read(spec, chance.choice([3, 16]))
            assert outcome.finished
        except PortError as error:
            assert str(error).startswith(spec)


# Streams ---------------------------------------------------------------------------------------------------------


def run_once(program: Path, command: list[object], stdin: int, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    environment = os.environ | {"PORT_TOOL_COMMAND": "\t".join(map(str, command))}
    return subprocess.Popen(
        [program, "once"], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, text=True, env=environment
    )


def test_standard_input_is_read_as_it_comes(port_tool_path: Path) -> None:
    content = pcap(PACKETS, nanoseconds=True)
    process = run_once(port_tool_path, ["read", "pcap:-", 16, 2048], subprocess.PIPE)
    assert process.stdin and process.stdout
    for at in range(0, len(content), 7):
        os.write(process.stdin.fileno(), content[at : at + 7])
    process.stdin.close()
    outcome = read_answer(process.stdout)
    assert isinstance(outcome, Outcome)
    assert as_records(outcome) == PACKETS
    assert process.wait() == 0


def test_a_fifo_delivers_before_its_writer_is_done(ports: PortTool, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    file = Pcapng().section().interface(Interface(resolution=9))
    for packet in PACKETS:
        file.packet(packet)

    def feed() -> None:
        with (tmp_path / "fifo").open("wb", buffering=0) as fifo:
            for part in file.parts:
                fifo.write(part[:9])
                fifo.write(part[9:])

    thread = threading.Thread(target=feed)
    thread.start()
    assert as_records(ports.read(f"pcap:{tmp_path}/fifo")) == file.expected
    thread.join()


def test_standard_output_is_written(port_tool_path: Path, folder: Path) -> None:
    spec = write(folder, pcap(PACKETS))
    process = run_once(port_tool_path, ["copy", spec, "pcap:-", 0, 65535, 1, 0], subprocess.DEVNULL)
    assert process.stdout
    written = process.stdout.buffer.read()  # type: ignore[attr-defined]
    assert process.wait() == 0
    assert written.startswith(pcap(PACKETS))


def test_a_reader_that_went_away_is_an_error_and_no_signal(ports: PortTool, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")

    def look_and_leave() -> None:
        with (tmp_path / "fifo").open("rb") as fifo:
            fifo.read(1000)

    thread = threading.Thread(target=look_and_leave)
    thread.start()
    spec = write(tmp_path, pcap([Record(1000 + i, 60, bytes(60)) for i in range(20000)]))
    outcome = ports.copy(spec, f"pcap:{tmp_path}/fifo")
    thread.join()
    assert outcome.warning == "cannot write on: Broken pipe"
    assert outcome.write > 0
    assert outcome.write + outcome.count == 20000


# Writing ---------------------------------------------------------------------------------------------------------


@quick
@given(records(), st.sampled_from([0, 1, 64, 70, 65535]), st.sampled_from([0, 1, 101, 113]))
def test_what_is_written_is_what_was_read(
    ports: PortTool, folder: Path, packets: list[Record], snap: int, link_type: int
) -> None:
    nanoseconds = link_type != 113
    spec = write(folder, pcap(packets, nanoseconds=True))
    to = folder / "out.pcap"
    outcome = ports.copy(spec, f"pcap:{to}", nanoseconds=nanoseconds, snap=snap, link_type=link_type)
    assert (outcome.count, outcome.warning) == (len(packets), "")
    stored = [Record(p.timestamp, p.wire_length, p.data[: snap or None]) for p in packets]
    expected = pcap(stored, nanoseconds=nanoseconds, link_type=link_type or 1)
    limit = struct.pack("<I", snap or 262144)
    assert to.read_bytes() == expected[:16] + limit + expected[20:]


def test_many_packets_are_written_whole(ports: PortTool, folder: Path) -> None:
    packets = [Record(1000 * (i + 1), n, bytes([i % 256]) * n) for i, n in enumerate([64, 1500, 65535, 1] * 60)]
    spec = write(folder, pcap(packets))
    to = folder / "out.pcap"
    assert ports.copy(spec, f"pcap:{to}", snap=65535).count == len(packets)
    assert to.read_bytes() == pcap(packets)


def test_packets_without_a_time_get_the_present(ports: PortTool, folder: Path) -> None:
    spec = write(folder, pcap(PACKETS)).replace("pcap:", "replay:")
    to = folder / "out.pcap"
    ports.copy(spec + ",loops=1", f"pcap:{to}", nanoseconds=True)
    now = os.stat(to).st_mtime_ns
    read = ports.read(f"pcap:{to}").packets
    assert [p.data for p in read] == [p.data for p in PACKETS]
    assert [p.wire_length for p in read] == [len(p.data) for p in PACKETS]
    assert all(abs(p.timestamp - now) < 5 * 10**9 for p in read)


def test_a_full_disk_is_reported_once_and_counted(ports: PortTool, folder: Path) -> None:
    spec = write(folder, pcap(PACKETS))
    with pytest.raises(PortError) as error:
        ports.copy(spec, "pcap:/dev/full")
    assert str(error.value) == "pcap:/dev/full: No space left on device"


@pytest.mark.parametrize("unbuffered", [False, True])
def test_a_file_that_cannot_grow_loses_the_rest(port_tool_path: Path, folder: Path, unbuffered: bool) -> None:
    count = 20000
    packets = [Record(1000 * (i + 1), 60, bytes(60)) for i in range(count)]
    spec, to = write(folder, pcap(packets)), folder / "small.pcap"
    command = ["copy", spec, f"pcap:{to}", 0, 0, 1, int(unbuffered)]
    limited = f"trap '' XFSZ; ulimit -f 400; exec {port_tool_path} once"
    environment = os.environ | {"PORT_TOOL_COMMAND": "\t".join(map(str, command))}
    done = subprocess.run(["sh", "-c", limited], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    outcome = read_answer(io.StringIO(done.stdout))
    assert isinstance(outcome, Outcome)
    assert outcome.warning == "cannot write on: File too large"
    assert outcome.write > 0
    assert outcome.write + outcome.count == count


def test_a_place_that_cannot_be_written(ports: PortTool, folder: Path) -> None:
    spec = write(folder, pcap(PACKETS))
    for to, message in [
        ("pcap:/nowhere/f", "No such file or directory"),
        ("pcap:/", "Is a directory"),
        ("pcap:", "a file name is missing; '-' is standard output"),
    ]:
        with pytest.raises(PortError) as error:
            ports.copy(spec, to)
        assert str(error.value) == f"{to}: {message}"


def test_unbuffered_packets_are_in_the_file_at_once(ports: PortTool, folder: Path) -> None:
    spec, to = write(folder, pcap(PACKETS)), folder / "out.pcap"
    ports.copy(spec, f"pcap:{to}", unbuffered=True, snap=65535)
    assert to.read_bytes() == pcap(PACKETS)


def test_packets_pass_through_replay_unchanged(ports: PortTool, folder: Path) -> None:
    spec = write(folder, pcap(PACKETS)).replace("pcap:", "replay:")
    outcome = ports.read(spec + ",loops=3", slots=4)
    assert [p.data for p in outcome.packets] == [p.data for p in PACKETS] * 3
    assert outcome.packets[0] == Packet(0, 0, PACKETS[0].data)
    cut = ports.read(write(folder, pcap(PACKETS)[:-1]).replace("pcap:", "replay:") + ",loops=1")
    assert [p.data for p in cut.packets] == [p.data for p in PACKETS[:4]]
    assert cut.warning == "the file is cut off in the middle of record 5"
