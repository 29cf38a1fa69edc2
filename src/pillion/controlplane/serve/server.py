"""One replica of the control plane in a cluster: the API server's resources in, proxies over TLS out.

Several replicas need no leader: each serves what it reads, and equal resources give equal bytes. A replica opens its
doors to proxies when it knows the whole world, and not before: who is told half of it would lose the other half.
"""

import asyncio
import datetime as dt
import socket
import uuid
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from typing import Any, cast, final

import msgspec

from pillion.controlplane.binding import binding
from pillion.controlplane.plane import ControlPlane
from pillion.controlplane.serve.authentication import PLAINTEXT, Authenticator, may_be
from pillion.controlplane.serve.keeper import Keeper, KeeperError
from pillion.controlplane.serve.mesh_config import settings_of
from pillion.controlplane.serve.metrics import Counted, Metrics, Reading
from pillion.controlplane.serve.roots import CONFIG_MAP, Roots
from pillion.controlplane.serve.settings import ServeSettings
from pillion.controlplane.serve.web import debug, listening, monitoring
from pillion.controlplane.validation.door import judging
from pillion.controlplane.writing.allocator import ENTRY
from pillion.controlplane.writing.writers import Writers
from pillion.http2.limits import Limits
from pillion.inject.text import templates_in
from pillion.pki.kept import Kept
from pillion.proxy.settings import mesh_settings
from pillion.resources.istio.service_entry import ServiceEntry
from pillion.resources.kubernetes.cluster import ConfigMap, Namespace
from pillion.resources.meta import HasMetadata, Ref
from pillion.sources.kubernetes.access import Access
from pillion.sources.kubernetes.client import ApiError, KubernetesClient
from pillion.sources.kubernetes.cluster import Cluster, Standing
from pillion.sources.kubernetes.reflector import ReflectorStatus
from pillion.sources.kubernetes.watched import config_map, mesh_collections, secret
from pillion.value import Diagnostics, FrozenMap
from pillion.xds.front import Front
from pillion.xds.server import Server
from pillion.xds.status import StreamStatus

KEEP_AGAIN = 2.0
"""Seconds between tries to reach the authority's Secret."""
_injector = msgspec.json.Decoder(ConfigMap, dec_hook=lambda _, value: FrozenMap(value))


