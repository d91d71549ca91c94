"""The machine's network interfaces: sysfs, and ethtool's questions for what is not there."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nmclick.machine.ethtool import Ethtool, ethtool

__all__ = ["Interface", "PacketCount", "count_packets", "hurtful_offloads", "interfaces"]

SYSFS = Path("/sys/class/net")
IFF_UP = 1
ARPHRD_ETHER, ARPHRD_LOOPBACK = 1, 772

#: What ``ethtool -K`` calls an offload -> the kernel's features that are it. These hand over packets that are no whole
#: frames of the wire: without checksum, longer than the MTU, or without their VLAN tag.
OFFLOADS = {
    "tx": ("tx-checksum-ipv4", "tx-checksum-ip-generic", "tx-checksum-ipv6", "tx-checksum-sctp"),
    "tso": ("tx-tcp-segmentation", "tx-tcp-ecn-segmentation", "tx-tcp-mangleid-segmentation", "tx-tcp6-segmentation"),
    "gso": ("tx-generic-segmentation",),
    "tx-udp-segmentation": ("tx-udp-segmentation",),
    "gro": ("rx-gro",),
    "rx-gro-hw": ("rx-gro-hw",),
    "lro": ("rx-lro",),
    "rxvlan": ("rx-vlan-hw-parse",),
    "txvlan": ("tx-vlan-hw-insert",),
}


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface. `offloads`: those that are on, hurt and can be switched off, by ethtool's names."""

    name: str
    up: bool
    ethernet: bool
    loopback: bool
    driver: str
    mtu: int
    rx_queues: int
    tx_queues: int
    offloads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PacketCount:
    """What went through an interface since it exists."""

    rx: int
    tx: int


def hurtful_offloads(features: frozenset[str]) -> tuple[str, ...]:
    """Those of OFFLOADS that are among an interface's features."""
    return tuple(name for name, members in OFFLOADS.items() if features.intersection(members))


def interfaces(sysfs: Path = SYSFS) -> tuple[Interface, ...]:
    """All interfaces of this network namespace, sorted by name. One that vanishes meanwhile is left out."""
    found = []
    with ethtool() as questions:
        for folder in _folders(sysfs):
            with suppress(OSError, ValueError):
                found.append(_interface(folder, questions))
    return tuple(found)


def count_packets(sysfs: Path = SYSFS) -> dict[str, PacketCount]:
    """Packets by interface, now."""
    found = {}
    for folder in _folders(sysfs):
        with suppress(OSError, ValueError):
            counts = folder / "statistics"
            found[folder.name] = PacketCount(_number(counts / "rx_packets"), _number(counts / "tx_packets"))
    return found


def _folders(sysfs: Path) -> list[Path]:
    try:
        return sorted(path for path in sysfs.iterdir() if path.is_dir())
    except OSError:
        return []


def _interface(folder: Path, questions: Ethtool) -> Interface:
    name = folder.name
    kind = _number(folder / "type")
    features: frozenset[str] = frozenset()
    driver = ""
    with suppress(OSError):
        driver = questions.driver(name)
    with suppress(OSError):
        features = questions.changeable_features(name)
    queues = [path.name for path in (folder / "queues").iterdir()]
    return Interface(
        name,
        up=bool(_number(folder / "flags") & IFF_UP),
        ethernet=kind == ARPHRD_ETHER,
        loopback=kind == ARPHRD_LOOPBACK,
        driver=driver,
        mtu=_number(folder / "mtu"),
        rx_queues=sum(queue.startswith("rx-") for queue in queues),
        tx_queues=sum(queue.startswith("tx-") for queue in queues),
        offloads=hurtful_offloads(features),
    )


def _number(path: Path) -> int:
    return int(path.read_text(encoding="ascii"), 0)
