"""The mesh of one machine while it runs: documents to pods, network and control plane, again at every change."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple, final

from pillion.controlplane.client import Client
from pillion.controlplane.plane import ControlPlane
from pillion.local.fabric.model import FabricSettings
from pillion.local.fabric.network import Fabric, fabric
from pillion.local.journal import Directory, Journal
from pillion.local.kubelet.images import ExecRule
from pillion.local.kubelet.kubelet import Kubelet, kubelet
from pillion.local.kubelet.network import Objects
from pillion.local.kubelet.settings import KubeletSettings
from pillion.local.server import cluster, findings, injection, intake
from pillion.local.server.declared import Declared
from pillion.local.server.overlay import Overlay
from pillion.local.server.pods import Pods
from pillion.local.services import for_fabric
from pillion.local.state import Layout, Memory, first_seen, load, save
from pillion.proxy.node import Proxy
from pillion.resources.documents import Document
from pillion.resources.meta import HasMetadata, Ref
from pillion.value import Diagnostic, Diagnostics, FrozenMap, Value, has_errors
from pillion.xds.front import Front
from pillion.xds.resource import View
from pillion.xds.server import Server

LOG = logging.getLogger(__name__)
NODE = "local"
ROOT_CERTIFICATE_MAP = "istio-ca-root-cert"
"""What Istio's control plane puts into each namespace and its template mounts; nobody issues certificates here."""
PATIENCE = 10.0
"""Seconds that proxies have to acknowledge a change before whoever made it hears that they did not."""


class MeshOptions(Value):
    """What `pillion up` was told."""

    paths: tuple[str, ...]
    rules: tuple[ExecRule, ...] = ()
    mesh_config: str = ""
    """The path of a MeshConfig, or empty."""
    directory: str = "/"
    fabric: FabricSettings = FabricSettings()


class Change(NamedTuple):
    """What became of a change."""

    generation: int
    """Of the control plane, with the change in it."""
    seconds: float
    """Until the last proxy had it, or nobody waited any longer."""
    told: int
    """How many of the proxies that were there are configured otherwise by it."""
    waiting: tuple[str, ...]
    """The pods of those that have not taken it."""


class ChangeError(Exception):
    """A change cannot be brought about, which only a fault of our own can cause; what was in force stays."""


