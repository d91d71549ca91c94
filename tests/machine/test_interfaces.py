"""What is read of interfaces, from the kernel and from a made-up sysfs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from nmclick.machine.capabilities import parse_status
from nmclick.machine.ethtool import ethtool
from nmclick.machine.interfaces import Interface, PacketCount, count_packets, hurtful_offloads, interfaces

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def make_interface(sysfs: Path, name: str) -> None:
    folder = sysfs / name
    for sub in ("queues/rx-0", "queues/rx-1", "queues/tx-0", "statistics"):
        (folder / sub).mkdir(parents=True)
    for file, text in (("type", "1"), ("flags", "0x1003"), ("mtu", "9000")):
        (folder / file).write_text(text + "\n")
    (folder / "statistics/rx_packets").write_text("7\n")
    (folder / "statistics/tx_packets").write_text("5\n")


def test_sysfs_tells_state_queues_and_counts(tmp_path: Path) -> None:
    make_interface(tmp_path, "no such device")
    (tmp_path / "bonding_masters").write_text("")
    (tmp_path / "halfgone").mkdir()
    assert interfaces(tmp_path) == (Interface("no such device", True, True, False, "", 9000, 2, 1),)
    assert count_packets(tmp_path) == {"no such device": PacketCount(7, 5)}


def test_a_machine_without_sysfs_has_no_interfaces(tmp_path: Path) -> None:
    assert interfaces(tmp_path / "missing") == ()


def test_offloads_are_called_as_ethtool_calls_them() -> None:
    features = frozenset({"tx-checksum-ipv6", "tx-tcp6-segmentation", "rx-gro", "rx-vlan-hw-parse", "rx-checksum"})
    assert hurtful_offloads(features) == ("tx", "tso", "gro", "rxvlan")


def test_loopback_is_always_there() -> None:
    (lo,) = [each for each in interfaces() if each.name == "lo"]
    assert lo.loopback
    assert not lo.ethernet


def test_an_interface_that_is_not_there_is_an_error() -> None:
    with ethtool() as questions, pytest.raises(OSError, match="No such device"):
        questions.driver("missing0")


@needs_root
@pytest.mark.root
def test_the_kernel_tells_driver_and_offloads_and_that_they_are_switched_off() -> None:
    name = f"nmd{os.getpid() % 100000}"
    subprocess.run(["ip", "link", "add", name, "type", "veth"], check=True)
    try:
        (before,) = [each for each in interfaces() if each.name == name]
        assert (before.driver, before.up, before.ethernet) == ("veth", False, True)
        assert {"tx", "tso", "gso"} <= set(before.offloads)
        words = [word for offload in before.offloads for word in (offload, "off")]
        subprocess.run(["ethtool", "-K", name, *words], check=True, capture_output=True)
        (after,) = [each for each in interfaces() if each.name == name]
        assert after.offloads == ()
    except FileNotFoundError:
        pytest.skip("ethtool is not installed")
    finally:
        subprocess.run(["ip", "link", "del", name], check=True)


def test_capabilities_are_bits_in_hexadecimal() -> None:
    assert parse_status("Name:\tx\nCapPrm:\t0000000000003000\nCapEff:\t0000000000001000\n") == 0x1000
    assert parse_status("Name:\tx\n") == 0
