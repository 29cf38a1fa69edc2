"""The pods of the mesh: which are wanted, which there are, what comes next, and their life at the kubelet."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, final

from pillion.local.kubelet.kubelet import Kubelet
from pillion.local.rollout import ExistingPod, next_step
from pillion.local.server.injection import XDS_SOCKET, Prepared, injected
from pillion.local.server.intake import Intake
from pillion.local.state import Layout
from pillion.local.workloads import KINDS, DesiredPod, Workload, read
from pillion.resources.meta import Ref
from pillion.value import Diagnostic, Diagnostics, Where, has_errors
from pillion.xds.front import Front, Owner

PROXY_ID = 1337
WORDS = frozenset(word for kind in KINDS for word in (kind.lower(), f"{kind.lower()}s")) | {
    "po",
    "deploy",
    "rs",
    "sts",
    "ds",
}
"""How kubectl's users write the kinds of workloads."""
OVER = frozenset({"Succeeded", "Failed"})
RETRY = 1.0
"""Seconds until a pod is tried again for which the machine had no socket or no folder."""


class Running(NamedTuple):
    """A pod that there is: what it was made from and what runs."""

    owner: Ref
    revision: str
    document: Mapping[str, Any]
    """After injection."""
    injected: bool
    leaving: bool = False


@final
class Pods:
    """Brings the pods that there are closer to those that are wanted, step by step."""

    def __init__(
        self, layout: Layout, parts: tuple[Kubelet, Front], tasks: asyncio.TaskGroup, changed: Callable[[], None]
    ) -> None:
        self._layout = layout
        self._kubelet, self._front = parts
        self._tasks = tasks
        self._changed = changed
        self._running: dict[str, Running] = {}
        self._workloads: tuple[Workload, ...] | None = None
        self.diagnostics: Diagnostics = ()

    def running(self) -> Mapping[str, Running]:
        """Give the pods that there are, by `namespace/name`."""
        return self._running

    def want(self, intake: Intake) -> None:
        """Take note of which pods the documents ask for."""
        found: list[Diagnostic] = []
        workloads: list[Workload] = []
        for ref, taken in sorted(intake.taken.items(), key=lambda item: str(item[0])):
            if ref.kind in KINDS:
                workload, diagnostics = read(taken.content)
                found.extend(diagnostics)
                if workload is not None:
                    workloads.append(workload)
        self._workloads = tuple(workloads)
        self.diagnostics = tuple(found)

    async def step(self, prepared: Prepared, namespaces: Mapping[str, Mapping[str, Any]]) -> Diagnostics:
        """Do what is to be done now; called again whenever a pod came, went or became ready."""
        step = next_step(self._workloads or (), [self._existing(key, each) for key, each in self._running.items()])
        for pod in step.delete:
            self._end(f"{pod.namespace}/{pod.name}")
        found: list[Diagnostic] = []
        for desired in step.create:
            try:
                found.extend(await self._begin(desired, prepared, namespaces))
            except OSError as problem:  # it costs this pod, not the mesh
                found.append(_cannot_begin(desired, problem))
                asyncio.get_running_loop().call_later(RETRY, self._changed)
        return tuple(found)

    def is_ready(self, key: str) -> bool:
        """Return whether a pod's Ready condition is true."""
        status = self._kubelet.status(key) or {}
        return any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions", ()))

    def all_ready(self) -> bool:
        """Return whether every wanted pod is there and ready, or ran to its end."""
        if self._workloads is None:
            return False
        wanted = {f"{workload.ref.namespace}/{pod.name}" for workload in self._workloads for pod in workload.pods}
        return wanted <= self._running.keys() and all(self.is_ready(key) or self._is_over(key) for key in wanted)

    def find(self, name: str) -> str | None:
        """Find a pod by `NAME`, `NAMESPACE/NAME`, or with the kind before NAME; NAME may be its workload's."""
        *places, short = name.split("/")
        if places and places[-1].lower() in WORDS:
            places.pop()
        for key, running in sorted(self._running.items(), key=lambda item: (item[1].leaving, item[0])):
            here, _, own = key.partition("/")
            if places in ([], [here]) and short in {own, running.owner.name}:
                return key
        return None

    def _existing(self, key: str, running: Running) -> ExistingPod:
        namespace, _, name = key.partition("/")
        return ExistingPod(
            name=name,
            namespace=namespace,
            revision=running.revision,
            owner=running.owner,
            ready=self.is_ready(key),
            leaving=running.leaving,
        )

    def _is_over(self, key: str) -> bool:
        return (self._kubelet.status(key) or {}).get("phase") in OVER

    async def _begin(
        self, desired: DesiredPod, prepared: Prepared, namespaces: Mapping[str, Mapping[str, Any]]
    ) -> Diagnostics:
        metadata: Mapping[str, Any] = desired.document["metadata"]
        namespace = str(metadata["namespace"])
        key = f"{namespace}/{desired.name}"
        injection = injected(desired.document, prepared, namespaces.get(namespace))
        if has_errors(injection.diagnostics):
            return injection.diagnostics
        binds: list[tuple[str, str]] = []
        if injection.is_injected:
            socket = self._layout.xds_socket(key)
            await self._front.open(socket, key, Owner(uid=PROXY_ID, gid=PROXY_ID))
            binds.append((str(socket), XDS_SOCKET))
        is_begun = False
        try:
            found = self._kubelet.start_pod(injection.document, binds)
            is_begun = not has_errors(found)
        finally:
            if binds and not is_begun:
                self._front.close(self._layout.xds_socket(key))
        if not is_begun:
            return found
        owner = self._owner_of(desired)
        self._running[key] = Running(owner, desired.revision, injection.document, injection.is_injected)
        return found

    def _owner_of(self, desired: DesiredPod) -> Ref:
        return next(workload.ref for workload in self._workloads or () if desired in workload.pods)

    def _end(self, key: str) -> None:
        running = self._running[key]
        if not running.leaving:
            self._running[key] = running._replace(leaving=True)
            self._tasks.create_task(self._stop(key))

    async def _stop(self, key: str) -> None:
        await self._kubelet.stop_pod(key)
        running = self._running.pop(key)
        if running.injected:
            self._front.close(self._layout.xds_socket(key))
        self._changed()

    def restart(self, keys: Sequence[str]) -> None:
        """End pods; their workloads make new ones."""
        for key in keys:
            self._end(key)


def _cannot_begin(desired: DesiredPod, problem: OSError) -> Diagnostic:
    metadata: Mapping[str, Any] = desired.document["metadata"]
    return Diagnostic(
        code="pod-not-started",
        severity="error",
        message=f"cannot be started yet: {problem}",
        where=Where(resource=f"Pod {metadata['namespace']}/{desired.name}"),
        hint="it is tried again",
    )