@final
class Mesh:
    """A running mesh. Made by `running`."""

    def __init__(self, options: MeshOptions, layout: Layout, plane: ControlPlane) -> None:
        self.options = options
        self.layout = layout
        self.plane = plane
        self.overlay = Overlay()
        self.intake = intake.NOTHING
        self.diagnostics: Diagnostics = ()
        self.files = Declared(options.paths, options.mesh_config)
        self.began = time.monotonic()
        self.statuses: dict[str, Mapping[str, Any]] = {}
        self.pods: Pods
        self.kubelet: Kubelet
        self._fabric: Fabric
        self._memory: Memory = load(layout)
        self._published: dict[Ref, HasMetadata] = {}
        self._is_up = False
        self._dirty = asyncio.Event()
        self._changed = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._warnings: list[Diagnostic] = []
        self._told: tuple[Diagnostics, Diagnostics] = ((), ())
        """What was wrong with the world last, and the same with lines: those are dear to find."""
        self._prepared = injection.prepare(intake.NOTHING, None)

    @property
    def world_diagnostics(self) -> Diagnostics:
        """What is wrong with the world that all resources make together, each with its line."""
        found = findings.of_world(self.plane, self.intake.taken, self._owner)
        if found != self._told[0]:
            self._told = (found, self.files.located(found))
        return self._told[1]

    @property
    def is_up(self) -> bool:
        """Whether every wanted pod is ready, and the network and the control plane know that."""
        return self._is_up and self.pods.all_ready()

    def _owner(self, key: str) -> Ref | None:
        running = self.pods.running().get(key)
        return running.owner if running else None

    def settle_in(self, network: Fabric, run: Kubelet, pods: Pods) -> None:
        """Take the parts that were made after the mesh."""
        self._fabric, self.kubelet, self.pods = network, run, pods

    def touch(self) -> None:
        """Have the mesh look again."""
        self._dirty.set()

    def told(self, key: str, status: dict[str, Any]) -> None:
        """Take note of a pod's status."""
        self.statuses[key] = status
        self.touch()

    def warned(self, diagnostic: Diagnostic) -> None:
        """Take note of what a pod's document asks for and cannot get."""
        self._warnings = [*self._warnings[-99:], diagnostic]

    async def read_files(self) -> None:
        """Read the watched files again, beside the loop that pushes; a broken one keeps its last good documents."""
        try:
            documents = await asyncio.to_thread(self.files.read, self.overlay.declared())
        except Exception as problem:  # noqa: BLE001 (one change costs itself, never the mesh)
            self._fail(problem)
            return
        self.overlay = self.overlay.with_files(documents)
        self._told = ((), ())
        self.touch()

    async def run(self) -> None:
        """Bring about what the documents say, at every change, until cancelled."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            try:
                await self.reconcile()
            except Exception as problem:  # noqa: BLE001 (one change costs itself, never the mesh)
                self._fail(problem)

    def _fail(self, problem: Exception) -> None:
        """Tell that a change could not be brought about: what was in force stays."""
        LOG.error("a change cannot be brought about", exc_info=problem)
        message = f"the last change cannot be brought about, what was in force stays: {problem!r}"
        told = Diagnostic(code="internal-error", severity="error", message=message, hint="take the last change back")
        self.diagnostics = (*(each for each in self.diagnostics if each.code != told.code), told)
        self._announce()

    async def reconcile(self) -> int:
        """Look at everything once; return the generation of the control plane that holds the result."""
        async with self._one_at_a_time:
            return await self._reconcile()

    async def _reconcile(self) -> int:
        held = list(self.overlay.held())
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        created = first_seen(self._memory.created, (str(ref) for ref, _ in held), now)
        self.intake = intake.take_in(held, self.intake, created)
        unprepared = self._prepare()
        addressed = cluster.address(self.intake, self.options.fabric, self._memory.books)
        self._remember(Memory(books=FrozenMap({**self._memory.books, **addressed.books}), created=created))
        namespaces = {ref.name: taken.content for ref, taken in self.intake.taken.items() if ref.kind == "Namespace"}
        self.pods.want(self.intake)
        wrong = await self.pods.step(self._prepared, namespaces)
        is_ready = self.pods.all_ready()
        pods = [
            pod
            for key, each in self.pods.running().items()
            if (pod := cluster.with_status(each.document, self.statuses.get(key), leaving=each.leaving, node=NODE))
        ]
        resources, slices = cluster.published(addressed, pods, NODE)
        changed, gone = cluster.difference(self._published, resources)
        self._published = resources
        if self.plane.settings != self._prepared.mesh:
            self.plane.configure(self._prepared.mesh)
        generation = self.plane.apply(changed, gone) if changed or gone else self.plane.generation
        await self._fabric.set_services(for_fabric(addressed.services, slices), addressed.hosts)
        self._is_up = is_ready
        self.diagnostics = (
            *self.files.diagnostics,
            *self.files.located((*self.intake.diagnostics, *unprepared)),
            *addressed.diagnostics,
            *self.pods.diagnostics,
            *wrong,
            *self._warnings,
        )
        self._announce()
        return generation

    def _prepare(self) -> Diagnostics:
        """Compute the settings; those that are wrong are told, and the last good ones stay."""
        prepared = injection.prepare(self.intake, self.files.mesh_config, self.files.mesh_config_file, self._prepared)
        wrong = has_errors(prepared.diagnostics)
        self._prepared = self._prepared._replace(proxy_configs=prepared.proxy_configs) if wrong else prepared
        return prepared.diagnostics

    def _remember(self, memory: Memory) -> None:
        if memory != self._memory:
            self._memory = memory
            save(self.layout, memory)

    def remember_books(self, books: Any) -> None:
        """Keep who has which pod address."""
        self._remember(Memory(books=FrozenMap({**self._memory.books, **books}), created=self._memory.created))

    def books(self) -> Any:
        """Give who had which address."""
        return self._memory.books

    async def apply(self, documents: Sequence[Document], patience: float = PATIENCE) -> Change:
        """Lay documents over the files, and wait for the proxies that are told something else by that.

        A proxy that does not answer is not waited for longer than `patience`, in seconds. Raises `ChangeError`.
        """
        return await self._change(self.overlay.with_applied(documents), patience)

    async def delete(self, refs: Iterable[Ref], patience: float = PATIENCE) -> Change:
        """Take applied documents away, and wait as `apply` does. Raises `ChangeError`."""
        return await self._change(self.overlay.without(refs), patience)

    async def _change(self, overlay: Overlay, patience: float) -> Change:
        began = time.monotonic()
        before = {client: client.view for client in self.plane.clients}
        generation = await self._with(overlay)
        told, late = tuple(before), set(before)  # before it is shown to them, it may concern all
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self.plane.pushed(generation)
                told, late = told_otherwise(before), set[Client]()
                awaited = [*told]
                await self.plane.until(lambda: self._have_taken(awaited))
        there = set(self.plane.clients)
        waiting = {client.peer for client in there.intersection(told) if client in late or not client.settled}
        return Change(generation, time.monotonic() - began, len(there.intersection(told)), tuple(sorted(waiting)))

    def _have_taken(self, awaited: list[Client]) -> bool:
        """Drop those that have what they were shown, or are gone, until one that has not; say whether none is left."""
        while awaited and (awaited[-1].settled or awaited[-1] not in self.plane.clients):
            awaited.pop()
        return not awaited

    async def _with(self, overlay: Overlay) -> int:
        """Bring another overlay about; one that cannot be brought about is taken back."""
        before, self.overlay = self.overlay, overlay
        try:
            return await self.reconcile()
        except Exception as problem:
            if self.overlay is overlay:
                self.overlay = before
            self._fail(problem)
            self.touch()
            raise ChangeError(f"the change cannot be brought about, it is taken back: {problem!r}") from problem

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true, looking whenever the mesh changed."""
        while not true():
            await self.change()

    async def change(self) -> None:
        """Wait until the mesh looked at everything once more."""
        await self._changed.wait()

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def resource(self, ref: Ref) -> HasMetadata | None:
        """Find a resource as the control plane knows it."""
        return self._published.get(ref)

    def published(self) -> Mapping[Ref, HasMetadata]:
        """Give every resource as the control plane knows it."""
        return self._published


