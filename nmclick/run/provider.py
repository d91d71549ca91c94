"""The user-space netmap provider: its switch process, and what it says about its ports.

Clients find it in a private folder: $NMCLICK_NETMAP, else `nmclick` below $XDG_RUNTIME_DIR, else in /dev/shm.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from sys import byteorder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket


__all__ = ["Provider", "Region", "SwitchPort", "bring_provider", "provider_folder", "provider_ports", "read_provider"]

KERNEL_DEVICE = Path("/dev/netmap")

#: Of user_wire.h: the version, the request for the list and sizes of request and answer.
_VERSION = 1
_ASK_LIST = 3
_ASK_SIZE = 200
_ANSWER_SIZE = 240
_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Region:
    """A region of shared memory. `pid` is whose it is; `in_use` counts the `buffers` that are somebody's."""

    id: int
    pid: int
    size: int
    buffers: int
    in_use: int


@dataclass(frozen=True, slots=True)
class SwitchPort:
    """A port of the provider. `kind` is vale, pipe, null or monitor; `pid` is 0 for a pipe's end that nobody has
    opened; `buffers` are those that its process has in the region, `rx_full` the packets that found its rings full,
    `rx_waiting` the slots that wait to be read. tx is what its program sends."""

    name: str
    kind: str
    pid: int
    descriptors: int
    tx_rings: int
    rx_rings: int
    tx_slots: int
    rx_slots: int
    region: int
    buffers: int
    tx_packets: int
    tx_bytes: int
    tx_drops: int
    rx_packets: int
    rx_bytes: int
    rx_drops: int
    rx_full: int
    rx_waiting: int

    @property
    def switch(self) -> str | None:
        """The name of the VALE switch that it is on."""
        return self.name.partition(":")[0] if self.kind == "vale" else None


@dataclass(frozen=True, slots=True)
class Provider:
    """All there is: the switch process, its regions and its ports."""

    pid: int
    regions: tuple[Region, ...]
    ports: tuple[SwitchPort, ...]


def provider_folder() -> Path:
    """Where the switch process is found."""
    named = os.environ.get("NMCLICK_NETMAP")
    if named:
        return Path(named)
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and os.path.exists(runtime):
        return Path(runtime, "nmclick")
    return Path(f"/dev/shm/nmclick-{os.geteuid()}")


def bring_provider(library: Path) -> None:
    """Make the switch process's program, and tell the runtime its path, if the kernel has no netmap. Raises
    CompilerError."""
    if KERNEL_DEVICE.exists():
        return
    from nmclick.compile.cc import provider_program
    from nmclick.run.ffi import load_ports, load_runtime

    load_runtime(library)
    load_ports("netmap").nm_user_set_provider(os.fsencode(provider_program()))


def provider_ports() -> list[SwitchPort]:
    """All ports of the user-space provider; none when no switch process runs. Raises OSError."""
    provider = read_provider()
    return list(provider.ports) if provider else []


def read_provider() -> Provider | None:
    """What the switch process says, None when none runs. Starts none. Raises OSError."""
    text = _ask(provider_folder())
    return _parse(text) if text is not None else None


def _ask(folder: Path) -> str | None:
    import socket

    try:
        descriptor = os.open(folder, os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OSError(f"{folder}: {error.strerror}: name a folder of your own in NMCLICK_NETMAP") from error
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            raise PermissionError(
                f"{folder} belongs to or can be entered by somebody else: chmod 700 it, or name another folder in "
                "NMCLICK_NETMAP"
            )
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as switch:
            switch.settimeout(_SECONDS)
            try:
                switch.connect(f"/proc/self/fd/{descriptor}/switch")
            except (FileNotFoundError, ConnectionRefusedError):
                return None
            except BlockingIOError as error:
                raise TimeoutError("too many ask it at this moment") from error
            try:
                return _list(switch)
            except TimeoutError as error:
                raise TimeoutError(_silent(folder)) from error
    finally:
        os.close(descriptor)


def _silent(folder: Path) -> str:
    try:
        pid = int((folder / "switch.pid").read_text())
    except (OSError, ValueError):
        return f"the one in {folder} does not answer"
    return f"process {pid} does not answer: wait for it, or end it with `kill -9 {pid}`"


def _list(switch: socket.socket) -> str | None:
    from socket import recv_fds

    switch.send(b"".join(word.to_bytes(4, byteorder) for word in (_ASK_LIST, _VERSION)).ljust(_ASK_SIZE, b"\0"))
    try:
        answer, files, _, _ = recv_fds(switch, _ANSWER_SIZE, 1)
    except ConnectionResetError:
        return None
    if not files:
        return None  # it was about to leave, or is of another version
    with open(files[0], encoding="ascii") as file:
        return file.read() if len(answer) == _ANSWER_SIZE else None


def _parse(text: str) -> Provider:
    pid = 0
    regions: list[Region] = []
    ports: list[SwitchPort] = []
    for line in text.splitlines():
        what, *words = line.split()
        values = dict(word.split("=", 1) for word in words)
        if what == "provider":
            pid = int(values["pid"])
        elif what == "region":
            regions.append(Region(**_numbers(values)))
        elif what == "port":
            name, kind = values.pop("name"), values.pop("kind")
            ports.append(SwitchPort(name=name, kind=kind, **_numbers(values)))
    return Provider(pid, tuple(regions), tuple(ports))


def _numbers(values: Mapping[str, str]) -> dict[str, int]:
    return {key: int(value) for key, value in values.items()}
