"""checksum.h against the sums of RFC 1071 done the plain way, under the sanitizers."""

from __future__ import annotations

import random
import struct
import subprocess

from native_build import HERE, Build


def complement_sum(data: bytes) -> int:
    """The one's complement sum of the 16-bit words of `data`."""
    total: int = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def ask(build: Build, questions: list[str]) -> list[int]:
    program = build.compile("checksum", HERE / "checksum.c")
    done = subprocess.run([program], input="\n".join(questions) + "\n", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return [int(answer, 16) for answer in done.stdout.split()]


def samples() -> list[bytes]:
    chance = random.Random(1)
    lengths = [*range(80), 255, 1499, 1500, 9000, 65535, *(chance.randrange(3000) for _ in range(60))]
    found = [chance.randbytes(length) for length in lengths]
    found += [bytes([value]) * length for value in (0, 1, 255) for length in (1, 2, 3, 7, 8, 20, 65535)]
    return found


def test_checksums_of_any_length(build: Build) -> None:
    data = samples()
    answers = ask(build, [f"sum {item.hex()}" for item in data])
    assert answers == [complement_sum(item) ^ 0xFFFF for item in data]


def test_sums_over_ip_headers(build: Build) -> None:
    chance = random.Random(2)
    headers = [chance.randbytes(20 + 4 * chance.randrange(11)) for _ in range(300)]
    headers += [b"\xff" * 20, b"\xff" * 60]
    for header in headers[:150]:  # right ones: the sum is all ones
        right = header[:10] + bytes(2) + header[12:]
        headers.append(right[:10] + struct.pack(">H", complement_sum(right) ^ 0xFFFF) + right[12:])
    answers = ask(build, [f"header {header.hex()}" for header in headers])
    assert answers == [complement_sum(header) == 0xFFFF for header in headers]
    assert set(answers[-150:]) == {1}


def test_an_updated_checksum_is_that_of_the_changed_data(build: Build) -> None:
    """RFC 1624, with the words around which its predecessors went wrong."""
    chance = random.Random(3)
    odd = [0, 1, 0x00FF, 0xFF00, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF]
    questions, expected = [], []
    for number in range(4000):
        rest = struct.pack(">H", chance.choice([*odd, chance.randrange(1 << 16)])) + chance.randbytes(
            2 * chance.randrange(3)
        )
        size = chance.choice([2, 4])
        old, new = (
            b"".join(struct.pack(">H", chance.choice([*odd, chance.randrange(1 << 16)])) for _ in range(size // 2))
            for _ in range(2)
        )
        if number % 2:  # data that is not all zeros always has a checksum other than ffff
            rest = b"\x45" + rest[1:]
        before, after = (complement_sum(rest + part) ^ 0xFFFF for part in (old, new))
        if before == 0xFFFF or after == 0xFFFF:
            continue
        questions.append(f"update{8 * size} {before:x} {old.hex()} {new.hex()}")
        expected.append(after)
    assert len(expected) > 3000
    assert ask(build, questions) == expected
