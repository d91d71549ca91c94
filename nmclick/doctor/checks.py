"""The checks: functions from facts to findings, in the order in which they are shown."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from nmclick.doctor.facts import Facts
from nmclick.machine.interfaces import Interface
from nmclick.machine.kernel_netmap import API, DEVICE

__all__ = ["CHECKS", "Finding", "State", "examine"]

State = Literal["ok", "note", "problem"]

_MB = 1 << 20
#: What 65536 buffers of 2048 bytes, the default, take. AF_XDP locks them in memory.
_POOL = 128 * _MB
_AS_ROOT = "start nmclick as root; run --user NAME gives the privileges up once the ports are open"
_DENIED = (errno.EPERM, errno.EACCES)
_ABSENT = (errno.ENOENT, errno.ENXIO, errno.ENODEV)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. A problem keeps every configuration from running; a note tells what cannot be done, or
    could be better. `cure` says what to do, empty if there is nothing."""

    state: State
    subject: str
    text: str
    cure: str = ""


def examine(facts: Facts) -> list[Finding]:
    """All findings about a machine."""
    return [finding for check in CHECKS for finding in check(facts)]


def compiler(facts: Facts) -> Iterator[Finding]:
    tools = facts.toolchain
    if not tools.command:
        text, _, _ = (tools.failure or "no C compiler found").partition(": install")
        yield Finding("problem", "C compiler", text, "install gcc or clang (Debian, Ubuntu: apt install gcc libc6-dev)")
    elif facts.cache_failure is not None:
        yield Finding("note", "C compiler", f"{tools.command}; not tried, since there is no cache folder")
    elif tools.failure is not None:
        cure = "install the C library's headers (Debian, Ubuntu: apt install libc6-dev), or name another compiler in CC"
        if "shared object" in tools.failure or "ermission" in tools.failure:
            cure = "set NMCLICK_CACHE to a folder on a file system that is not mounted noexec"
        yield Finding("problem", "C compiler", f"{tools.command}: {tools.failure}", cure)
    else:
        yield Finding("ok", "C compiler", f"{tools.command}; what it compiles loads and runs")


def cache(facts: Facts) -> Iterator[Finding]:
    if facts.cache_failure is None:
        yield Finding("ok", "cache folder", facts.cache_folder)
        return
    text, _, cure = facts.cache_failure.partition("; ")
    if not cure:
        text, _, cure = facts.cache_failure.partition(": chmod")
        cure = f"chmod{cure}" if cure else "set NMCLICK_CACHE to a folder of yours"
    yield Finding("problem", "cache folder", text, cure)


def diagrams(facts: Facts) -> Iterator[Finding]:
    if facts.dot is not None:
        yield Finding("ok", "dot", facts.dot)
    else:
        text = "not found: 'nmclick draw' can only write .dot files"
        yield Finding("note", "dot", text, "install graphviz (apt install graphviz, dnf install graphviz)")


def netmap(facts: Facts) -> Iterator[Finding]:
    device = facts.netmap
    if device.error in _DENIED:
        yield Finding("note", DEVICE, "there, but not for this user", _AS_ROOT)
    elif device.error in _ABSENT:
        text = "not there: vale and pipe ports run in user space, network cards through AF_XDP or AF_PACKET"
        yield Finding("note", DEVICE, text, "to have netmap on cards: build netmap for this kernel, modprobe netmap")
    elif device.error:
        yield Finding("note", DEVICE, f"there, but cannot be opened: {os.strerror(device.error)}", "modprobe netmap")
    elif device.version != API:
        spoken = "an unknown version" if device.version is None else f"version {device.version}"
        text = f"there, but speaks {spoken} of netmap's API and not {API}"
        yield Finding("note", DEVICE, text, "build a current netmap (github.com/luigirizzo/netmap) for this kernel")
    else:
        yield Finding("ok", DEVICE, f"netmap API {device.version}, global region of {device.memory // _MB} MB")


def xdp(facts: Facts) -> Iterator[Finding]:
    failed = {name: facts.sockets[name].error for name in ("AF_XDP", "bpf") if facts.sockets[name].error}
    missing = {"CAP_NET_ADMIN", "CAP_NET_RAW"} - facts.capabilities
    if not failed and not missing:
        yield Finding("ok", "AF_XDP", "sockets and maps can be made: xdp:DEVICE works where the driver does")
    elif all(error in _DENIED for error in failed.values()):
        text = "xdp:DEVICE needs CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF"
        yield Finding("note", "AF_XDP", text, _AS_ROOT)
    else:
        name, error = next(each for each in failed.items() if each[1] not in _DENIED)
        called = "the system call bpf" if name == "bpf" else "the socket"
        text = f"xdp:DEVICE cannot be had: {called} says {os.strerror(error)}"
        yield Finding("note", "AF_XDP", text, "Linux 5.4 or later with CONFIG_XDP_SOCKETS and CONFIG_BPF_SYSCALL")


def packet(facts: Facts) -> Iterator[Finding]:
    error = facts.sockets["AF_PACKET"].error
    if not error:
        yield Finding("ok", "AF_PACKET", "packet:DEVICE works")
    elif error in _DENIED:
        yield Finding("note", "AF_PACKET", "packet:DEVICE needs CAP_NET_RAW", _AS_ROOT)
    else:
        text = f"packet:DEVICE cannot be had: {os.strerror(error)}"
        yield Finding("note", "AF_PACKET", text, "a kernel with CONFIG_PACKET (modprobe af_packet)")


