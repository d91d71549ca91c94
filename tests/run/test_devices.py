"""Which kind of port serves a device that is only named."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from nmclick.element import DeviceUse
from nmclick.run.devices import Machine, host_port, port_kinds

READ = DeviceUse("eth0", read=True)
WRITE = DeviceUse("eth0", write=True)


def use(*kinds: str, write: bool = False) -> DeviceUse:
    return DeviceUse("eth0", read=not write, write=write, kinds=kinds)


@pytest.mark.parametrize(
    ("uses", "netmap", "kinds"),
    [
        ([READ], True, ["packet"]),  # watched
        ([WRITE], True, ["packet"]),  # borrowed
        ([READ, WRITE], True, ["netmap", "xdp", "packet"]),
        ([READ, WRITE], False, ["xdp", "packet"]),
        ([use("netmap"), WRITE], False, ["netmap"]),  # insisted on
        ([READ, use("xdp", write=True)], True, ["xdp"]),
        ([use("netmap", "xdp", "packet")], False, ["xdp", "packet"]),
        ([use("packet"), use("xdp", write=True)], True, ["packet"]),
    ],
)
def test_kinds_of_port(tmp_path: Path, uses: Sequence[DeviceUse], netmap: bool, kinds: list[str]) -> None:
    machine = Machine(netmap=tmp_path if netmap else tmp_path / "missing", names=("eth0",))
    assert list(port_kinds(uses[0], uses, machine)) == kinds


def test_the_host_end_is_the_host_rings_of_a_netmap_port_else_a_tap() -> None:
    for spec in ("netmap:eth0", "netmap:eth0-3", "netmap:eth0*", "netmap:eth0{1"):
        assert host_port("eth0", ["xdp:eth1", spec]) == "netmap:eth0^"
    for spec in ("netmap:eth01", "netmap:eth0.7", "xdp:eth0", "packet:eth0"):
        assert host_port("eth0", [spec]) == "tap:eth0"


def test_the_loopback_device_is_found() -> None:
    assert "lo" in Machine().devices()
