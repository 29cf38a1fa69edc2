"""A pod's five namespaces, from the machine's side: made, watched, ended.

`unshare` makes them; its child, after `inside/sandbox.py`, is the pod's PID 1. Three ties let nothing outlive this
process, `kill -9` included: PID 1 reads a pipe that only we hold and ends with it; `unshare` dies with us, and PID 1
with `unshare`; and with PID 1 the kernel ends every process in its namespace. The pod's mounts exist in its own
namespace only, so they go with it.
"""

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pillion.local.journal import Directory
from pillion.local.kubelet import process
from pillion.local.kubelet.network import Journal, PodNetwork
from pillion.local.kubelet.settings import KubeletSettings
from pillion.local.kubelet.spec.pod import Pod
from pillion.local.kubelet.spec.volumes import Folder

INSIDE = Path(__file__).parent / "inside"
PYTHON = (sys.executable, "-S", "-E")
UNSHARE = (
    *("setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--propagation", "private"),
    *("--pid", "--uts", "--ipc", "--fork", "--kill-child=KILL", "--", *PYTHON, str(INSIDE / "sandbox.py")),
)


class SandboxError(Exception):
    """The pod's namespaces could not be made; the message says why."""


class Sandbox:
    """The namespaces of one pod."""

    def __init__(self, key: str, init: process.Process, pid: int, addresses: tuple[str, ...]) -> None:
        """Hold a pod that was made by `create`."""
        self.key = key
        self.pid = pid
        """Of the pod's PID 1, as the machine numbers it."""
        self.addresses = addresses
        self.init = init
        """The process that holds the namespaces."""

    async def wait(self) -> None:
        """Wait until PID 1 is gone, and with it all that ran in the pod."""
        await self.init.wait()

    def kill(self) -> None:
        """End all processes of the pod."""
        end(self.init)


def end(init: process.Process) -> None:
    """End a pod: its lifeline first, then by force."""
    init.close_input()
    init.signal(signal.SIGKILL)


def plan_of(pod: Pod, folders: tuple[Folder, ...], binds: Sequence[tuple[str, str]], work: Path) -> dict[str, Any]:
    """Write the plan that `inside/sandbox.py` follows, in plain objects that can be marshalled."""
    return {
        "work": str(work),
        "hostname": pod.hostname,
        "binds": list(binds),
        "files": {"/etc/hostname": f"{pod.hostname}\n".encode()},
        "volumes": {
            folder.name: {
                "mode": folder.mode,
                "group": pod.spec.security_context.fs_group,
                "files": [(file.path, file.content, file.mode) for file in folder.files],
            }
            for folder in folders
        },
    }


def host_table(pod: Pod, addresses: tuple[str, ...]) -> str:
    """Write /etc/hosts as a kubelet does."""
    lines = ["127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback"]
    lines += [f"{address}\t{pod.hostname}" for address in addresses]
    lines += [f"{alias.ip}\t{' '.join(alias.hostnames)}" for alias in pod.spec.host_aliases]
    return "\n".join(lines) + "\n"


class SandboxMaker:
    """Makes pods' namespaces, and takes back what it gave them."""

    def __init__(self, settings: KubeletSettings, network: PodNetwork, journal: Journal) -> None:
        """Make pods of `network`, a few at a time."""
        self._settings = settings
        self._network = network
        self._journal = journal
        self._turns = asyncio.Semaphore(settings.sandboxes_at_once)
        self._processes: dict[str, int] = {}
        self._folders: dict[str, int] = {}

    async def create(self, pod: Pod, folders: tuple[Folder, ...], binds: Sequence[tuple[str, str]]) -> Sandbox:
        """Make a pod's namespaces and put them on the network; raise SandboxError or OSError when that fails."""
        async with self._turns:
            work = self._settings.pod_folder(pod.key) / "root"
            if pod.key not in self._folders:
                made = Directory(path=str(work.parent), tree=True)
                self._folders[pod.key] = self._journal.record(made)
            work.mkdir(parents=True, exist_ok=True)
            shown = (*self._settings.visible, *binds)
            plan = plan_of(pod, folders, shown, work)
            plan["files"]["/etc/resolv.conf"] = self._network.resolv_conf(pod.metadata.namespace).encode()
            plan["open"] = list(self._settings.needed)
            return await self._start(pod, plan)

    async def _start(self, pod: Pod, plan: dict[str, Any]) -> Sandbox:
        nowhere = subprocess.DEVNULL
        init, report = process.spawn_with_plan(UNSHARE, plan, subprocess.PIPE, nowhere, nowhere)
        self._processes[pod.key] = self._journal.process(init.pid, f"pod {pod.key}")
        try:
            return await self._complete(pod, init, report)
        except BaseException:
            end(init)
            await self.remove(pod.key, init)
            raise
        finally:
            report.close()

    async def _complete(self, pod: Pod, init: process.Process, report: process.Report) -> Sandbox:
        heard = await report.receive()
        pid = init.only_child()
        if heard[:1] != b"n" or pid is None:
            raise SandboxError(heard[1:].decode() or "unshare could not make the pod's namespaces; it needs root")
        try:
            addresses = await self._network.attach(pod.key, pid)
        except Exception as error:  # whatever ails the network costs this pod only
            raise SandboxError(f"the network did not take the pod: {error}") from error
        table = host_table(pod, addresses).encode()
        try:
            init.write(len(table).to_bytes(4, "big") + table)
        except BrokenPipeError:
            raise SandboxError(report.rest()[1:].decode()) from None
        heard = heard[1:] or await report.receive()
        if heard[:1] != b"r":
            raise SandboxError(heard[1:].decode() or "the pod's first process ended")
        return Sandbox(pod.key, init, pid, addresses)

    async def remove(self, key: str, init: process.Process) -> None:
        """Take a dead pod off the network."""
        await init.wait()
        with suppress(OSError):  # the link went with the pod's namespace
            await self._network.detach(key)
        number = self._processes.pop(key, None)
        if number is not None:
            self._journal.done(number)

    def forget(self, key: str) -> None:
        """Remove the folder of a pod that has ended, its logs included."""
        shutil.rmtree(self._settings.pod_folder(key), ignore_errors=True)
        number = self._folders.pop(key, None)
        if number is not None:
            self._journal.done(number)

    async def end(self, sandbox: Sandbox) -> None:
        """End a pod's processes and take it off the network."""
        sandbox.kill()
        await self.remove(sandbox.key, sandbox.init)
