"""The size of batches changes the speed and nothing else."""

from __future__ import annotations

import random

import pytest

from tests.elements.harness import run_config

TEXT = """
FromNetmap(pcap:in.pcap, STOP true) -> c :: Classifier(12/0800, -);
c[0] -> Paint(1) -> t :: Tee(2);
c[1] -> Paint(2) -> q :: Queue(10000);
t[0] -> Strip(14) -> check :: CheckIPHeader -> dec :: DecIPTTL -> Unstrip(14) -> ToNetmap(pcap:ip.pcap);
check[1] -> bad :: Counter -> Discard;
dec[1] -> ICMPError(10.0.0.1, timeexceeded) -> ToNetmap(pcap:errors.pcap);
t[1] -> q -> Unqueue -> CheckPaint(2) -> ToNetmap(pcap:rest.pcap);
"""


def packets() -> list[bytes]:
    chance = random.Random(5)
    made = []
    for number in range(700):
        header = bytearray(20)
        header[0], header[3], header[8], header[9] = 0x45, 46, chance.choice([1, 2, 64]), 17
        header[12:20] = bytes([2, 2, 2, 2, 3, 3, 3, number % 250])
        total = sum(int.from_bytes(header[i : i + 2], "big") for i in range(0, 20, 2))
        total = (total & 0xFFFF) + (total >> 16)
        header[10:12] = (0xFFFF - total + (number % 17 == 0)).to_bytes(2, "big")
        kind = b"\x08\x00" if number % 5 else b"\x08\x06"
        made.append(bytes(12) + kind + bytes(header) + bytes(26))
    return made


@pytest.fixture(scope="module")
def expected() -> tuple[object, ...]:
    return run(64)


def run(batch: int) -> tuple[object, ...]:
    result = run_config(TEXT, {"in": packets()}, handlers=["bad.count"], args=["--batch", str(batch)])
    assert result.status == 0, result.stderr
    return tuple(result.data(name) for name in ("ip", "errors", "rest")), result.handlers


@pytest.mark.parametrize("batch", [1, 2, 7, 256])
def test_every_batch_size_gives_the_same_packets_in_the_same_order(batch: int, expected: tuple[object, ...]) -> None:
    assert run(batch) == expected
