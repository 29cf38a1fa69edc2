"""What differs between the bootstraps of two proxies; everything else is Istio's own choice."""

from collections.abc import Mapping
from typing import Literal

from pillion.value import FrozenMap, Value

UNLIMITED = 2**31 - 1

RUNTIME: Mapping[str, object] = {
    "envoy.deprecated_features:envoy.config.listener.v3.Listener.hidden_envoy_deprecated_use_original_dst": True,
    "envoy.reloadable_features.coalesce_lb_rebuilds_on_batch_update": False,
    "envoy.reloadable_features.fixed_heap_use_allocated": True,
    "envoy.reloadable_features.http_reject_path_with_fragment": False,
    "re2.max_program_size.error_level": "32768",
}
"""Runtime flags that Istio sets in every sidecar."""


class Locality(Value):
    """Where a proxy runs; empty parts are unknown."""

    region: str = ""
    zone: str = ""
    sub_zone: str = ""


class Node(Value):
    """Who a proxy is."""

    id: str
    """`sidecar~IP~POD.NAMESPACE~NAMESPACE.svc.cluster.local`."""
    cluster: str
    metadata: FrozenMap[object]
    """Istio's node metadata, JSON values."""
    locality: Locality = Locality()


class Pipe(Value):
    """A Unix socket."""

    path: str


class HostPort(Value):
    """A host name or an IP address, and a port."""

    host: str
    port: int


Target = Pipe | HostPort


class Proof(Value):
    """How the proxy and a control plane that is reached over the network prove to each other who they are."""

    server: str
    """The name that the control plane's certificate has to bear."""
    root_path: str
    """The file that says whom the proxy believes, as `secrets.root_file` writes it."""
    token_path: str
    """The file with the proxy's token, as `secrets.token_file` writes it."""


class Tls(Value):
    """A `ClientTLSSettings` of the API, as far as a static cluster can use it."""

    mode: Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"] = "DISABLE"
    ca_certificates: str = ""
    client_certificate: str = ""
    private_key: str = ""
    sni: str = ""
    subject_alt_names: tuple[str, ...] = ()


class Keepalive(Value):
    """TCP keepalive; 0 leaves it to the kernel; times in seconds."""

    probes: int = 0
    time: int = 0
    interval: int = 0


class Collector(Value):
    """A service that the proxy reports to."""

    address: HostPort
    tls: Tls = Tls()
    keepalive: Keepalive | None = None


class Tracer(Value):
    """The tracing backend."""

    kind: Literal["zipkin", "lightstep", "datadog"]
    collector: Collector
    access_token_file: str = ""
    """For lightstep."""


class Stats(Value):
    """What is kept of Envoy's statistics beside Istio's own list, and how often it is written."""

    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    regexps: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    buckets: tuple[tuple[str, tuple[float, ...]], ...] = ()
    """Histogram buckets by prefix."""
    flush_interval: str = ""
    eviction_interval: str = ""
    compression: bool = True
    localhost_only: bool = False
    """Whether the listener for Prometheus binds to loopback only."""


class Addresses(Value):
    """Loopback and wildcard address of the pod's IP family; the second of each where it has both families."""

    localhost: tuple[str, ...] = ("127.0.0.1",)
    wildcard: tuple[str, ...] = ("0.0.0.0",)  # noqa: S104 the pod's ports are for all who reach it
    dns_lookup_family: Literal["V4_ONLY", "V6_ONLY", "ALL"] = "V4_ONLY"


class Bootstrap(Value):
    """What differs between the bootstraps of two proxies."""

    node: Node
    xds: Target
    """Where ADS is served."""
    proof: Proof | None = None
    """None: ADS in plain text, and nobody asks who calls."""
    admin_port: int = 15000
    agent_port: int = 15020
    """The agent's own status port, which the readiness listener forwards to."""
    status_port: int = 15021
    prometheus_port: int = 15090
    secure_metrics_port: int = 0
    secure_merged_metrics_port: int = 0
    addresses: Addresses = Addresses()
    stats: Stats = Stats()
    runtime: FrozenMap[object] = FrozenMap(RUNTIME)
    max_downstream_connections: int = UNLIMITED
    delta: bool = True
    metadata_discovery: bool = False
    self_discovery: bool = False
    proxy_protocol: bool = False
    """Whether the readiness listener takes the PROXY protocol too."""
    log_as_json: bool = False
    tracer: Tracer | None = None
    metrics_service: Collector | None = None
    access_log_service: Collector | None = None
    statsd: HostPort | None = None
    outlier_log_path: str = ""
    load_stats: FrozenMap[object] | None = None
    """Configuration of load reporting."""
    workload_socket: str = "socket"
    """The file of the SDS socket below the workload identity folder."""
    credential_socket: str = ""
    """Path of the SDS socket for certificates from files; empty: none."""
