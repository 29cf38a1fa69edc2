"""The webhook as a whole: it starts, looks after its files while it serves, and ends without losing a request."""

import asyncio
import contextlib
import signal
from collections.abc import Callable

from pillion.controlplane.webhook import certificate, files
from pillion.controlplane.webhook.cluster import Known, Watch
from pillion.controlplane.webhook.desk import Desk
from pillion.controlplane.webhook.files import SettingsFiles
from pillion.controlplane.webhook.injection import injection_server
from pillion.controlplane.webhook.limits import Limits, OnError
from pillion.controlplane.webhook.metrics import Metrics
from pillion.controlplane.webhook.pool import Inline, Pool, WorkerLostError
from pillion.controlplane.webhook.status import Status
from pillion.controlplane.webhook.worker import Preparation
from pillion.inject.settings import Settings
from pillion.sources.kubernetes.access import Access
from pillion.sources.kubernetes.client import KubernetesClient
from pillion.value import Value, has_errors

Say = Callable[[str], None]


class Plan(Value):
    """What to serve, and how."""

    host: str
    port: int
    """0: any that is free."""
    chain: str
    key: str
    settings: SettingsFiles = SettingsFiles()
    native_sidecars: bool = False
    native_by_nodes: bool = False
    """Native sidecars if all nodes of the cluster can run them."""
    openshift: bool = False
    compliance_policy: str = ""
    workers: int = 1
    """Processes that inject; 0 for none but this one."""
    on_error: OnError = "refuse"
    limits: Limits = Limits()
    access: Access | None = None
    """To the API server whose ProxyConfigs count, and its namespaces and nodes where they are asked; None for none."""
    look_seconds: float = 1.0
    """Between two looks at the files."""
    drain_seconds: float = 0.0
    """For which it serves on after it was told to end and says that it is not ready."""
    end_seconds: float = 10.0
    """For the requests that are there at the end."""