def tun(facts: Facts) -> Iterator[Finding]:
    error = facts.tun.error
    if error in _ABSENT:
        text = "not there: tap:NAME and tun:NAME cannot be had"
        yield Finding("note", "/dev/net/tun", text, "modprobe tun; in a container: pass the device /dev/net/tun in")
    elif error in _DENIED:
        yield Finding("note", "/dev/net/tun", "there, but not for this user: tap:NAME needs it", _AS_ROOT)
    elif error:
        yield Finding("note", "/dev/net/tun", f"cannot be opened: {os.strerror(error)}", "modprobe tun")
    elif "CAP_NET_ADMIN" not in facts.capabilities:
        text = "can be opened; making an interface needs CAP_NET_ADMIN"
        cure = f"as root: ip tuntap add NAME mode tap user {_user()}; or {_AS_ROOT}"
        yield Finding("note", "/dev/net/tun", text, cure)
    else:
        yield Finding("ok", "/dev/net/tun", "tap:NAME and tun:NAME work")


def _user() -> str:
    return os.environ.get("USER", "NAME")


def capabilities(facts: Facts) -> Iterator[Finding]:
    wanted = ["CAP_NET_RAW", "CAP_NET_ADMIN", "CAP_BPF", "CAP_IPC_LOCK"]
    has = set(facts.capabilities)
    if "CAP_SYS_ADMIN" in has:
        has.add("CAP_BPF")  # kernels before 5.8 have no other
    missing = [name for name in wanted if name not in has]
    if not missing:
        yield Finding("ok", "capabilities", ", ".join(wanted))
    else:
        text = f"without {', '.join(missing)}: only files, pipes and user-space switches are sure to work"
        yield Finding("note", "capabilities", text, _AS_ROOT)


def memlock(facts: Facts) -> Iterator[Finding]:
    soft = facts.memlock.soft
    if soft is None or soft >= _POOL or "CAP_IPC_LOCK" in facts.capabilities:
        why = "" if soft is None or soft >= _POOL else ", which CAP_IPC_LOCK passes over"
        yield Finding("ok", "locked memory", f"{'unlimited' if soft is None else f'{_size(soft)} allowed'}{why}")
    else:
        text = f"{_size(soft)} allowed; AF_XDP locks its buffers, {_size(_POOL)} by default"
        cure = "ulimit -l unlimited (as root, or memlock in /etc/security/limits.conf), or fewer --buffers"
        yield Finding("note", "locked memory", text, cure)


def huge_pages(facts: Facts) -> Iterator[Finding]:
    pages = facts.huge_pages
    reserved = f"{pages.reserved} reserved" + (f", {pages.free} of them free" if pages.reserved else "")
    if pages.transparent in ("always", "madvise"):
        yield Finding("ok", "huge pages", f"transparent ({pages.transparent}), {reserved}")
    elif pages.transparent:
        text = f"transparent ones are switched off, {reserved}: packet buffers cost more TLB misses"
        yield Finding("note", "huge pages", text, "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled")
    else:
        text = f"this kernel has no transparent ones, {reserved}: packet buffers cost more TLB misses"
        yield Finding("note", "huge pages", text, "a kernel with CONFIG_TRANSPARENT_HUGEPAGE")


def processors(facts: Facts) -> Iterator[Finding]:
    found = facts.processors
    count = f"{found.usable} of {found.online} usable" if found.usable != found.online else f"{found.online}"
    isolated = f"{found.isolated} isolated" if found.isolated else "none isolated"
    if found.usable == 1:
        text = f"{count}, {isolated}: packets and everything else share it"
        yield Finding("note", "processors", text, "two or more processors let workers run undisturbed (--affinity)")
    elif found.isolated:
        yield Finding(
            "ok", "processors", f"{count}, {isolated}", f"--affinity {_first(found.isolated)} puts workers there"
        )
    else:
        last = f"-{found.online - 1}" if found.online > 2 else ""
        cure = f"for steady latencies: isolcpus=1{last} on the kernel's command line, and --affinity 1"
        yield Finding("ok", "processors", f"{count}, {isolated}", cure)


def _first(processors: str) -> str:
    return processors.partition(",")[0].partition("-")[0]


def interfaces(facts: Facts) -> Iterator[Finding]:
    shown = [interface for interface in facts.interfaces if not interface.loopback]
    for interface in shown:
        yield _interface(interface)
    if not shown:
        yield Finding("note", "interfaces", "this network namespace has none", "ip link; or run on files: --port")


def _interface(interface: Interface) -> Finding:
    parts = [
        "up" if interface.up else "down",
        f"driver {interface.driver or 'unknown'}",
        f"{_plural(interface.rx_queues, 'rx queue')} and {_plural(interface.tx_queues, 'tx queue')}",
        f"MTU {interface.mtu}",
    ]
    if not interface.ethernet:
        parts.append("not Ethernet: packet: only")
    cures = []
    if not interface.up:
        cures.append(f"ip link set {interface.name} up")
    if interface.offloads:
        parts.append(f"offloads on that spoil frames: {', '.join(interface.offloads)}")
        cures.append(f"ethtool -K {interface.name} {' '.join(f'{name} off' for name in interface.offloads)}")
    return Finding("note" if cures else "ok", interface.name, "; ".join(parts), "; ".join(cures))


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _size(size: int) -> str:
    return f"{size / _MB:.0f} MB" if size >= _MB else f"{size // 1024} kB"


CHECKS: Sequence[Callable[[Facts], Iterator[Finding]]] = (
    *(compiler, cache, diagrams, netmap, xdp, packet, tun),
    *(capabilities, memlock, huge_pages, processors, interfaces),
)