def told_otherwise(before: Mapping[Client, View | None]) -> tuple[Client, ...]:
    """Give the proxies that are to have another configuration than before; another view may hold the same."""
    known: dict[tuple[int, int], bool] = {}  # many proxies share a view
    found: list[Client] = []
    for client, view in before.items():
        now = client.view
        if now is view:
            continue
        if now is None or view is None:
            found.append(client)
            continue
        pair = id(view), id(now)
        if pair not in known:
            known[pair] = now.tells_as(view)
        if not known[pair]:
            found.append(client)
    return tuple(found)


def may_be(peer: str, proxy: Proxy) -> str | None:
    """Let a socket's pod be itself only: the socket's name is the pod's identity."""
    said = f"{proxy.workload.namespace}/{proxy.workload.name}"
    return None if peer == said else f"the socket of {peer} cannot speak for {said}"


@asynccontextmanager
async def running(options: MeshOptions, layout: Layout) -> AsyncGenerator[Mesh]:
    """Offer a running mesh for as long as the body runs; afterwards nothing of it is left but its folder."""
    prepared = injection.prepare(intake.NOTHING, None)
    plane = ControlPlane(prepared.mesh, may_be=may_be)
    mesh = Mesh(options, layout, plane)
    server = Server(plane)
    settings = KubeletSettings(
        state=str(layout.path), node_name=NODE, host_ip=options.fabric.node_address(4), rules=options.rules,
        directory=options.directory,
    )  # fmt: skip
    layout.xds_socket("any").parent.mkdir(exist_ok=True)
    with Journal(layout.journal) as journal:
        journal.record(Directory(path=str(layout.path.parent)))
        journal.record(Directory(path=str(layout.path), tree=True))
        async with asyncio.TaskGroup() as tasks:
            await server.start()
            loops: list[asyncio.Task[None]] = []
            try:
                async with (
                    Front(server) as front,
                    fabric(options.fabric, tasks, mesh.books(), mesh.remember_books) as network,
                    kubelet(settings, network, journal, _objects(mesh), mesh.told, mesh.warned) as run,
                ):
                    pods = Pods(layout, (run, front), tasks, mesh.touch)
                    mesh.settle_in(network, run, pods)
                    await mesh.read_files()
                    loops.extend((tasks.create_task(plane.run()), tasks.create_task(mesh.run())))
                    try:
                        yield mesh
                    finally:
                        for loop in loops:
                            loop.cancel()
                        await run.stop_all(grace=0)
            finally:
                for loop in loops:
                    loop.cancel()
                await server.stop(0.2)


def _objects(mesh: Mesh) -> Objects:
    def find(kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        document = mesh.overlay.find(Ref(kind=kind, namespace=namespace, name=name))
        if document is None and (kind, name) == ("ConfigMap", ROOT_CERTIFICATE_MAP):
            return {"metadata": {"name": name, "namespace": namespace}, "data": {"root-cert.pem": ""}}
        return dict(document.content) if document else None

    return find
