"""The system calls of Linux that Python 3.11 does not offer: mounts, namespaces, rights of a process."""

# importing pathlib would cost a third of the start-up time
# ruff: noqa: PTH102

import ctypes
import os
import platform

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2
CLONE_NEWNS = 0x00020000
PR_CAPBSET_READ = 23
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PIVOT_ROOT = {"x86_64": 155}.get(platform.machine(), 41)
"""The number of the system call: 41 on every architecture younger than x86."""

libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> None:
    """Raise OSError with `what` as its subject when a call of libc failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount `source` on `target`."""
    result = libc.mount(
        source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None
    )
    check(result, f"mount {kind or 'bind'} {target}")


def unmount(target: str) -> None:
    """Detach the mount at `target`, at once for this namespace."""
    check(libc.umount2(target.encode(), MNT_DETACH), f"unmount {target}")


def enter_root(root: str, old: str) -> None:
    """Make the mount at `root` the root of this mount namespace; the old one is then seen at `old`."""
    os.mkdir(root + old)
    put_old = (root + old).encode()
    check(libc.syscall(ctypes.c_long(PIVOT_ROOT), root.encode(), put_old), f"pivot_root {root}")
    os.chdir("/")


def unshare_mounts() -> None:
    """Give this process a mount namespace of its own."""
    check(libc.unshare(CLONE_NEWNS), "unshare mount namespace")


def limit_capabilities(keep: frozenset[int]) -> None:
    """Drop every capability that is not in `keep` from the bounding set: `exec` then grants root no more than those."""
    capability = 0
    while libc.prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0:
        if capability not in keep:
            check(libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), f"drop capability {capability}")
        capability += 1


def forbid_new_privileges() -> None:
    """Let no `exec` give this process more rights than it has."""
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def set_hostname(name: str) -> None:
    """Name this UTS namespace."""
    check(libc.sethostname(name.encode(), len(name.encode())), "sethostname")