class Webhook:
    """One webhook; `run` it."""

    def __init__(self, plan: Plan, say: Say) -> None:
        self._plan = plan
        self._say = say
        self._metrics = Metrics()
        self.status = Status(self._metrics)
        self.pool = Pool(plan.workers, say) if plan.workers else None
        self._desk = Desk(self.pool or Inline(), plan.on_error)
        self._tls = certificate.context()
        self._end = asyncio.Event()
        self._look = asyncio.Event()
        self._seen: dict[str, object] = {}
        self._settings: Settings | None = None
        """In use."""
        self._watch: Watch | None = None
        self._known = Known()
        """In use."""
        if plan.access is not None:
            self.status.watch()
        elif plan.openshift:
            say("on OpenShift a proxy's ids are those of its namespace, and nobody watches the namespaces")
        elif plan.native_by_nodes:
            say("native sidecars go by the nodes, and nobody watches the nodes: there are none")

    def terminate(self) -> None:
        """Begin the end."""
        self._end.set()

    def look(self) -> None:
        """Read everything again now."""
        self._seen.clear()
        self._look.set()

    async def run(self, started: Callable[[int], None]) -> None:
        """Serve until told to end; `started` is called with the port.

        Raises:
            BindingError: the address is taken or not ours.
            certificate.CertificateError: there is no certificate to begin with.
        """
        certificate.use(certificate.read(self._plan.chain, self._plan.key), self._tls)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.pool.keep())] if self.pool else []
            try:
                await self._look_at_settings()
                async with contextlib.AsyncExitStack() as stack:
                    if self._plan.access is not None:
                        client = await stack.enter_async_context(KubernetesClient(self._plan.access))
                        self._watch = self._watched(client)
                        # A group of its own: the watches are over before their connections are closed.
                        watching = await stack.enter_async_context(asyncio.TaskGroup())
                        stack.callback(watching.create_task(self._watch.run()).cancel)
                    await self._serve(group, started)
            finally:
                for task in tasks:
                    task.cancel()

    def _watched(self, client: KubernetesClient) -> Watch:
        plan = self._plan
        return Watch(client, self._look.set, namespaces=plan.openshift, nodes=plan.native_by_nodes)

    async def _serve(self, group: asyncio.TaskGroup, started: Callable[[int], None]) -> None:
        server = injection_server(self._desk, self.status, self._metrics, self._plan.limits)
        port = await server.start(self._plan.host, self._plan.port, self._tls)
        looking = group.create_task(self._keep_looking())
        started(port)
        await self._end.wait()
        self.status.is_draining = True
        await asyncio.sleep(self._plan.drain_seconds)
        looking.cancel()
        await server.stop(self._plan.end_seconds)

    async def _keep_looking(self) -> None:
        while True:
            await self._look_at_certificate()
            await self._look_at_settings()
            await self._look_at_cluster()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._plan.look_seconds):
                    await self._look.wait()
            self._look.clear()

    def _has_changed(self, what: str, names: tuple[str, ...]) -> bool:
        signature = files.signature(names)
        if self._seen.get(what) == signature:
            return False
        self._seen[what] = signature
        return True

    async def _look_at_certificate(self) -> None:
        plan, standing = self._plan, self.status.certificate
        if not self._has_changed("certificate", (plan.chain, plan.key)):
            return
        standing.source = f"{plan.chain}, {plan.key}"
        try:
            certificate.use(certificate.read(plan.chain, plan.key), self._tls)
        except certificate.CertificateError as error:
            self._say(f"certificate: {error}; the last good one stays")
            standing.note((str(error),), used=False)
        else:
            self._say(f"certificate: {plan.chain} is in use")
            standing.note((), used=True)

    async def _look_at_settings(self) -> None:
        standing = self.status.settings
        if not self._has_changed("settings", files.paths(self._plan.settings)):
            return
        settings, found = await asyncio.to_thread(files.read, self._plan.settings)
        problems = tuple(map(str, found))
        used = False
        if settings is not None and not has_errors(found):
            try:
                prepared = await self._desk.prepare(self._preparation(settings))
            except WorkerLostError:
                self._seen.pop("settings", None)
                return
            used, problems = prepared.is_used, (*problems, *prepared.problems)
        if used and settings is not None:
            standing.source = settings.source
            self._settings = settings
        standing.note(problems, used=used)
        for problem in problems:
            self._say(f"settings: {problem}")
        if used:
            self._say(f"settings: {standing.source} are in use")
        else:
            self._say(
                "settings: the last good ones stay" if standing.is_usable else "settings: there are no usable ones"
            )

    async def _look_at_cluster(self) -> None:
        watch, standing = self._watch, self.status.proxy_configs
        if watch is None or standing is None:
            return
        found, problems = seen = watch.known, watch.problems()
        if self._settings is None or self._seen.get("proxy-configs", (None, ())) == seen:
            return
        used = found is not None
        if found is not None and found != self._known:
            before, self._known = self._known, found
            try:
                prepared = await self._desk.prepare(self._preparation(self._settings))
            except WorkerLostError:
                self._known = before
                return
            used, problems = prepared.is_used, (*problems, *prepared.problems)
            self._known = found if used else before
        self._seen["proxy-configs"] = seen
        standing.note(problems, used=used)
        for problem in problems:
            self._say(f"proxy configs: {problem}")
        if used:
            self._say(f"proxy configs: {len(self._known.proxy_configs)} of the cluster are in use")

    def _preparation(self, settings: Settings) -> Preparation:
        plan = self._plan
        return Preparation(
            settings=settings,
            revision=plan.settings.revision,
            native_sidecars=plan.native_sidecars or self._known.native_sidecars,
            openshift=plan.openshift,
            compliance_policy=plan.compliance_policy,
            proxy_configs=self._known.proxy_configs,
            ids=self._known.ids,
            must_render=self.status.settings.is_usable,
        )


async def serve(plan: Plan, say: Say) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP reads everything again. Raises what `Webhook.run` does."""
    webhook = Webhook(plan, say)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, webhook.terminate)
    loop.add_signal_handler(signal.SIGHUP, webhook.look)
    await webhook.run(lambda port: say(f"injecting at https://{plan.host}:{port}/inject"))
