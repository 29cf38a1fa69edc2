"""ProxyConfig, the setting: what a MeshConfig or the annotation `proxy.istio.io/config` says of a proxy."""

from typing import ClassVar, Literal

from pillion.resources.duration import Duration
from pillion.resources.istio.destination_rule import ClientTLSSettings, TcpKeepalive
from pillion.resources.istio.proxy_config import ProxyImage
from pillion.resources.istio.service_entry import ReadinessProbe
from pillion.resources.number import Signed, Unsigned
from pillion.value import NO_LABELS, FrozenMap, Labels, Value

AuthenticationPolicy = Literal["NONE", "MUTUAL_TLS", "INHERIT"]
ForwardClientCertDetails = Literal[
    "UNDEFINED", "SANITIZE", "FORWARD_ONLY", "APPEND_FORWARD", "SANITIZE_SET", "ALWAYS_FORWARD_ONLY"
]
TraceContext = Literal["UNSPECIFIED", "W3C_TRACE_CONTEXT", "GRPC_BIN", "CLOUD_TRACE_CONTEXT", "B3"]
TracingServiceName = Literal["APP_LABEL_AND_NAMESPACE", "CANONICAL_NAME_ONLY", "CANONICAL_NAME_AND_NAMESPACE"]
InboundInterceptionMode = Literal["REDIRECT", "TPROXY", "NONE"]
MetadataExchangeMode = Literal["UNDEFINED", "IN_MESH"]
Profile = Literal["SIDECAR", "EDGE"]
HeadersWithUnderscoresAction = Literal[
    "HEADERS_WITH_UNDERSCORES_UNSPECIFIED",
    "HEADERS_WITH_UNDERSCORES_ALLOW",
    "HEADERS_WITH_UNDERSCORES_REJECT_REQUEST",
    "HEADERS_WITH_UNDERSCORES_DROP_HEADER",
]
PathWithEscapedSlashesAction = Literal[
    "PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED",
    "KEEP_UNCHANGED",
    "REJECT_REQUEST",
    "UNESCAPE_AND_REDIRECT",
    "UNESCAPE_AND_FORWARD",
]


class Zipkin(Value, rename="camel"):
    """Spans go to Zipkin."""

    address: str = ""


class Lightstep(Value, rename="camel"):
    """Spans go to Lightstep."""

    address: str = ""
    access_token: str = ""


class Datadog(Value, rename="camel"):
    """Spans go to Datadog."""

    address: str = ""


class Stackdriver(Value, rename="camel"):
    """Spans go to Stackdriver."""

    debug: bool = False
    max_number_of_attributes: int | None = None
    max_number_of_annotations: int | None = None
    max_number_of_message_events: int | None = None


class OpenCensusAgent(Value, rename="camel"):
    """Spans go to an OpenCensus agent."""

    address: str = ""
    context: tuple[TraceContext, ...] = ()


class LiteralTag(Value, rename="camel"):
    """A tag with a fixed value."""

    value: str = ""


class Environment(Value, rename="camel"):
    """A tag from an environment variable of the proxy."""

    name: str = ""
    default_value: str = ""


class RequestHeader(Value, rename="camel"):
    """A tag from a request header."""

    name: str = ""
    default_value: str = ""


class CustomTag(Value, rename="camel"):
    """A tag that is added to spans."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("literal", "environment", "header"),)

    literal: LiteralTag | None = None
    environment: Environment | None = None
    header: RequestHeader | None = None


class Tracing(Value, rename="camel"):
    """How a proxy traces, in the older way."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("zipkin", "lightstep", "datadog", "stackdriver", "open_census_agent"),
    )

    zipkin: Zipkin | None = None
    lightstep: Lightstep | None = None
    datadog: Datadog | None = None
    stackdriver: Stackdriver | None = None
    open_census_agent: OpenCensusAgent | None = None
    custom_tags: FrozenMap[CustomTag] = FrozenMap()
    max_path_tag_length: Unsigned = 0
    sampling: float = 0.0
    tls_settings: ClientTLSSettings | None = None
    enable_istio_tags: bool | None = None


class SDS(Value, rename="camel"):
    """Where secrets come from, in the older way."""

    enabled: bool = False
    k8s_sa_jwt_path: str = ""


class ProxyProtocolConfiguration(Value, rename="camel"):
    """The PROXY protocol is expected ahead of each connection."""


class Topology(Value, rename="camel"):
    """What stands before a gateway: proxies to trust, client certificates to forward."""

    num_trusted_proxies: Unsigned = 0
    forward_client_cert_details: ForwardClientCertDetails = "UNDEFINED"
    proxy_protocol: ProxyProtocolConfiguration | None = None


class CryptoMb(Value, rename="camel"):
    """TLS handshakes sped up by Intel's CryptoMB."""

    poll_delay: Duration | None = None
    fallback: bool | None = None


class QAT(Value, rename="camel"):
    """TLS handshakes sped up by Intel's QAT."""

    poll_delay: Duration | None = None
    fallback: bool | None = None


class PrivateKeyProvider(Value, rename="camel"):
    """Who does the private key's work."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("cryptomb", "qat"),)

    cryptomb: CryptoMb | None = None
    qat: QAT | None = None


class ProxyStatsMatcher(Value, rename="camel"):
    """Which statistics a proxy keeps besides Istio's own."""

    inclusion_prefixes: tuple[str, ...] = ()
    inclusion_suffixes: tuple[str, ...] = ()
    inclusion_regexps: tuple[str, ...] = ()


