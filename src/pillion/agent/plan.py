"""Everything that is decided before Envoy starts: its command line, its bootstrap, and what the agent answers for."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path

from msgspec import structs

from pillion.agent import bootstrap, credentials, node, probes, proxy_config
from pillion.agent.dns.table import Place
from pillion.agent.process import Options, find_binary
from pillion.agent.report import say
from pillion.capture.environment import RESOLV_CONF, addresses, nameservers, search_domains
from pillion.envoy.bootstrap.clusters import WORKLOAD_SOCKETS
from pillion.envoy.bootstrap.model import Proof
from pillion.envoy.bootstrap.render import to_bytes
from pillion.value import Diagnostics, FrozenMap, Value, has_errors

VERSION = "1.32.0"
"""The version of Istio whose behaviour we follow, told to the control plane."""
POD_INFO = "/etc/istio/pod"
MAX_RESTARTS = 10
DNS_CAPTURE = "ISTIO_META_DNS_CAPTURE"
BOOTSTRAP_FILE = "envoy-rev.json"


class Settings(Value):
    """What the agent was told on its command line."""

    domain: str = ""
    service_cluster: str = ""
    concurrency: int = 0
    proxy_log_level: str = ""
    proxy_component_log_level: str = ""
    outlier_log_path: str = ""
    envoy_path: str = ""
    pod_info: str = POD_INFO
    template_only: bool = False


class DnsPlan(Value):
    """The pod's DNS proxy, where DNS is captured."""

    host: str
    port: int
    upstream: tuple[str, ...]
    """The pod's own name servers."""
    parallel: bool
    place: Place


class Plan(Value):
    """Everything that is decided before Envoy starts."""

    options: Options
    document: bytes
    """The bootstrap."""
    proof: Proof | None
    """What control plane and proxy show each other, and where Envoy reads it; None in plain text."""
    sources: credentials.Sources
    """Where that comes from."""
    token: str
    """What lightstep wants to see; Envoy reads it from a file beside the bootstrap."""
    admin_port: int
    status_port: int
    localhost: str
    pod_ip: str
    scrape: probes.Scrape | None
    probes: FrozenMap[probes.Probe]
    dns: DnsPlan | None
    drain_seconds: float
    minimum_drain_seconds: float
    max_restarts: int
    """Crashes of Envoy in a row after which the agent gives up; the kubelet then restarts the container."""
    until_idle: bool
    """Whether the drain ends early, when no connection is left."""

    @property
    def asks_by_tls(self) -> bool:
        """Whether a probe of the application is HTTPS."""
        return any(probe.http_get and probe.http_get.scheme.upper() == "HTTPS" for probe in self.probes.values())


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
    if settings.service_cluster and config.service_cluster == node.PROXY_CLUSTER:
        config = structs.replace(config, service_cluster=settings.service_cluster)
    xds = bootstrap.discovery_target(config.discovery_address)
    if xds is None:
        raise PlanError((proxy_config.problem("discoveryAddress", f"{config.discovery_address!r} is no address"),))
    idle = environment.get("EXIT_ON_ZERO_ACTIVE_CONNECTIONS", "").lower() in {"true", "1"}
    ip = environment.get("INSTANCE_IP") or "127.0.0.1"
    workload_socket = environment.get("WORKLOAD_IDENTITY_SOCKET_FILE") or "socket"
    identity = node.ProxyIdentity(
        node_id=node.node_id(environment, ip, settings.domain),
        instance_ips=tuple(dict.fromkeys((ip, *addresses()))),
        version=environment.get("ISTIO_META_ISTIO_VERSION") or VERSION,
        outlier_log_path=settings.outlier_log_path or environment.get("OUTLIER_LOG_PATH", ""),
        exit_on_zero_active_connections=idle,
        workload_socket=workload_socket,
        certificates=Path(WORKLOAD_SOCKETS, workload_socket).is_socket(),
    )
    config = structs.replace(config, statsd_udp_address=_resolved(config.statsd_udp_address))
    made = bootstrap.build(config, node.build(environment, config, pod, identity), xds, environment)
    return Plan(
        options=Options(
            binary="" if settings.template_only else find_binary(settings.envoy_path, environment),
            config=str(Path(config.config_path, BOOTSTRAP_FILE).resolve()),
            concurrency=_concurrency(settings, config, environment),
            log_level=settings.proxy_log_level or "warning",
            component_log_level=settings.proxy_component_log_level or "misc:error",
            drain_seconds=int(proxy_config.seconds(config.drain_duration) or 0) or 1,
            ipv6=":" in ip,
        ),
        document=to_bytes(made),
        proof=made.proof,
        sources=credentials.Sources(root=environment.get("XDS_ROOT_CA") or credentials.ROOT),
        token=config.tracing.lightstep.access_token if config.tracing and config.tracing.lightstep else "",
        admin_port=config.proxy_admin_port,
        status_port=config.status_port,
        localhost=made.addresses.localhost[0],
        pod_ip=ip,
        probes=found,
        scrape=probes.decode_scrape(environment.get("ISTIO_PROMETHEUS_ANNOTATIONS", "")),
        dns=_dns(settings, environment, config),
        drain_seconds=proxy_config.seconds(config.termination_drain_duration) or 0.0,
        minimum_drain_seconds=proxy_config.seconds(environment.get("MINIMUM_DRAIN_DURATION", "")) or 5.0,
        max_restarts=_number(environment.get("PILLION_ENVOY_RESTARTS", ""), MAX_RESTARTS),
        until_idle=idle,
    )


