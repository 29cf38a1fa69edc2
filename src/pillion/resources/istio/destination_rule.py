"""DestinationRule: how a destination is reached: load balancing, pools, outliers, TLS, subsets."""

from typing import ClassVar, Literal

import msgspec

from pillion.resources.duration import Duration
from pillion.resources.istio.virtual_service import PortSelector
from pillion.resources.istio.workload import WorkloadSelector
from pillion.resources.meta import Metadata
from pillion.resources.number import Signed, Size, Unsigned
from pillion.value import NO_LABELS, FrozenMap, Labels, Value

ProxyProtocolVersion = Literal["V1", "V2"]
SimpleLB = Literal["UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"]
H2UpgradePolicy = Literal["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"]
TLSMode = Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"]


class Attribute(Value, rename="camel"):
    """An attribute of a cookie."""

    name: str = ""
    value: str = ""


class HTTPCookie(Value, rename="camel"):
    """A cookie whose value is hashed; it is made when absent."""

    name: str = ""
    path: str = ""
    ttl: Duration | None = None
    attributes: tuple[Attribute, ...] = ()


class RingHash(Value, rename="camel"):
    """Consistent hashing by a ring."""

    minimum_ring_size: Size = 0


class MagLev(Value, rename="camel"):
    """Consistent hashing by Maglev's table."""

    table_size: Size = 0


class ConsistentHashLB(Value, rename="camel"):
    """Sticky load balancing: what is hashed, and by which table."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("http_header_name", "http_cookie", "use_source_ip", "http_query_parameter_name"),
        ("ring_hash", "maglev"),
    )

    http_header_name: str | None = None
    http_cookie: HTTPCookie | None = None
    use_source_ip: bool | None = None
    http_query_parameter_name: str | None = None
    ring_hash: RingHash | None = None
    maglev: MagLev | None = None
    minimum_ring_size: Size = 0


class BackendUtilizationLB(Value, rename="camel"):
    """Weights that follow how busy the endpoints say they are."""

    weight_stabilization_period: Duration | None = None
    weight_expiration_period: Duration | None = None
    weight_update_period: Duration | None = None
    error_utilization_penalty_percent: Unsigned = 0
    metric_names_for_computing_utilization: tuple[str, ...] = ()


class Distribute(Value, rename="camel"):
    """Shares of the localities for traffic from one locality."""

    from_: str = ""
    to: FrozenMap[Unsigned] = FrozenMap()


class Failover(Value, rename="camel"):
    """Where traffic of a region goes when that region fails."""

    from_: str = ""
    to: str = ""


class LocalityLoadBalancerSetting(Value, rename="camel"):
    """How the place of client and endpoint counts in load balancing."""

    distribute: tuple[Distribute, ...] = ()
    failover: tuple[Failover, ...] = ()
    failover_priority: tuple[str, ...] = ()
    enabled: bool | None = None


class ZoneAwareLoadBalancerSettingFailover(Value, rename="camel"):
    """Where traffic of a region goes when that region fails."""

    from_: str = ""
    to: str = ""


class ZoneAwareLoadBalancerSetting(Value, rename="camel"):
    """Load balancing that prefers the client's zone."""

    enabled: bool | None = None
    failover: tuple[ZoneAwareLoadBalancerSettingFailover, ...] = ()
    failover_priority: tuple[str, ...] = ()
    min_cluster_size: Unsigned | None = None


class WarmupConfiguration(Value, rename="camel"):
    """How slowly a new endpoint gets its full share."""

    duration: Duration | None = None
    minimum_percent: float | None = None
    aggression: float | None = None