@final
class Replica:
    """A running control plane. Made by `serving`."""

    def __init__(self, settings: ServeSettings, client: KubernetesClient) -> None:
        mesh, self._settings_found = mesh_settings({}, domain=settings.domain)
        self.settings = settings
        self._client = client
        self.version = version("pillion")
        self.metrics = Metrics(self.version)
        self.plane = ControlPlane(mesh, quiet=settings.quiet, may_be=may_be)
        collections = (*mesh_collections(), config_map(settings.namespace, settings.mesh_map))
        self.cluster = Cluster(client, collections, self._deliver, settings.patience, self._stirred)
        place = (settings.namespace, settings.secret)
        self.keeper = Keeper(client, place, settings.names, settings.handover)
        self.secrets = Cluster(
            client, (secret(*place),), lambda _changed, _deleted: self._keep.set(), settings.patience
        )
        # The name of a pod tells people who leads; what follows it, which of its containers.
        duties = settings.duties(f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}")
        self.writers = Writers(client, duties, self)
        self.roots = Roots(
            client,
            settings.namespace,
            lambda: (each.metadata.name for each in self.plane.catalog.shelf(Namespace)),
        )
        self.authenticator = Authenticator(client, settings.audiences, self._trust_domains)
        self.ports: dict[str, int] = {}
        """Where it listens: `tls`, `plaintext`, `monitoring`, `debug`, `webhook`."""
        self.ready = asyncio.Event()
        """Set when proxies are served."""
        self.judging = asyncio.Event()
        """Set when what is written is judged."""
        self.leaving = False
        self._kept = asyncio.Event()
        self._keep = asyncio.Event()
        self._keeping = "the authority's Secret was not read yet"
        self._servers: list[Server] = []
        self._describe()

    @property
    def cluster_name(self) -> str:
        """The name of the cluster."""
        return self.settings.cluster

    def streams(self) -> tuple[StreamStatus, ...]:
        """Tell of every stream."""
        return tuple(status for server in self._servers for status in server.status())

    def statuses(self) -> tuple[ReflectorStatus, ...]:
        """Tell how far each collection is, the authority's Secret among them."""
        return (*self.cluster.statuses(), *self.secrets.statuses())

    def standings(self) -> Mapping[Ref, Standing]:
        """Tell of objects that cannot be read, and of those whose status says so."""
        return self.cluster.standings()

    def entries(self) -> tuple[ServiceEntry, ...] | None:
        """Give the ServiceEntries, oldest first; None while they are not known."""
        return self.plane.catalog.every(ServiceEntry) if self.cluster.is_synced else None

    def place(self, ref: Ref) -> str:
        """Tell where an object is served."""
        return self.cluster.place(ref)

    def kept(self) -> Kept | None:
        """Tell our authority and whom to trust; None while that is not known."""
        return self.keeper.kept

    def not_ready(self) -> tuple[str, ...]:
        """Tell why proxies are not served; nothing when they are."""
        if self.leaving:
            return ("shutting down",)
        if self.ready.is_set():
            return ()
        missing = [
            f"{each.kind} is not known: {each.problem or each.phase}"
            for each in self.cluster.statuses()
            if not self.cluster.is_synced and (each.phase in {"starting", "failing"})
        ]
        return tuple(missing) + ((self._keeping,) if self._keeping else ()) or ("starting",)

    async def templates(self) -> dict[str, str]:
        """Give the templates that pods are injected with, by name. Raises `ApiError`."""
        path = f"/api/v1/namespaces/{self.settings.namespace}/configmaps/{self.settings.injector_map}"
        found = _injector.decode(await self._client.request("GET", path))
        return templates_in(found.data.get("config", ""))[0]

    def problems(self) -> list[dict[str, Any]]:
        """Tell what is wrong with the cluster's resources, and with reading them."""
        found: list[dict[str, Any]] = [
            {"collection": each.kind, "problem": each.problem} for each in self.statuses() if each.problem
        ]
        for ref, why in self.cluster.refused().items():
            found.append({"resource": str(ref), "diagnostics": [str(each) for each in why]})
        if self._settings_found:
            name = f"ConfigMap {self.settings.namespace}/{self.settings.mesh_map}"
            found.append({"resource": name, "diagnostics": [str(each) for each in self._settings_found]})
        if self._keeping:
            found.append({"resource": f"Secret {self.settings.secret}", "problem": self._keeping})
        for what, problem in self.writers.problems().items():
            found.append({"resource": what, "problem": problem})
        if self.roots.problem:
            found.append({"resource": f"ConfigMap {CONFIG_MAP}", "problem": self.roots.problem})
        found.extend({"diagnostics": [str(each)]} for each in self.plane.diagnostics)
        return found

    def _deliver(self, changed: tuple[HasMetadata, ...], deleted: tuple[Ref, ...]) -> None:
        """Hand on what the API server told; the one ConfigMap among it is the mesh's settings."""
        self.metrics.changed(changed, deleted)
        maps = [each for each in changed if isinstance(each, ConfigMap)]
        if maps:
            self._configure(maps[-1])
        elif any(ref.kind == "ConfigMap" for ref in deleted):
            self._configure(None)
        rest = [each for each in changed if not isinstance(each, ConfigMap)]
        gone = [ref for ref in deleted if ref.kind != "ConfigMap"]
        if rest or gone or not maps:
            self.plane.apply(rest, gone)
        if any(isinstance(each, Namespace) for each in rest):
            self.roots.look()
        if any(isinstance(each, ServiceEntry) for each in rest) or any(ref.kind == ENTRY for ref in gone):
            self.writers.allocator.look()

    def _stirred(self) -> None:
        self.writers.scribe.look()

    def _configure(self, found: ConfigMap | None) -> None:
        settings, diagnostics = settings_of(found, self.settings.domain)
        self._settings_found: Diagnostics = diagnostics
        if settings is not None and settings != self.plane.settings:
            self.plane.configure(settings)

    def _trust_domains(self) -> frozenset[str]:
        settings = self.plane.settings
        return frozenset({settings.trust_domain, *settings.config.trust_domain_aliases})

    async def keep(self) -> None:
        """Keep the authority and our certificate current until cancelled."""
        while True:
            pause = KEEP_AGAIN
            self._keep.clear()
            try:
                await self.keeper.refresh(dt.datetime.now(dt.UTC))
            except (ApiError, KeeperError) as problem:
                self._keeping = f"the authority's Secret: {problem}"
            else:
                self._keeping = ""
                self._kept.set()
                self.roots.trust(self.keeper.roots)
                self.writers.guardian.look()
                pause = self.keeper.pause(dt.datetime.now(dt.UTC))
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._keep.wait()

    async def judge(self) -> None:
        """Judge what is written, once we have a certificate, until cancelled."""
        if self.settings.webhook is None:
            return
        await self._kept.wait()
        door = judging(self.settings.webhook, self.keeper.web, self.metrics.registry, lambda: self.leaving)
        async with door as self.ports["webhook"]:
            self.judging.set()
            await asyncio.Event().wait()

    async def count_pushes(self) -> None:
        """Count every push until cancelled."""
        counted = 0
        while True:
            await self.plane.pushed(counted + 1)
            for push in self.plane.pushes:
                if push.generation > counted:
                    self.metrics.pushed(push)
            counted = self.plane.pushes[-1].generation

    async def open_doors(self, front: Front, inner: Server) -> None:
        """Serve proxies, once the whole world is known and we have a certificate."""
        await self._kept.wait()
        if self.settings.webhook is not None:
            await self.judging.wait()
        await self.cluster.synced()
        await self.plane.pushed(self.plane.generation)
        self._servers.append(inner)
        tls = self.settings.tls
        with binding(*tls):
            self.ports["tls"] = await front.open_tls(tls.host, tls.port, self.keeper.context, caller)
        if self.settings.plaintext is not None:
            host, port = self.settings.plaintext
            limits = Limits(age=self.settings.max_connection_age)
            open_server = Server(Counted(self.plane, self.metrics), identify=lambda _: PLAINTEXT, limits=limits)
            with binding(host, port):
                self.ports["plaintext"] = open_server.listen(f"{host}:{port}")
            self._servers.append(open_server)
            await open_server.start()
        self.ready.set()

    async def close_doors(self) -> None:
        """Be not ready for a while, then end all streams in good order."""
        self.leaving = True
        await asyncio.sleep(self.settings.drain)
        await asyncio.gather(*(server.stop(1.0) for server in self._servers))

    def _describe(self) -> None:
        plane, cluster = self.plane, self.cluster
        self.metrics.read_off(
            [
                Reading(
                    "pilot_xds", "Connected proxies.", ("version",), lambda: [((self.version,), len(plane.clients))]
                ),
                Reading(
                    "pilot_services", "Services.", (), lambda: [((), _count(plane.world.snapshot.services.values()))]
                ),
                Reading(
                    "pilot_virt_services",
                    "VirtualServices.",
                    (),
                    lambda: [((), _count(plane.world.snapshot.virtual_services.values()))],
                ),
                Reading(
                    "pillion_proxies_settled",
                    "Proxies that acknowledged all that they are to see.",
                    (),
                    lambda: [((), sum(each.settled for each in plane.clients))],
                ),
                Reading(
                    "pillion_source_objects",
                    "Objects of each collection.",
                    ("kind",),
                    lambda: [((each.kind,), each.objects) for each in cluster.statuses()],
                ),
                Reading(
                    "pillion_source_failing",
                    "1 while a collection cannot be read; what was known stays in force.",
                    ("kind",),
                    lambda: [((each.kind,), float(bool(each.problem))) for each in self.statuses()],
                ),
                Reading(
                    "pillion_source_lists",
                    "How often a collection was listed whole.",
                    ("kind",),
                    lambda: [((each.kind,), each.lists) for each in cluster.statuses()],
                ),
                Reading(
                    "pillion_refused_objects",
                    "Objects that cannot be read, so are left out.",
                    (),
                    lambda: [((), len(cluster.refused()))],
                ),
                Reading(
                    "pillion_leading",
                    "1 while this replica writes for all of them.",
                    (),
                    lambda: [((), float(self.writers.leader.leading))],
                ),
                Reading(
                    "pillion_statuses_written",
                    "How often this replica wrote into the status of an object.",
                    (),
                    lambda: [((), self.writers.scribe.written)],
                ),
                Reading(
                    "pillion_authentication_failures",
                    "Callers who did not prove who they are.",
                    (),
                    lambda: [((), self.authenticator.failures)],
                ),
                Reading(
                    "citadel_server_root_cert_expiry_timestamp",
                    "When the authority's certificate ends.",
                    (),
                    lambda: [((), ends) for name, ends in self.keeper.ends().items() if name == "root"],
                ),
                Reading(
                    "citadel_server_cert_chain_expiry_timestamp",
                    "When our certificate ends.",
                    (),
                    lambda: [((), ends) for name, ends in self.keeper.ends().items() if name == "leaf"],
                ),
            ]
        )