def _dns(settings: Settings, environment: Mapping[str, str], config: proxy_config.ProxyConfig) -> DnsPlan | None:
    """Return the DNS proxy if the environment or the ProxyConfig wants DNS captured; it binds to loopback alone."""
    wanted = environment.get(DNS_CAPTURE) or config.proxy_metadata.get(DNS_CAPTURE, "")
    if wanted.lower() not in {"true", "1"}:
        return None
    resolv_conf = RESOLV_CONF.read_text() if RESOLV_CONF.exists() else ""
    host, _, port = (environment.get("DNS_PROXY_ADDR") or "localhost:15053").rpartition(":")
    namespace = environment.get("POD_NAMESPACE", "")
    return DnsPlan(
        host="127.0.0.1" if host == "localhost" else host.strip("[]"),
        port=_number(port, 15053),
        upstream=nameservers(resolv_conf),
        parallel=environment.get("DNS_FORWARD_PARALLEL", "").lower() in {"true", "1"},
        place=Place(
            namespace=namespace,
            domain=settings.domain or f"{namespace}.svc.cluster.local",
            search=search_domains(resolv_conf),
        ),
    )


def _concurrency(settings: Settings, config: proxy_config.ProxyConfig, environment: Mapping[str, str]) -> int | None:
    """Return the worker threads: the flag, the ProxyConfig, the limit of CPUs; None or 0: one for each CPU."""
    if settings.concurrency or config.concurrency is not None:
        return settings.concurrency or config.concurrency
    return _number(environment.get("ISTIO_CPU_LIMIT", ""), 0) or None


def _number(text: str, default: int) -> int:
    return int(text) if text.isdecimal() else default


def _pod_info(settings: Settings, name: str) -> FrozenMap[str] | None:
    path = Path(settings.pod_info, name)
    try:
        return node.parse_downward(path.read_text())
    except OSError:
        return None


def _resolved(address: str) -> str:
    """Return the address with its host name looked up, as Envoy's statsd sink wants it; empty if it is not found."""
    host, _, port = address.rpartition(":")
    if not host:
        return ""
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)
    except (OSError, ValueError):
        say(f"statsd is left out: {address} is not found")
        return ""
    ip = str(found[0][4][0])
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def write_bootstrap(made: Plan) -> None:
    """Write the bootstrap, and a token that it refers to, where only this user reads them.

    Raises:
        OSError: the folder cannot be made or written.
    """
    path = Path(made.options.config)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_private(path, made.document)
    if made.token:
        _write_private(path.with_name(bootstrap.TOKEN_FILE), made.token.encode())


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
