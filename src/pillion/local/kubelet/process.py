"""Child processes awaited through their file descriptors: no thread for each, and the same under every event loop.

A process is started in the loop's thread. Its end is the readability of its pidfd, so a signal never goes to a process
that took over the number of a dead one.
"""

import asyncio
import marshal
import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

TO_NOWHERE = subprocess.DEVNULL


class Process:
    """A running child of this process."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        """Watch `popen`; a loop must be running."""
        self._popen = popen
        self._ended = asyncio.Event()
        self._pidfd = os.pidfd_open(popen.pid)
        asyncio.get_running_loop().add_reader(self._pidfd, self._reap)
        self.pid = popen.pid

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        self._popen.wait()
        os.close(self._pidfd)
        if self._popen.stdin:
            self._popen.stdin.close()
        self._ended.set()

    @property
    def has_ended(self) -> bool:
        """Return whether the process ended and was reaped."""
        return self._ended.is_set()

    async def wait(self) -> int:
        """Wait for the end; return the exit code, or minus the signal that ended it."""
        await self._ended.wait()
        return self._popen.returncode

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; one that comes too late is lost."""
        if not self.has_ended:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def write(self, content: bytes) -> None:
        """Write to the standard input, which is a pipe; raise BrokenPipeError when nobody reads it."""
        if self._popen.stdin:
            self._popen.stdin.write(content)
            self._popen.stdin.flush()

    def close_input(self) -> None:
        """End the standard input."""
        if self._popen.stdin:
            self._popen.stdin.close()

    def only_child(self) -> int | None:
        """Return the process that `unshare` or `nsenter` forked, once it did."""
        with suppress(OSError):
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii").split()
            return int(children[0]) if children else None
        return None


def spawn(argv: tuple[str, ...], stdin: int, stdout: int, stderr: int, pass_fds: tuple[int, ...] = ()) -> Process:
    """Start a child in a session of its own; standard streams are descriptors or constants of `subprocess`."""
    return Process(
        subprocess.Popen(argv, stdin=stdin, stdout=stdout, stderr=stderr, pass_fds=pass_fds, start_new_session=True)
    )


def memory_file(value: Any) -> int:
    """Put a plan of plain Python objects into a memory file; return its descriptor, for the caller to close."""
    descriptor = os.memfd_create("plan")
    os.write(descriptor, marshal.dumps(value))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


async def readable(descriptor: int) -> None:
    """Wait until a descriptor can be read."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)


class Report:
    """The line on which a script in a pod's namespaces says how far it is, and is told to go on."""

    def __init__(self) -> None:
        """Open the line; `write_end` is for the child, and closed by `started`."""
        ours, theirs = socket.socketpair()
        self._read_end, self.write_end = ours.detach(), theirs.detach()
        self._closed = False
        os.set_blocking(self._read_end, False)

    def started(self) -> None:
        """Close the child's end: it has its own copy now."""
        os.close(self.write_end)

    async def receive(self) -> bytes:
        """Wait for the next message; empty when the child is gone."""
        await readable(self._read_end)
        with suppress(ConnectionResetError):
            return os.read(self._read_end, 65536)
        return b""

    def go_on(self) -> None:
        """Let the child go on, if it is still there."""
        with suppress(BrokenPipeError):
            os.write(self._read_end, b"g")

    def rest(self) -> bytes:
        """Return what lies unread; nothing once it is closed."""
        if not self._closed:
            with suppress(BlockingIOError, ConnectionResetError):
                return os.read(self._read_end, 65536)
        return b""

    def close(self) -> None:
        """Close the line."""
        if not self._closed:
            self._closed = True
            os.close(self._read_end)


def spawn_with_plan(argv: tuple[str, ...], plan: Any, stdin: int, stdout: int, stderr: int) -> tuple[Process, Report]:
    """Start a script that reads a plan of plain Python objects and reports how far it is.

    Its last two arguments are descriptors: the line on which it reports, and the file with the plan. The line is for
    the caller to close; raises `OSError`, with all closed, when the program cannot be started.
    """
    memory = memory_file(plan)
    report = Report()
    descriptors = (report.write_end, memory)
    try:
        return spawn((*argv, *map(str, descriptors)), stdin, stdout, stderr, descriptors), report
    except OSError:
        report.close()
        raise
    finally:
        report.started()
        os.close(memory)
