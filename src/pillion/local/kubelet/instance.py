"""One run of a container: a process in its pod's namespaces, with a mount namespace of its own.

`nsenter` joins the pod and waits; its child, after `inside/container.py`, is the container's command. What a command
leaves behind when it ends (children, daemons) is found by the mount namespace and ended too, so that the next run finds
its ports free, as it would in a container with a PID namespace of its own.
"""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pillion.local.kubelet import process
from pillion.local.kubelet.sandbox import INSIDE, PYTHON
from pillion.local.kubelet.spec.security import Rights
from pillion.local.kubelet.spec.volumes import Bind
from pillion.value import Value

SWEEPS = 5
SCRIPT = (*PYTHON, str(INSIDE / "container.py"))


class Command(Value):
    """What to run in a pod, and as whom."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    directory: str = "/"
    rights: Rights = Rights()
    binds: tuple[Bind, ...] | None = ()
    """What the container sees of the pod's volumes; None to join a container that has its view already."""
    tty: bool = False


class Streams(Value):
    """Standard streams: descriptors, or constants of `subprocess`."""

    stdin: int = process.TO_NOWHERE
    stdout: int = process.TO_NOWHERE
    stderr: int = process.TO_NOWHERE


class StartError(Exception):
    """The command could not be started; the message says why."""


class Instance:
    """A command that runs in a pod."""

    def __init__(self, entered: process.Process, report: process.Report, pid: int | None, namespace: str) -> None:
        """Hold what `start` started."""
        self._entered = entered
        self._report = report
        self._namespace = namespace
        self._held = _hold(pid, namespace)
        self.pid = pid
        """Of the command, as the machine numbers it; None when it ended at once."""
        self._pidfd = _pidfd(pid)
        self._failure = ""

    @property
    def failure(self) -> str:
        """Why the command could not be executed after all, once it ended."""
        return self._failure

    async def wait(self) -> int:
        """Wait for the end; return the exit code, or minus the signal that ended it."""
        code = await self._entered.wait()
        rest = self._report.rest()
        if rest[:1] == b"e":
            self._failure = rest[1:].decode()
        return code

    @property
    def has_ended(self) -> bool:
        """Return whether the command ended."""
        return self._entered.has_ended

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the command."""
        if self._pidfd is not None and not self.has_ended:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def sweep(self) -> None:
        """End every process of this container, if its namespace is still known for sure to be its own."""
        if self._held is None:
            return
        for _ in range(SWEEPS):  # who is about to fork may escape the first one
            found = members(self._namespace)
            for pid in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if not found:
                return

    def close(self) -> None:
        """Let go of what the kernel holds for us."""
        self._report.close()
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None
        if self._held is not None:
            os.close(self._held)
            self._held = None


def _hold(pid: int | None, namespace: str) -> int | None:
    """Keep a mount namespace from going away: the kernel gives its number to the next one that somebody makes."""
    with suppress(OSError):
        held = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        if namespace == f"mnt:[{os.fstat(held).st_ino}]":
            return held
        os.close(held)
    return None


def _pidfd(pid: int | None) -> int | None:
    with suppress(ProcessLookupError):
        return None if pid is None else os.pidfd_open(pid)
    return None


def members(namespace: str) -> list[int]:
    """List the processes whose mount namespace has this identity (`mnt:[4026532250]`)."""
    found: list[int] = []
    for name in os.listdir("/proc"):  # noqa: PTH208  # pathlib would cost more than the system calls
        if name.isdecimal():
            with suppress(OSError):
                if str(Path(f"/proc/{name}/ns/mnt").readlink()) == namespace:
                    found.append(int(name))
    return found


async def start(target: int, command: Command, streams: Streams) -> Instance:
    """Run a command in the namespaces of process `target`; raise StartError when it cannot be started."""
    memory = process.memory_file(_plan(command))
    report = process.Report()
    enter = ("nsenter", "-t", str(target), "-n", "-m", "-p", "-u", "-i", "--", *SCRIPT)
    try:
        entered = process.spawn(
            (*enter, str(report.write_end), str(memory)),
            streams.stdin,
            streams.stdout,
            streams.stderr,
            (report.write_end, memory),
        )
    except OSError:
        report.close()
        raise
    finally:
        report.started()
        os.close(memory)
    try:
        heard = await report.receive()
    except BaseException:
        entered.signal(signal.SIGKILL)
        child = entered.only_child()
        if child is not None:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        report.close()
        raise
    told, _, rest = heard.partition(b"\n")
    if told[:1] != b"m" or rest[:1] == b"e":
        await entered.wait()
        report.close()
        message = rest[1:] if rest else told[1:]
        raise StartError(message.decode() or "the pod's namespaces are gone")
    return Instance(entered, report, entered.only_child(), told[1:].decode())


def _plan(command: Command) -> dict[str, object]:
    rights = command.rights
    return {
        "argv": list(command.argv),
        "env": dict(command.env),
        "directory": command.directory,
        "mounts": None
        if command.binds is None
        else tuple((bind.source, bind.target, bind.read_only) for bind in command.binds),
        "uid": rights.uid,
        "gid": rights.gid,
        "groups": list(rights.groups),
        "capabilities": list(rights.capabilities),
        "no_new_privileges": rights.no_new_privileges,
        "tty": command.tty,
    }
