"""What the doctor says about made-up machines."""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest

from nmclick.doctor.checks import Finding, examine
from nmclick.doctor.facts import Device, Facts, HugePages, Memlock, NetmapDevice, Processors, Toolchain
from nmclick.machine.interfaces import Interface

MB = 1 << 20
AS_ROOT = "start nmclick as root; run --user NAME gives the privileges up once the ports are open"
FINE = Facts(
    toolchain=Toolchain("/usr/bin/gcc"),
    cache_folder="/home/ada/.cache/nmclick",
    cache_failure=None,
    dot="/usr/bin/dot",
    netmap=NetmapDevice(0, 14, 343019520),
    sockets={"AF_XDP": Device(), "AF_PACKET": Device(), "bpf": Device()},
    tun=Device(),
    capabilities=frozenset({"CAP_NET_RAW", "CAP_NET_ADMIN", "CAP_BPF", "CAP_IPC_LOCK"}),
    memlock=Memlock(None, None),
    huge_pages=HugePages("madvise", 8, 3, 2 * MB),
    processors=Processors(8, 8, "2-7"),
    interfaces=(
        Interface("eth0", True, True, False, "ixgbe", 1500, 8, 8),
        Interface("lo", True, False, True, "", 65536, 1, 1, ("tso",)),
    ),
)


def about(subject: str, facts: Facts) -> Finding:
    (found,) = [finding for finding in examine(facts) if finding.subject == subject]
    return found


def test_a_machine_that_has_everything_is_all_right() -> None:
    assert examine(FINE) == [
        Finding("ok", "C compiler", "/usr/bin/gcc; what it compiles loads and runs"),
        Finding("ok", "cache folder", "/home/ada/.cache/nmclick"),
        Finding("ok", "dot", "/usr/bin/dot"),
        Finding("ok", "/dev/netmap", "netmap API 14, global region of 327 MB"),
        Finding("ok", "AF_XDP", "sockets and maps can be made: xdp:DEVICE works where the driver does"),
        Finding("ok", "AF_PACKET", "packet:DEVICE works"),
        Finding("ok", "/dev/net/tun", "tap:NAME and tun:NAME work"),
        Finding("ok", "capabilities", "CAP_NET_RAW, CAP_NET_ADMIN, CAP_BPF, CAP_IPC_LOCK"),
        Finding("ok", "locked memory", "unlimited"),
        Finding("ok", "huge pages", "transparent (madvise), 8 reserved, 3 of them free"),
        Finding("ok", "processors", "8, 2-7 isolated", "--affinity 2 puts workers there"),
        Finding("ok", "eth0", "up; driver ixgbe; 8 rx queues and 8 tx queues; MTU 1500"),
    ]


def test_no_compiler_is_a_problem() -> None:
    tools = Toolchain("", "no C compiler found: install gcc or clang (Debian, Ubuntu: apt install gcc libc6-dev), or")
    assert about("C compiler", replace(FINE, toolchain=tools)) == Finding(
        "problem",
        "C compiler",
        "no C compiler found",
        "install gcc or clang (Debian, Ubuntu: apt install gcc libc6-dev)",
    )


@pytest.mark.parametrize(
    ("failure", "cure"),
    [
        (
            "the C compiler gcc failed: fatal error: stdint.h: No such file or directory",
            "install the C library's headers (Debian, Ubuntu: apt install libc6-dev), or name another compiler in CC",
        ),
        (
            "/c/x.so: failed to map segment from shared object",
            "set NMCLICK_CACHE to a folder on a file system that is not mounted noexec",
        ),
    ],
)
def test_a_compiler_that_does_not_work_is_a_problem(failure: str, cure: str) -> None:
    found = about("C compiler", replace(FINE, toolchain=Toolchain("/usr/bin/gcc", failure)))
    assert found == Finding("problem", "C compiler", f"/usr/bin/gcc: {failure}", cure)