def caller(transport: asyncio.Transport) -> str:
    """Name who came by TLS: the URI of a certificate that our authority vouches for, or nothing."""
    certificate = cast("dict[str, Any] | None", transport.get_extra_info("peercert")) or {}
    names = cast("tuple[tuple[str, str], ...]", certificate.get("subjectAltName", ()))
    return next((value for kind, value in names if kind == "URI"), "")


@asynccontextmanager
async def serving(access: Access, settings: ServeSettings) -> AsyncGenerator[Replica]:
    """Run a replica while the body does. Raises `OSError` when an address is taken."""
    async with KubernetesClient(access) as client:
        replica = Replica(settings, client)
        limits = Limits(age=settings.max_connection_age)
        inner = Server(Counted(replica.plane, replica.metrics), admit=replica.authenticator.admit, limits=limits)
        async with (
            listening(monitoring(replica), settings.monitoring) as replica.ports["monitoring"],
            listening(debug(replica), settings.debug) as replica.ports["debug"],
            Front(inner) as front,
            asyncio.TaskGroup() as tasks,
        ):
            await inner.start()
            work = (
                replica.plane.run(),
                replica.cluster.run(),
                replica.secrets.run(),
                replica.keep(),
                replica.judge(),
                replica.writers.run(),
                replica.roots.run(),
                replica.count_pushes(),
                replica.open_doors(front, inner),
            )
            running = [tasks.create_task(each) for each in work]
            try:
                yield replica
            finally:
                await replica.close_doors()
                for task in running:
                    task.cancel()
                await inner.stop(0.2)


def _count(shelves: Iterable[tuple[Any, ...]]) -> float:
    return float(sum(len(shelf) for shelf in shelves))
