"""The agent, from start to exit code: one Envoy at a time, started again after a crash, drained before the end."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from pillion.agent import bootstrap, http, metrics, node, probes, proxy_config
from pillion.agent.admin import Admin
from pillion.agent.envoy import Envoy, EnvoyError, Options, find_binary
from pillion.agent.status import Status
from pillion.capture.environment import addresses
from pillion.envoy.bootstrap.render import to_bytes
from pillion.value import Diagnostics, FrozenMap, Value, has_errors

VERSION = "1.32.0"
"""The version of Istio whose behaviour we follow, told to the control plane."""
POD_INFO = "/etc/istio/pod"
BOOTSTRAP_FILE = "envoy-rev.json"
MAX_RESTARTS = 10
"""Crashes in a row after which we give up; the kubelet then restarts the container."""
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
STABLE_AFTER = 30.0
"""Seconds of life after which a crash starts a new row."""


class Settings(Value):
    """What the agent was told on its command line."""

    domain: str = ""
    service_cluster: str = ""
    concurrency: int = 0
    proxy_log_level: str = ""
    proxy_component_log_level: str = ""
    envoy_path: str = ""
    pod_info: str = POD_INFO
    template_only: bool = False


class Plan(Value):
    """Everything that is decided before Envoy starts."""

    options: Options
    document: bytes
    """The bootstrap."""
    admin_port: int
    status_port: int
    localhost: str
    pod_ip: str
    probes: FrozenMap[probes.Probe]
    scrape: metrics.Scrape | None
    drain_seconds: float
    minimum_drain_seconds: float
    until_idle: bool
    """Whether the drain ends early, when no connection is left."""


class PlanError(Exception):
    """The environment does not describe a proxy; the diagnostics say why."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        super().__init__("; ".join(str(diagnostic) for diagnostic in diagnostics))
        self.diagnostics = diagnostics


def plan(settings: Settings, environment: Mapping[str, str]) -> Plan:
    """Return what is to be run.

    Raises:
        PlanError: ProxyConfig or probers are broken, or ADS has no address.
        EnvoyError: there is no Envoy.
    """
    pod = node.PodInfo(labels=_pod_info(settings, "labels"), annotations=_pod_info(settings, "annotations"))
    annotated = (pod.annotations or FrozenMap[str]()).get("proxy.istio.io/config", "")
    layers = [("PROXY_CONFIG", environment.get("PROXY_CONFIG", "")), ("proxy.istio.io/config", annotated)]
    config, problems = proxy_config.decode(*layers)
    found, more = probes.decode(environment.get(probes.VARIABLE, ""))
    if has_errors((*problems, *more)):
        raise PlanError((*problems, *more))
    xds = bootstrap.discovery_target(config.discovery_address)
    if xds is None:
        raise PlanError((proxy_config.problem("discoveryAddress", f"{config.discovery_address!r} is no address"),))
    idle = environment.get("EXIT_ON_ZERO_ACTIVE_CONNECTIONS", "").lower() in {"true", "1"}
    ip = environment.get("INSTANCE_IP") or "127.0.0.1"
    identity = node.ProxyIdentity(
        node_id=node.node_id(environment, ip, settings.domain),
        instance_ips=tuple(dict.fromkeys((ip, *addresses()))),
        version=environment.get("ISTIO_META_ISTIO_VERSION") or VERSION,
        outlier_log_path=environment.get("OUTLIER_LOG_PATH", ""),
        exit_on_zero_active_connections=idle,
        workload_socket=environment.get("WORKLOAD_IDENTITY_SOCKET_FILE") or "socket",
    )
    made = bootstrap.build(config, node.build(environment, config, pod, identity), xds, environment)
    return Plan(
        options=Options(
            binary="" if settings.template_only else find_binary(settings.envoy_path, environment),
            config=str(Path(config.config_path, BOOTSTRAP_FILE).resolve()),
            concurrency=settings.concurrency or config.concurrency,
            log_level=settings.proxy_log_level or "warning",
            component_log_level=settings.proxy_component_log_level or "misc:error",
            drain_seconds=int(proxy_config.seconds(config.drain_duration) or 0) or 1,
            ipv6=":" in ip,
        ),
        document=to_bytes(made),
        admin_port=config.proxy_admin_port,
        status_port=config.status_port,
        localhost=made.addresses.localhost[0],
        pod_ip=ip,
        probes=found,
        scrape=metrics.scrape_of(environment.get("ISTIO_PROMETHEUS_ANNOTATIONS", "")),
        drain_seconds=proxy_config.seconds(config.termination_drain_duration) or 0.0,
        minimum_drain_seconds=proxy_config.seconds(environment.get("MINIMUM_DRAIN_DURATION", "")) or 5.0,
        until_idle=idle,
    )