@pytest.mark.parametrize(
    ("failure", "text", "cure"),
    [
        (
            "cannot make the cache folder /x: Permission denied; set NMCLICK_CACHE to a folder of yours",
            "cannot make the cache folder /x: Permission denied",
            "set NMCLICK_CACHE to a folder of yours",
        ),
        (
            "the cache folder /x belongs to or can be written by somebody else: chmod 700 it, or set NMCLICK_CACHE",
            "the cache folder /x belongs to or can be written by somebody else",
            "chmod 700 it, or set NMCLICK_CACHE",
        ),
        (
            "cannot write to the cache folder /x: No space left on device",
            "cannot write to the cache folder /x: No space left on device",
            "set NMCLICK_CACHE to a folder of yours",
        ),
    ],
)
def test_no_cache_folder_is_a_problem_and_keeps_the_compiler_from_being_tried(
    failure: str, text: str, cure: str
) -> None:
    facts = replace(FINE, cache_folder="", cache_failure=failure, toolchain=Toolchain("/usr/bin/gcc", failure))
    assert about("cache folder", facts) == Finding("problem", "cache folder", text, cure)
    assert about("C compiler", facts).state == "note"


def test_dot_is_only_for_diagrams() -> None:
    assert about("dot", replace(FINE, dot=None)) == Finding(
        "note",
        "dot",
        "not found: 'nmclick draw' can only write .dot files",
        "install graphviz (apt install graphviz, dnf install graphviz)",
    )


@pytest.mark.parametrize(
    ("device", "text", "cure"),
    [
        (NetmapDevice(errno.EACCES), "there, but not for this user", AS_ROOT),
        (
            NetmapDevice(errno.ENOENT),
            "not there: vale and pipe ports run in user space, network cards through AF_XDP or AF_PACKET",
            "to have netmap on cards: build netmap for this kernel, modprobe netmap",
        ),
        (NetmapDevice(errno.EIO), "there, but cannot be opened: Input/output error", "modprobe netmap"),
        (
            NetmapDevice(0, 12),
            "there, but speaks version 12 of netmap's API and not 14",
            "build a current netmap (github.com/luigirizzo/netmap) for this kernel",
        ),
        (
            NetmapDevice(0, None),
            "there, but speaks an unknown version of netmap's API and not 14",
            "build a current netmap (github.com/luigirizzo/netmap) for this kernel",
        ),
    ],
)
def test_what_keeps_netmap_from_being_used_is_told(device: NetmapDevice, text: str, cure: str) -> None:
    assert about("/dev/netmap", replace(FINE, netmap=device)) == Finding("note", "/dev/netmap", text, cure)


@pytest.mark.parametrize(
    ("sockets", "lacking", "text", "cure"),
    [
        ({"bpf": errno.EPERM}, (), "xdp:DEVICE needs CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF", AS_ROOT),
        ({}, ("CAP_NET_ADMIN",), "xdp:DEVICE needs CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF", AS_ROOT),
        (
            {"AF_XDP": errno.EAFNOSUPPORT, "bpf": errno.EPERM},
            (),
            "xdp:DEVICE cannot be had: the socket says Address family not supported by protocol",
            "Linux 5.4 or later with CONFIG_XDP_SOCKETS and CONFIG_BPF_SYSCALL",
        ),
        (
            {"bpf": errno.ENOSYS},
            (),
            "xdp:DEVICE cannot be had: the system call bpf says Function not implemented",
            "Linux 5.4 or later with CONFIG_XDP_SOCKETS and CONFIG_BPF_SYSCALL",
        ),
    ],
)
def test_what_keeps_xdp_from_being_used_is_told(
    sockets: dict[str, int], lacking: tuple[str, ...], text: str, cure: str
) -> None:
    given = {**FINE.sockets, **{name: Device(error) for name, error in sockets.items()}}
    facts = replace(FINE, sockets=given, capabilities=FINE.capabilities.difference(lacking))
    assert about("AF_XDP", facts) == Finding("note", "AF_XDP", text, cure)


def test_packet_sockets_need_a_capability_or_a_kernel() -> None:
    denied = replace(FINE, sockets={**FINE.sockets, "AF_PACKET": Device(errno.EPERM)})
    assert about("AF_PACKET", denied) == Finding("note", "AF_PACKET", "packet:DEVICE needs CAP_NET_RAW", AS_ROOT)
    missing = replace(FINE, sockets={**FINE.sockets, "AF_PACKET": Device(errno.EAFNOSUPPORT)})
    assert about("AF_PACKET", missing) == Finding(
        "note",
        "AF_PACKET",
        "packet:DEVICE cannot be had: Address family not supported by protocol",
        "a kernel with CONFIG_PACKET (modprobe af_packet)",
    )


