"""Giving up root's privileges: ports are opened as root, packets are processed as somebody else."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass

from nmclick.machine.capabilities import effective, permitted

__all__ = ["Identity", "PrivilegeError", "check_root", "drop_privileges", "find_identity"]

_LINUX_CAPABILITY_VERSION_3 = 0x20080522
_PR_SET_NO_NEW_PRIVS = 38


class PrivilegeError(Exception):
    """The user cannot be had or become; the text says why. `hint` tells what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Identity:
    """A user with a group, and the further groups that the user is in."""

    name: str
    user: int
    group: int
    groups: tuple[int, ...]


def find_identity(text: str) -> Identity:
    """Look up NAME, NAME:GROUP, or their numbers. Without a group it is the user's own with all those that the user is
    in; a group that is named is the only one. Raises PrivilegeError."""
    name, colon, group_name = text.partition(":")
    if not name or (colon and not group_name):
        raise PrivilegeError(f"'{text}' is not NAME or NAME:GROUP")
    user, own_group, name = _find_user(name)
    if user == 0:
        raise PrivilegeError(f"'{name}' is root: that would give up nothing")
    if group_name:
        group = _find_group(group_name)
        return Identity(name, user, group, (group,))
    if own_group is None:
        raise PrivilegeError(f"no user has the number {name}, so a group is needed: {name}:GROUP")
    return Identity(name, user, own_group, tuple(sorted(os.getgrouplist(name, own_group))))


def _find_user(name: str) -> tuple[int, int | None, str]:
    """Number, group and name; a number that nobody has is taken as it is."""
    import pwd

    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        number = _number(name)
        if number is None:
            raise PrivilegeError(f"there is no user '{name}'") from None
        try:
            entry = pwd.getpwuid(number)
        except KeyError:
            return number, None, name
    return entry.pw_uid, entry.pw_gid, entry.pw_name


def _find_group(name: str) -> int:
    import grp

    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        number = _number(name)
        if number is None:
            raise PrivilegeError(f"there is no group '{name}'") from None
        return number


def _number(text: str) -> int | None:
    """A user's or a group's number: the highest, -1 as the kernel sees it, means "leave it"."""
    return int(text) if text.isascii() and text.isdigit() and int(text) < 2**32 - 1 else None


def check_root(identity: Identity) -> None:
    """Raises PrivilegeError where this process cannot become somebody else."""
    if not {"CAP_SETUID", "CAP_SETGID"} <= effective():
        raise PrivilegeError(
            f"cannot become the user '{identity.name}': only root can",
            "start nmclick as root (sudo), or leave --user out",
        )


def drop_privileges(identity: Identity) -> None:
    """Become `identity` for good: groups first, while that is still allowed, the user last, and look whether there is
    a way back. All threads of the process change, and those started later. Raises PrivilegeError."""
    try:
        os.setgroups(identity.groups)
        os.setresgid(identity.group, identity.group, identity.group)
        os.setresuid(identity.user, identity.user, identity.user)
    except OSError as error:
        raise PrivilegeError(f"cannot become the user '{identity.name}': {error.strerror}") from error
    _drop_capabilities()
    _refuse_new_privileges()
    wanted = (identity.user,) * 3, (identity.group,) * 3, set(identity.groups)
    if (os.getresuid(), os.getresgid(), set(os.getgroups())) != wanted or _can_return():
        raise PrivilegeError(f"cannot become the user '{identity.name}': privileges remained")


def _drop_capabilities() -> None:
    """Leaving user 0 took all of them, unless SECBIT_NO_SETUID_FIXUP or SECBIT_KEEP_CAPS was set by who started us:
    then they go now. From this thread, which starts the workers; if another has some, that is found later."""
    if not permitted():
        return
    header = (ctypes.c_uint32 * 2)(_LINUX_CAPABILITY_VERSION_3, 0)  # of this thread
    nothing = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, nothing):
        raise PrivilegeError(f"cannot give up capabilities: {os.strerror(ctypes.get_errno())}")


def _refuse_new_privileges() -> None:
    """Programs that are set-user-id (su, sudo) give nothing back either. In this thread, and those that it starts."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise PrivilegeError(f"cannot refuse new privileges: {os.strerror(ctypes.get_errno())}")


def _can_return() -> bool:
    if permitted():
        return True
    try:
        os.setuid(0)
    except PermissionError:
        return False
    return True