def _pod_info(settings: Settings, name: str) -> FrozenMap[str] | None:
    path = Path(settings.pod_info, name)
    try:
        return node.parse_downward(path.read_text())
    except OSError:
        return None


def write_bootstrap(made: Plan) -> None:
    """Write the bootstrap where only this user reads it.

    Raises:
        OSError: the folder cannot be made or written.
    """
    path = Path(made.options.config)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
        file.write(made.document)


class Agent:
    """Runs a plan."""

    def __init__(self, made: Plan) -> None:
        self._plan = made
        self._admin = Admin(made.localhost, made.admin_port)
        self._metrics = metrics.Metrics(self._admin, made.scrape)
        self._leave = asyncio.Event()
        self._leave_now = asyncio.Event()
        self._status = Status(self._admin, self._metrics, made.probes, made.pod_ip, self._leave.set)

    def terminate(self) -> None:
        """Begin the end; a second call makes it short."""
        if self._leave.is_set():
            self._leave_now.set()
        self._leave.set()

    async def run(self) -> int:
        """Serve until told to end or until Envoy cannot be kept alive; return the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.terminate)
        async with asyncio.TaskGroup() as group:
            server = http.Server(self._status, group)
            envoy = Envoy(self._plan.options)
            try:
                host = "::" if ":" in self._plan.localhost else "0.0.0.0"  # noqa: S104 the kubelet asks from outside
                await server.start(host, self._plan.status_port)
                return await self._keep_alive(envoy)
            finally:
                server.close()

    async def _keep_alive(self, envoy: Envoy) -> int:
        loop = asyncio.get_running_loop()
        crashes = 0
        while True:
            started = loop.time()
            code = await self._until_end(envoy)
            if self._leave.is_set():
                return 0
            crashes = 1 if loop.time() - started > STABLE_AFTER else crashes + 1
            _say(f"Envoy ended with {code}")
            if crashes > MAX_RESTARTS:
                _say(f"giving up after {MAX_RESTARTS} restarts")
                return code if code > 0 else 1
            self._admin.restarted()
            if await _happens(self._leave, min(FIRST_PAUSE * 2 ** (crashes - 1), LONGEST_PAUSE)):
                return 0
            self._metrics.restarts += 1
            envoy = Envoy(self._plan.options)

    async def _until_end(self, envoy: Envoy) -> int:
        """Wait until Envoy ends by itself, or drain and end it when the agent is told to go."""
        try:
            async with asyncio.TaskGroup() as group:
                ended = group.create_task(envoy.ended())
                leaving = group.create_task(self._leave.wait())
                await asyncio.wait((ended, leaving), return_when=asyncio.FIRST_COMPLETED)
                leaving.cancel()
                if ended.done():
                    return ended.result()
                draining = group.create_task(self._drain())
                await asyncio.wait((ended, draining), return_when=asyncio.FIRST_COMPLETED)
                draining.cancel()
                ended.cancel()
            return await envoy.stop()
        except BaseException:
            envoy.kill()
            raise

    async def _drain(self) -> None:
        """Send clients away, and give their requests time: all of it, or until no connection is left if so told."""
        self._status.draining = True
        try:
            await self._admin.drain_listeners(inbound_only=True)
        except (OSError, TimeoutError, http.HttpError) as error:
            _say(f"Envoy could not be drained: {error}")
            return
        if not self._plan.until_idle:
            await _happens(self._leave_now, self._plan.drain_seconds)
            return
        if await _happens(self._leave_now, self._plan.minimum_drain_seconds):
            return
        while await self._busy():
            if await _happens(self._leave_now, 1.0):
                return

    async def _busy(self) -> bool:
        try:
            return await self._admin.active_connections() > 0
        except (OSError, TimeoutError, http.HttpError):
            return False


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def _say(message: str) -> None:
    sys.stderr.write(f"agent: {message}\n")
    sys.stderr.flush()


def main(settings: Settings, environment: Mapping[str, str]) -> int:
    """Run the agent and return its exit code: 0 after an orderly end, 2 for an environment that describes no proxy."""
    try:
        made = plan(settings, environment)
        write_bootstrap(made)
    except PlanError as error:
        for diagnostic in error.diagnostics:
            _say(str(diagnostic))
        return 2
    except (EnvoyError, OSError) as error:
        _say(str(error))
        return 2
    try:
        return asyncio.run(_run(made))
    except* (OSError, EnvoyError) as group:
        _say("; ".join(str(error) for error in group.exceptions))
    return 1


async def _run(made: Plan) -> int:
    return await Agent(made).run()