def test_tap_needs_the_device_and_a_capability(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "ada")
    subject = "/dev/net/tun"
    assert about(subject, replace(FINE, tun=Device(errno.ENOENT))) == Finding(
        "note",
        subject,
        "not there: tap:NAME and tun:NAME cannot be had",
        "modprobe tun; in a container: pass the device /dev/net/tun in",
    )
    assert about(subject, replace(FINE, tun=Device(errno.EACCES))) == Finding(
        "note", subject, "there, but not for this user: tap:NAME needs it", AS_ROOT
    )
    assert about(subject, replace(FINE, capabilities=frozenset())) == Finding(
        "note",
        subject,
        "can be opened; making an interface needs CAP_NET_ADMIN",
        f"as root: ip tuntap add NAME mode tap user ada; or {AS_ROOT}",
    )


def test_missing_capabilities_are_named() -> None:
    facts = replace(FINE, capabilities=frozenset({"CAP_NET_RAW"}))
    assert about("capabilities", facts) == Finding(
        "note",
        "capabilities",
        "without CAP_NET_ADMIN, CAP_BPF, CAP_IPC_LOCK: only files, pipes and user-space switches are sure to work",
        AS_ROOT,
    )


def test_old_kernels_have_cap_sys_admin_for_cap_bpf() -> None:
    has = frozenset({"CAP_NET_RAW", "CAP_NET_ADMIN", "CAP_IPC_LOCK", "CAP_SYS_ADMIN"})
    assert about("capabilities", replace(FINE, capabilities=has)).state == "ok"


def test_a_low_limit_of_locked_memory_matters_without_the_capability() -> None:
    low = replace(FINE, memlock=Memlock(64 * 1024, None))
    assert about("locked memory", low).text == "64 kB allowed, which CAP_IPC_LOCK passes over"
    assert about("locked memory", replace(low, capabilities=frozenset())) == Finding(
        "note",
        "locked memory",
        "64 kB allowed; AF_XDP locks its buffers, 128 MB by default",
        "ulimit -l unlimited (as root, or memlock in /etc/security/limits.conf), or fewer --buffers",
    )


def test_huge_pages_that_are_switched_off_are_noted() -> None:
    assert about("huge pages", replace(FINE, huge_pages=HugePages("never"))) == Finding(
        "note",
        "huge pages",
        "transparent ones are switched off, 0 reserved: packet buffers cost more TLB misses",
        "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled",
    )
    assert about("huge pages", replace(FINE, huge_pages=HugePages(""))).cure == (
        "a kernel with CONFIG_TRANSPARENT_HUGEPAGE"
    )


@pytest.mark.parametrize(
    ("processors", "finding"),
    [
        (
            Processors(1, 4),
            Finding(
                "note",
                "processors",
                "1 of 4 usable, none isolated: packets and everything else share it",
                "two or more processors let workers run undisturbed (--affinity)",
            ),
        ),
        (
            Processors(4, 4),
            Finding(
                "ok",
                "processors",
                "4, none isolated",
                "for steady latencies: isolcpus=1-3 on the kernel's command line, and --affinity 1",
            ),
        ),
    ],
)
def test_processors_are_counted(processors: Processors, finding: Finding) -> None:
    assert about("processors", replace(FINE, processors=processors)) == finding


def test_an_interface_that_is_down_with_offloads_gets_both_commands() -> None:
    eth1 = Interface("eth1", False, True, False, "veth", 1500, 1, 1, ("tx", "tso", "gro"))
    assert about("eth1", replace(FINE, interfaces=(eth1,))) == Finding(
        "note",
        "eth1",
        "down; driver veth; 1 rx queue and 1 tx queue; MTU 1500; offloads on that spoil frames: tx, tso, gro",
        "ip link set eth1 up; ethtool -K eth1 tx off tso off gro off",
    )


def test_an_interface_that_is_not_ethernet_is_for_packet_sockets() -> None:
    wg0 = Interface("wg0", True, False, False, "", 1420, 1, 1)
    assert about("wg0", replace(FINE, interfaces=(wg0,))) == Finding(
        "ok", "wg0", "up; driver unknown; 1 rx queue and 1 tx queue; MTU 1420; not Ethernet: packet: only"
    )


def test_a_namespace_with_nothing_but_loopback_is_noted() -> None:
    assert about("interfaces", replace(FINE, interfaces=FINE.interfaces[1:])) == Finding(
        "note", "interfaces", "this network namespace has none", "ip link; or run on files: --port"
    )
