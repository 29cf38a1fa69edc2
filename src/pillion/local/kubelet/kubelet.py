"""The door of the kubelet: start and stop pods, look at them, run commands in them, read what they wrote."""

import asyncio
import os
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from pillion.local.kubelet import probing
from pillion.local.kubelet.instance import StartError, Streams
from pillion.local.kubelet.logs import last_lines
from pillion.local.kubelet.network import Journal, Objects, PodNetwork
from pillion.local.kubelet.pod import PodLife, Services
from pillion.local.kubelet.process import readable
from pillion.local.kubelet.sandbox import SandboxMaker
from pillion.local.kubelet.settings import KubeletSettings
from pillion.local.kubelet.spec.pod import Pod, decode
from pillion.value import Diagnostic, Diagnostics, Value

PIECE = 65536


class Captured(Value):
    """What a command did."""

    exit_code: int
    stdout: bytes
    stderr: bytes


class UnknownContainerError(Exception):
    """There is no such pod or container, or it does not run; the message says which there are."""


class Kubelet:
    """All pods of one machine. Made by `kubelet`."""

    def __init__(self, services: Services, tasks: asyncio.TaskGroup) -> None:
        """Run pods as tasks of `tasks`."""
        self._services = services
        self._tasks = tasks
        self._pods: dict[str, PodLife] = {}

    def start_pod(self, document: dict[str, Any], binds: Sequence[tuple[str, str]] = ()) -> Diagnostics:
        """Run an injected pod's document; `binds` are (path of the machine, path in the pod).

        A pod of the same namespace and name that still runs is an error: stop it first.
        """
        pod, diagnostics = decode(document)
        if pod is None:
            return diagnostics
        known = self._pods.get(pod.key)
        if known and not known.over.is_set():
            return (*diagnostics, _already(pod))
        life = PodLife(pod, self._services, tuple(binds))
        self._pods[pod.key] = life
        self._tasks.create_task(life.run(), name=f"pod {pod.key}")
        return diagnostics

    async def stop_pod(self, key: str, grace: float | None = None) -> None:
        """End a pod and forget it; return when nothing of it runs. A pod that is unknown is stopped already."""
        life = self._pods.get(key)
        if life is None:
            return
        patience = life.stop(grace) + self._services.settings.stop_slack
        try:
            async with asyncio.timeout(patience):
                await life.over.wait()
        except TimeoutError:
            life.kill()
            await life.over.wait()
        if self._pods.get(key) is life:
            del self._pods[key]
            self._services.maker.forget(key)

    async def stop_all(self, grace: float | None = None) -> None:
        """End all pods at once."""
        await asyncio.gather(*(self.stop_pod(key, grace) for key in tuple(self._pods)))

    def pods(self) -> tuple[str, ...]:
        """List the keys of all pods."""
        return tuple(sorted(self._pods))

    def status(self, key: str) -> dict[str, Any] | None:
        """Return a pod's `status` document."""
        life = self._pods.get(key)
        return life.status if life else None

    async def exec(self, key: str, container: str, argv: Sequence[str], streams: Streams, tty: bool = False) -> int:
        """Run a command in a container with descriptors as its standard streams; return its exit code.

        With `tty` the streams are a terminal, which becomes the command's own. Raises UnknownContainerError, and
        `instance.StartError` for a command that cannot be started.
        """
        return await probing.execute(tuple(argv), self._target(key, container), streams, tty)

    async def exec_captured(
        self, key: str, container: str, argv: Sequence[str], stdin: bytes | None = None
    ) -> Captured:
        """Run a command in a container and return all that it wrote."""
        target = self._target(key, container)
        memory = os.memfd_create("stdin")
        out, err = os.pipe(), os.pipe()
        ends = [memory, out[1], err[1]]
        os.write(memory, stdin or b"")
        os.lseek(memory, 0, os.SEEK_SET)

        def close() -> None:
            while ends:
                os.close(ends.pop())

        streams = Streams(stdin=subprocess.DEVNULL if stdin is None else memory, stdout=out[1], stderr=err[1])
        failure: StartError | None = None
        code = 0
        try:
            async with asyncio.TaskGroup() as tasks:
                stdout, stderr = (tasks.create_task(_drain(pipe[0])) for pipe in (out, err))
                try:
                    code = await probing.execute(tuple(argv), target, streams, begun=close)
                except StartError as error:
                    failure = error
                finally:
                    close()
        finally:
            os.close(out[0])
            os.close(err[0])
        if failure:
            raise failure
        return Captured(exit_code=code, stdout=stdout.result(), stderr=stderr.result())

    def _target(self, key: str, container: str) -> probing.Target:
        life = self._pods.get(key)
        if life is None:
            raise UnknownContainerError(f"there is no pod {key}")
        name = container or default_container(life.pod)
        found = life.life(name)
        if found is None:
            names = ", ".join(life.logs)
            raise UnknownContainerError(f"pod {key} has no container {name}; it has {names}")
        if found.target is None:
            raise UnknownContainerError(f"container {name} of pod {key} is not running")
        return found.target

    async def logs(
        self, key: str, container: str = "", follow: bool = False, previous: bool = False, tail: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield what a container wrote in its current or `previous` run; with `follow` what it goes on to write."""
        life = self._pods.get(key)
        if life is None:
            raise UnknownContainerError(f"there is no pod {key}")
        name = container or default_container(life.pod)
        log = life.logs.get(name)
        if log is None:
            raise UnknownContainerError(f"pod {key} has no container {name}; it has {', '.join(life.logs)}")
        if follow:
            async for piece in log.follow(tail):
                yield piece
            return
        content = log.text(log.run - 1 if previous else log.run)
        yield content if tail is None else last_lines(content, tail)


def default_container(pod: Pod) -> str:
    """Return the container that is meant when none is named: the annotated one, else the first that is no proxy."""
    annotated = pod.metadata.annotations.get("kubectl.kubernetes.io/default-container", "")
    if annotated:
        return annotated
    names = [spec.name for spec in pod.spec.containers]
    return next((name for name in names if name != "istio-proxy"), names[0] if names else "")


async def _drain(descriptor: int) -> bytes:
    """Read a pipe to its end."""
    os.set_blocking(descriptor, False)
    content = b""
    while True:
        await readable(descriptor)
        with suppress(BlockingIOError):
            piece = os.read(descriptor, PIECE)
            if not piece:
                return content
            content += piece


def _already(pod: Pod) -> Diagnostic:
    return Diagnostic(
        code="pod-runs-already", severity="error", message=f"pod {pod.key} runs already", hint="stop it first"
    )


@asynccontextmanager
async def kubelet(
    settings: KubeletSettings,
    network: PodNetwork,
    journal: Journal,
    objects: Objects,
    told: Callable[[str, dict[str, Any]], None],
    warned: Callable[[Diagnostic], None] = lambda _: None,
) -> AsyncGenerator[Kubelet]:
    """Offer a kubelet for as long as the body runs; then every pod is ended, at once if need be."""
    services = Services(
        settings=settings,
        network=network,
        maker=SandboxMaker(settings, network, journal),
        objects=objects,
        told=told,
        warned=warned,
    )
    async with asyncio.TaskGroup() as tasks:
        made = Kubelet(services, tasks)
        try:
            yield made
        finally:
            await made.stop_all(settings.end_grace)
