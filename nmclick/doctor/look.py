"""Looking at the machine: every fact that the checks need. Nothing here is changed or left behind."""

from __future__ import annotations

import errno
import os
import resource
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from nmclick.cache import CacheError, cache_folder
from nmclick.compile.cc import CompilerError, compile_shared, find_compiler, find_program
from nmclick.doctor.facts import Device, Facts, HugePages, Memlock, NetmapDevice, Processors, Toolchain
from nmclick.machine.bpf import make_xsk_map
from nmclick.machine.capabilities import effective
from nmclick.machine.interfaces import interfaces
from nmclick.machine.kernel_netmap import kernel_netmap

__all__ = ["look"]

_AF_XDP = 44
_CPUS = Path("/sys/devices/system/cpu")


def look() -> Facts:
    """The facts of this machine and this user."""
    folder, failure = _cache()
    return Facts(
        toolchain=_toolchain(),
        cache_folder=folder,
        cache_failure=failure,
        dot=find_program("dot"),
        netmap=_netmap(),
        sockets={
            "AF_XDP": _tried(lambda: socket.socket(_AF_XDP, socket.SOCK_RAW, 0).close()),
            "AF_PACKET": _tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()),
            "bpf": _tried(lambda: os.close(make_xsk_map())),
        },
        tun=_tried(lambda: os.close(os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC))),
        capabilities=effective(),
        memlock=_memlock(),
        huge_pages=_huge_pages(),
        processors=_processors(),
        interfaces=interfaces(),
    )


def _tried(action: Callable[[], object]) -> Device:
    try:
        action()
    except OSError as error:
        return Device(error.errno or errno.EIO)
    return Device()


def _cache() -> tuple[str, str | None]:
    """The folder and why it cannot be used, if it cannot."""
    import tempfile

    try:
        folder = cache_folder()
        with tempfile.TemporaryFile(dir=folder):
            return str(folder), None
    except CacheError as error:
        return "", str(error)
    except OSError as error:
        return "", f"cannot write to the cache folder {folder}: {error.strerror}"


def _toolchain() -> Toolchain:
    """Compile a library anew and call a function in it."""
    import ctypes

    try:
        command = " ".join(find_compiler().command)
    except CompilerError as error:
        return Toolchain("", str(error))
    answer = int.from_bytes(os.urandom(3))  # never in the cache
    source = f'__attribute__((visibility("default"))) int answer(void)\n{{\n    return {answer};\n}}\n'
    name = f"doctor-{os.getpid()}"
    try:
        if ctypes.CDLL(str(compile_shared([source], name=name))).answer() != answer:
            return Toolchain(command, "what it compiles gives wrong results")
    except (CompilerError, OSError) as error:
        return Toolchain(command, str(error))
    finally:
        with suppress(CacheError, OSError):
            for left in cache_folder().glob(f"{name}-*"):
                left.unlink()
    return Toolchain(command)


def _netmap() -> NetmapDevice:
    try:
        with kernel_netmap() as netmap:
            version = netmap.version()
            memory = netmap.info(version=version).memory if version is not None else 0
            return NetmapDevice(0, version, memory)
    except OSError as error:
        return NetmapDevice(error.errno or errno.EIO)


def _memlock() -> Memlock:
    limits = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    soft, hard = (None if limit == resource.RLIM_INFINITY else limit for limit in limits)
    return Memlock(soft, hard)


def _huge_pages() -> HugePages:
    setting = _read(Path("/sys/kernel/mm/transparent_hugepage/enabled"))
    chosen = setting.partition("[")[2].partition("]")[0]
    numbers = {}
    for line in _read(Path("/proc/meminfo")).splitlines():
        name, _, value = line.partition(":")
        words = value.split()
        if words and words[0].isdigit():
            numbers[name] = int(words[0])
    return HugePages(
        chosen,
        reserved=numbers.get("HugePages_Total", 0),
        free=numbers.get("HugePages_Free", 0),
        size=numbers.get("Hugepagesize", 0) * 1024,
    )


def _processors() -> Processors:
    return Processors(len(os.sched_getaffinity(0)), os.cpu_count() or 1, _read(_CPUS / "isolated").strip())


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
