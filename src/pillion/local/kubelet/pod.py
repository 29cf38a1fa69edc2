"""The life of one pod: its namespaces, init containers in order, sidecars, containers, and its orderly end."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, cast

from pillion.local.kubelet.container import ContainerLife, Surroundings, now
from pillion.local.kubelet.logs import ContainerLog
from pillion.local.kubelet.network import Objects, PodNetwork
from pillion.local.kubelet.policy import restart
from pillion.local.kubelet.policy import status as statuses
from pillion.local.kubelet.sandbox import Sandbox, SandboxError, SandboxMaker
from pillion.local.kubelet.settings import KubeletSettings
from pillion.local.kubelet.spec import env, volumes
from pillion.local.kubelet.spec.pod import Container, Pod
from pillion.value import Diagnostic, Value

RETRY = 1.0
"""Seconds until a pod whose namespaces or volumes could not be made is tried again."""


class Services(Value):
    """What all pods of a kubelet share."""

    settings: KubeletSettings
    network: PodNetwork
    maker: SandboxMaker
    objects: Objects
    told: Callable[[str, dict[str, Any]], None]
    """Gets (`namespace/name`, status document) whenever a pod's status is another."""
    warned: Callable[[Diagnostic], None]


class PodLife:
    """One pod, from its first namespaces to its last status."""

    def __init__(self, pod: Pod, services: Services, binds: Sequence[tuple[str, str]]) -> None:
        """Hold a pod that is not started yet; `binds` are (path of the machine, path in the pod)."""
        self.pod = pod
        self.over = asyncio.Event()
        """Set when nothing of the pod runs any more."""
        self.status: dict[str, Any] = {}
        self._services = services
        self._binds = binds
        self._state = statuses.PodState(start_time=now(), host_ip=services.settings.host_ip)
        self._lives: dict[str, ContainerLife] = {}
        self._stop = asyncio.Event()
        self._sandbox: Sandbox | None = None
        self._grace = float(pod.spec.termination_grace_period_seconds)
        folder = services.settings.pod_folder(pod.key)
        self.logs = {spec.name: ContainerLog(folder / spec.name) for spec in self._specs}

    @property
    def _specs(self) -> tuple[Container, ...]:
        return (*self.pod.spec.init_containers, *self.pod.spec.containers)

    def life(self, container: str) -> ContainerLife | None:
        """Return a container of the pod as it is now."""
        return self._lives.get(container)

    def stop(self, grace: float | None) -> float:
        """Begin the pod's end and return how many seconds it has: `grace`, or as many as its spec says."""
        if grace is not None:
            self._grace = min(self._grace, grace)
        self._stop.set()
        self._tell(is_terminating=True)
        return self._grace

    def kill(self) -> None:
        """End all that runs in the pod now."""
        if self._sandbox:
            self._sandbox.kill()

    def _tell(self, **changes: Any) -> None:
        """Compute the status anew, and pass it on if it changed."""
        fields = {name: getattr(self._state, name) for name in self._state.__struct_fields__} | changes
        known = {spec.name: statuses.ContainerStatus(name=spec.name) for spec in self._specs}
        known |= {name: life.status for name, life in self._lives.items()}
        fields["inits"] = tuple(known[spec.name] for spec in self.pod.spec.init_containers)
        fields["containers"] = tuple(known[spec.name] for spec in self.pod.spec.containers)
        self._state = statuses.PodState(**fields)
        document = statuses.document(self.pod, self._state, now(), self.status)
        if document != self.status:
            self.status = document
            self._services.told(self.pod.key, document)

    async def run(self) -> None:
        """Keep the pod running until it is stopped or its containers ended for good."""
        self._tell()
        history = restart.History()
        try:
            while not self._stop.is_set():
                sandbox = await self._make()
                if sandbox is None:
                    continue
                self._sandbox = sandbox
                begun = asyncio.get_running_loop().time()
                try:
                    finished = await self._inhabit(sandbox)
                finally:
                    self._sandbox = None
                    await self._services.maker.end(sandbox)
                if finished:
                    return
                history = restart.ended(history, asyncio.get_running_loop().time() - begun)
                await self._pause(restart.pause(history))
        finally:
            self._tell(has_ended=True)
            self.over.set()

    async def _make(self) -> Sandbox | None:
        """Make the pod's namespaces; on failure say why and return None a little later."""
        services = self._services
        sources = volumes.Sources(pod=self.pod, facts=services.settings.facts(), lookup=self._lookup)
        try:
            folders, diagnostics = volumes.folders(sources)
            for diagnostic in diagnostics:
                services.warned(diagnostic)
            return await services.maker.create(self.pod, folders, self._binds)
        except env.MissingReferenceError as error:
            self._tell(reason="FailedMount", message=str(error))
        except (OSError, SandboxError) as error:
            self._tell(reason="FailedCreatePodSandBox", message=str(error))
        await self._pause(RETRY)
        return None

    def _lookup(self, kind: str, name: str) -> dict[str, str] | None:
        document = self._services.objects(kind, self.pod.metadata.namespace, name)
        return None if document is None else volumes.keys_of({"kind": kind, **document})

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()

    async def _inhabit(self, sandbox: Sandbox) -> bool:
        """Run the containers; return whether the pod is finished, or lost its namespaces and needs new ones."""
        around = Surroundings(
            pod=self.pod,
            pid=sandbox.pid,
            addresses=sandbox.addresses,
            settings=self._services.settings,
            network=self._services.network,
            lookup=cast("env.Lookup", self._lookup),
            folder=self._services.settings.pod_folder(self.pod.key),
        )
        self._lives = {spec.name: ContainerLife(spec, around, self.logs[spec.name], self._tell) for spec in self._specs}
        self._tell(addresses=sandbox.addresses, reason="", message="")
        async with asyncio.TaskGroup() as tasks:
            flow = tasks.create_task(self._flow(tasks))
            gone = tasks.create_task(sandbox.wait())
            stop = tasks.create_task(self._stop.wait())
            await asyncio.wait((flow, gone, stop), return_when=asyncio.FIRST_COMPLETED)
            is_lost = gone.done()
            if not is_lost:
                await self._terminate()
            for task in (flow, gone, stop):
                task.cancel()
            if is_lost:
                await asyncio.gather(*(life.stop(0) for life in self._lives.values()))
        return not is_lost

    async def _flow(self, tasks: asyncio.TaskGroup) -> None:
        """Start the containers in Kubernetes' order; return when the pod's work is done."""
        policy = self.pod.spec.restart_policy
        for spec in self.pod.spec.init_containers:
            life = self._lives[spec.name]
            if spec.is_sidecar:
                tasks.create_task(life.keep("Always"))
                await life.started.wait()
            elif await life.keep("Never" if policy == "Never" else "OnFailure"):
                return
        kept: list[asyncio.Task[int]] = []
        for spec in self.pod.spec.containers:
            life = self._lives[spec.name]
            running = tasks.create_task(life.keep(spec.restart_policy or policy))
            kept.append(running)
            launched = tasks.create_task(life.launched.wait())
            await asyncio.wait((running, launched), return_when=asyncio.FIRST_COMPLETED)
            launched.cancel()
        await asyncio.gather(*kept)

    async def _terminate(self) -> None:
        """End the containers together, then the sidecars that served them, last started first."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._grace
        sidecars = [self._lives[spec.name] for spec in self.pod.spec.init_containers if spec.is_sidecar]
        others = [life for life in self._lives.values() if life not in sidecars]
        await asyncio.gather(*(life.stop(self._grace) for life in others))
        for life in reversed(sidecars):
            slack = min(self._grace, self._services.settings.stop_slack)
            await life.stop(max(deadline - loop.time(), slack))