class LoadBalancerSettings(Value, rename="camel"):
    """How an endpoint is chosen."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("simple", "consistent_hash", "backend_utilization"),)

    simple: SimpleLB | None = None
    consistent_hash: ConsistentHashLB | None = None
    backend_utilization: BackendUtilizationLB | None = None
    locality_lb_setting: LocalityLoadBalancerSetting | None = None
    zone_aware_lb_setting: ZoneAwareLoadBalancerSetting | None = None
    warmup_duration_secs: Duration | None = None
    warmup: WarmupConfiguration | None = None


class TcpKeepalive(Value, rename="camel"):
    """Keep-alive probes of a TCP connection."""

    probes: Unsigned = 0
    time: Duration | None = None
    interval: Duration | None = None


class TCPSettings(Value, rename="camel"):
    """Limits of connections."""

    max_connections: Signed = 0
    connect_timeout: Duration | None = None
    tcp_keepalive: TcpKeepalive | None = None
    max_connection_duration: Duration | None = None
    idle_timeout: Duration | None = None


class ConnectionKeepalive(Value, rename="camel"):
    """Keep-alive pings of an HTTP/2 connection."""

    interval: Duration | None = None
    timeout: Duration | None = None


class HTTPSettings(Value, rename="camel"):
    """Limits of requests."""

    http1_max_pending_requests: Signed = 0
    http2_max_requests: Signed = 0
    max_requests_per_connection: Signed = 0
    max_retries: Signed = 0
    idle_timeout: Duration | None = None
    h2_upgrade_policy: H2UpgradePolicy = "DEFAULT"
    use_client_protocol: bool = False
    max_concurrent_streams: Signed = 0
    http2_keep_alive: ConnectionKeepalive | None = None


class ConnectionPoolSettings(Value, rename="camel"):
    """Limits of connections and requests to a destination."""

    tcp: TCPSettings | None = None
    http: HTTPSettings | None = None


class OutlierDetection(Value, rename="camel"):
    """When an endpoint that fails is left out for a while."""

    consecutive_errors: Signed = 0
    split_external_local_origin_errors: bool = False
    consecutive_local_origin_failures: Unsigned | None = None
    consecutive_gateway_errors: Unsigned | None = None
    consecutive_5xx_errors: Unsigned | None = msgspec.field(default=None, name="consecutive5xxErrors")
    interval: Duration | None = None
    base_ejection_time: Duration | None = None
    max_ejection_percent: Signed = 0
    min_health_percent: Signed = 0
    outlier_detection_http_error_codes: tuple[Unsigned, ...] = ()


class ClientTLSSettings(Value, rename="camel"):
    """How TLS is opened towards a destination."""

    mode: TLSMode = "DISABLE"
    client_certificate: str = ""
    private_key: str = ""
    ca_certificates: str = ""
    credential_name: str = ""
    subject_alt_names: tuple[str, ...] = ()
    sni: str = ""
    insecure_skip_verify: bool | None = None
    ca_crl: str = ""


class PortTrafficPolicy(Value, rename="camel"):
    """The policy of one port; nothing is inherited from the policy around it."""

    port: PortSelector | None = None
    load_balancer: LoadBalancerSettings | None = None
    connection_pool: ConnectionPoolSettings | None = None
    outlier_detection: OutlierDetection | None = None
    tls: ClientTLSSettings | None = None


class TunnelSettings(Value, rename="camel"):
    """A proxy through which TCP is tunnelled."""

    protocol: str = ""
    target_host: str = ""
    target_port: Unsigned = 0


class ProxyProtocol(Value, rename="camel"):
    """The PROXY protocol's header, sent ahead of a connection."""

    version: ProxyProtocolVersion = "V1"


class RetryBudget(Value, rename="camel"):
    """How many retries may run beside the active requests."""

    percent: float | None = None
    min_retry_concurrency: Unsigned = 0
    budget_interval: Duration | None = None


class TrafficPolicy(Value, rename="camel"):
    """How a destination is reached."""

    load_balancer: LoadBalancerSettings | None = None
    connection_pool: ConnectionPoolSettings | None = None
    outlier_detection: OutlierDetection | None = None
    tls: ClientTLSSettings | None = None
    port_level_settings: tuple[PortTrafficPolicy, ...] = ()
    tunnel: TunnelSettings | None = None
    proxy_protocol: ProxyProtocol | None = None
    retry_budget: RetryBudget | None = None


class Subset(Value, rename="camel"):
    """Some endpoints of a host, by their labels, with a policy of their own."""

    name: str = ""
    labels: Labels = NO_LABELS
    traffic_policy: TrafficPolicy | None = None


class DestinationRuleSpec(Value, rename="camel"):
    """The body of a DestinationRule."""

    host: str = ""
    traffic_policy: TrafficPolicy | None = None
    subsets: tuple[Subset, ...] = ()
    export_to: tuple[str, ...] = ()
    workload_selector: WorkloadSelector | None = None


class DestinationRule(Value, rename="camel"):
    """A DestinationRule: what happens to traffic after routing."""

    metadata: Metadata = Metadata()
    spec: DestinationRuleSpec = DestinationRuleSpec()