class Server(Value, rename="camel"):
    """The `server` header."""

    disabled: bool | None = None
    value: str = ""


class RequestId(Value, rename="camel"):
    """The `x-request-id` header."""

    disabled: bool | None = None


class AttemptCount(Value, rename="camel"):
    """The `x-envoy-attempt-count` header."""

    disabled: bool | None = None


class XForwardedHost(Value, rename="camel"):
    """The `x-forwarded-host` header."""

    enabled: bool | None = None


class XForwardedPort(Value, rename="camel"):
    """The `x-forwarded-port` header."""

    enabled: bool | None = None


class EnvoyDebugHeaders(Value, rename="camel"):
    """Envoy's debugging headers."""

    disabled: bool | None = None


class MetadataExchangeHeaders(Value, rename="camel"):
    """The headers by which two proxies tell each other who they are."""

    mode: MetadataExchangeMode = "UNDEFINED"


class SetCurrentClientCertDetails(Value, rename="camel"):
    """Which parts of a client's certificate are forwarded."""

    subject: bool | None = None
    cert: bool | None = None
    chain: bool | None = None
    dns: bool | None = None
    uri: bool | None = None


class ProxyHeaders(Value, rename="camel"):
    """Which headers a proxy adds."""

    forwarded_client_cert: ForwardClientCertDetails = "UNDEFINED"
    set_current_client_cert_details: SetCurrentClientCertDetails | None = None
    request_id: RequestId | None = None
    server: Server | None = None
    attempt_count: AttemptCount | None = None
    envoy_debug_headers: EnvoyDebugHeaders | None = None
    metadata_exchange_headers: MetadataExchangeHeaders | None = None
    preserve_http1_header_case: bool | None = None
    x_forwarded_host: XForwardedHost | None = None
    x_forwarded_port: XForwardedPort | None = None


class ConnectionSettings(Value, rename="camel"):
    """How a proxy treats the connections of its clients."""

    profile: Profile = "SIDECAR"
    listener_per_connection_buffer_limit_bytes: int | None = None
    cluster_per_connection_buffer_limit_bytes: int | None = None
    http_idle_timeout: Duration | None = None
    http_max_connection_duration: Duration | None = None
    http_drain_timeout: Duration | None = None
    http_request_timeout: Duration | None = None
    http_request_headers_timeout: Duration | None = None
    http_stream_idle_timeout: Duration | None = None
    http_max_stream_duration: Duration | None = None
    http_max_concurrent_streams: Signed | None = None
    http2_initial_stream_window_size: Signed | None = None
    http2_initial_connection_window_size: Signed | None = None
    http_headers_with_underscores_action: HeadersWithUnderscoresAction = "HEADERS_WITH_UNDERSCORES_UNSPECIFIED"
    http_merge_slashes: bool | None = None
    http_path_with_escaped_slashes_action: PathWithEscapedSlashesAction = "PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED"
    listener_connection_limit: int | None = None
    global_downstream_connection_limit: int | None = None


class RemoteService(Value, rename="camel"):
    """A service of the proxy's own, such as for access logs, and how to reach it."""

    address: str = ""
    tls_settings: ClientTLSSettings | None = None
    tcp_keepalive: TcpKeepalive | None = None


class ProxyConfig(Value, rename="camel"):
    """What a proxy is set to."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("service_cluster", "tracing_service_name"),)

    config_path: str = ""
    binary_path: str = ""
    service_cluster: str | None = None
    tracing_service_name: TracingServiceName | None = None
    drain_duration: Duration | None = None
    discovery_address: str = ""
    discovery_refresh_delay: Duration | None = None
    zipkin_address: str = ""
    statsd_udp_address: str = ""
    envoy_metrics_service_address: str = ""
    proxy_admin_port: int = 0
    availability_zone: str = ""
    control_plane_auth_policy: AuthenticationPolicy = "NONE"
    custom_config_file: str = ""
    stat_name_length: int = 0
    concurrency: int | None = None
    proxy_bootstrap_template_path: str = ""
    interception_mode: InboundInterceptionMode = "REDIRECT"
    tracing: Tracing | None = None
    sds: SDS | None = None
    envoy_access_log_service: RemoteService | None = None
    envoy_metrics_service: RemoteService | None = None
    proxy_metadata: Labels = NO_LABELS
    runtime_values: Labels = NO_LABELS
    status_port: int = 0
    extra_stat_tags: tuple[str, ...] = ()
    gateway_topology: Topology | None = None
    termination_drain_duration: Duration | None = None
    mesh_id: str = ""
    readiness_probe: ReadinessProbe | None = None
    proxy_stats_matcher: ProxyStatsMatcher | None = None
    hold_application_until_proxy_starts: bool | None = None
    ca_certificates_pem: tuple[str, ...] = ()
    image: ProxyImage | None = None
    private_key_provider: PrivateKeyProvider | None = None
    proxy_headers: ProxyHeaders | None = None
    file_flush_interval: Duration | None = None
    file_flush_min_size_kb: Unsigned = 0
    stats_compression: bool | None = None
    connection_settings: ConnectionSettings | None = None
