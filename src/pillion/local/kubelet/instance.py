"""One run of a container: a process in its pod's namespaces, with a mount namespace of its own.

`nsenter` joins the pod and waits; its child, after `inside/container.py`, is the container's command. What a command
leaves behind when it ends (children, daemons) is found by the mount namespace and ended too, so that the next run finds
its ports free, as it would in a container with a PID namespace of its own.
"""

import asyncio
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

SWEEPS = 30
SWEEP_PAUSE = 0.005
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

    def __init__(self, entered: process.Process, report: process.Report, pid: int) -> None:
        """Hold what `start` started, and that waits to be told to go on; raise OSError when it is gone already."""
        self._entered = entered
        self._report = report
        self.pid = pid
        """Of the command, as the machine numbers it."""
        self._failure = ""
        self._pidfd = os.pidfd_open(pid)
        self._namespace = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        """Held open: the kernel gives the number of a namespace that is gone to the next one that somebody makes."""
        self._is_open = True

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
        if self._is_open and not self.has_ended:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def sweep(self) -> bool:
        """Tell every process of this container to die; return whether there was one."""
        found = members(self._namespace) if self._is_open else []
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(found)

    async def swept(self) -> None:
        """Wait until no process of this container is left: only then are its ports free."""
        for turn in range(SWEEPS):  # who was about to fork may have escaped the first one
            if not self.sweep():
                return
            await asyncio.sleep(turn * SWEEP_PAUSE)

    def close(self) -> None:
        """Let go of what the kernel holds for us."""
        if self._is_open:
            self._is_open = False
            self._report.close()
            os.close(self._pidfd)
            os.close(self._namespace)


def members(namespace: int) -> list[int]:
    """List the processes in the mount namespace that a descriptor holds."""
    wanted = f"mnt:[{os.fstat(namespace).st_ino}]"
    found: list[int] = []
    for name in os.listdir("/proc"):  # noqa: PTH208  # pathlib would cost more than the system calls
        if name.isdecimal():
            with suppress(OSError):
                if str(Path(f"/proc/{name}/ns/mnt").readlink()) == wanted:
                    found.append(int(name))
    return found


async def start(target: int, command: Command, streams: Streams) -> Instance:
    """Run a command in the namespaces of process `target`; raise StartError when it cannot be started."""
    enter = ("nsenter", "-t", str(target), "-n", "-m", "-p", "-u", "-i", "--", *SCRIPT)
    entered, report = process.spawn_with_plan(enter, _plan(command), streams.stdin, streams.stdout, streams.stderr)
    try:
        return await _begun(entered, report)
    except BaseException:
        _abandon(entered)
        report.close()
        raise


async def _begun(entered: process.Process, report: process.Report) -> Instance:
    heard = await report.receive()
    pid = entered.only_child()
    if heard != b"m" or pid is None:
        await entered.wait()
        raise StartError(heard[1:].decode() or "the pod's namespaces are gone")
    made = Instance(entered, report, pid)
    report.go_on()
    return made


def _abandon(entered: process.Process) -> None:
    child = entered.only_child()
    if child is not None:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    entered.signal(signal.SIGKILL)


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
