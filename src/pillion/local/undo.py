"""Takes away what a journal says a mesh made on this machine.

Safe to repeat, and never touches what the mesh did not make: a process counts only with the same start time, a folder
is never emptied through a mount inside it, what was replaced by something of another kind stays.
"""

import contextlib
import ctypes
import errno
import os
import select
import shutil
import signal
import socket
import stat
import time
from collections.abc import Sequence
from pathlib import Path

from pillion.local import proc
from pillion.local.fabric import netlink
from pillion.local.journal import (
    Directory,
    File,
    Journal,
    Link,
    Made,
    Mount,
    Namespace,
    Process,
    Socket,
    describe,
    pending,
)
from pillion.value import Value

_MNT_DETACH = 2
_LIBC = ctypes.CDLL(None, use_errno=True)


class Undone(Value):
    """What `undo` did about one thing."""

    made: Made
    problem: str = ""
    """Why it is still there; empty when it is gone."""
    was_gone: bool = False


class Report(Value):
    """What became of everything that a journal holds, in the order in which it was undone."""

    undone: tuple[Undone, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """What is still there and why, as sentences."""
        return tuple(f"{describe(one.made)} is still there: {one.problem}" for one in self.undone if one.problem)


def undo(path: Path, patience: float = 5.0) -> Report:
    """Take away everything that a journal holds, the newest first, processes before all else.

    Processes are killed and awaited for up to `patience` seconds in all. Safe to repeat, and without a journal.
    """
    if not path.exists():
        return Report()
    with Journal(path) as journal:
        left = tuple(reversed(pending(path)))
        processes = [(number, made) for number, made in left if isinstance(made, Process)]
        others = [(number, made) for number, made in left if not isinstance(made, Process)]
        report = _end([made for _, made in processes], patience)
        report += [_undo(made) for _, made in others]
        for (number, _), undone in zip([*processes, *others], report, strict=True):
            if not undone.problem and path.exists():
                journal.done(number)
    return Report(undone=tuple(report))


def _end(processes: Sequence[Process], patience: float) -> list[Undone]:
    handles = [(process, _kill(process)) for process in processes]
    waiting = select.poll()
    for _, handle in handles:
        if isinstance(handle, int):
            waiting.register(handle, select.POLLIN)
    unfinished = {handle for _, handle in handles if isinstance(handle, int)}
    deadline = time.monotonic() + patience
    while unfinished and (left := deadline - time.monotonic()) > 0:
        for handle, _ in waiting.poll(left * 1000):
            waiting.unregister(handle)
            unfinished.discard(handle)
    report: list[Undone] = []
    for process, handle in handles:
        if isinstance(handle, Undone):
            report.append(handle)
        else:
            report.append(Undone(made=process, problem="it did not end" if handle in unfinished else ""))
            os.close(handle)
    return report


def _kill(process: Process) -> int | Undone:
    """Kill a process and return a pidfd to await its end by; or say why there is nothing to await."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        return Undone(made=process, was_gone=True)
    # the handle is for good: what is true of the pid now stays true of the handle
    if proc.start_time(process.pid) != process.start:
        os.close(handle)
        return Undone(made=process, was_gone=True)
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except OSError as refused:
        os.close(handle)
        gone = refused.errno == errno.ESRCH
        return Undone(made=process, was_gone=gone, problem="" if gone else str(refused.strerror))
    return handle


def _undo(made: Made) -> Undone:
    try:
        return Undone(made=made, was_gone=not _remove(made))
    except OSError as refused:
        return Undone(made=made, problem=refused.strerror or str(refused))


def _remove(made: Made) -> bool:
    """Take one thing away; say whether it was there."""
    match made:
        case Mount(path=path):
            return _unmount(path)
        case Namespace(path=path):
            _unmount(path)
            return _unlink(path)
        case Link(name=name):
            return _delete_link(name)
        case Directory(path=path, tree=tree):
            return _remove_directory(Path(path), tree=tree)
        case File(path=path):
            return _unlink(path)
        case Socket(path=path):
            return os.path.lexists(path) and stat.S_ISSOCK(os.lstat(path).st_mode) and _unlink(path)
        case Process():
            return True


def _unmount(path: str) -> bool:
    found = False
    while os.path.realpath(path) in {mount.point for mount in proc.mounts()}:
        found = True
        if _LIBC.umount2(path.encode(), _MNT_DETACH) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    return found


def _delete_link(name: str) -> bool:
    if name not in {each for _, each in socket.if_nameindex()}:
        return False
    netlink.send([netlink.link_delete(name)])
    return True


def _remove_directory(path: Path, *, tree: bool) -> bool:
    if not path.is_dir() or path.is_symlink():
        return False
    if tree:
        for point in proc.mounts_below(path):
            _unmount(point)
        shutil.rmtree(path)
        return True
    with contextlib.suppress(OSError):
        path.rmdir()
        return True
    return False


def _unlink(path: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        Path(path).unlink()
        return True
    return False
