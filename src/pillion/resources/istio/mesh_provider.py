"""Extension providers: named back ends for tracing, metrics, logs and authorisation."""

from typing import ClassVar, Literal

import msgspec

from pillion.resources.duration import Duration
from pillion.resources.frozen import FrozenJson
from pillion.resources.number import Unsigned
from pillion.value import NO_LABELS, Labels, Value

ServiceAttributeEnrichment = Literal["ISTIO_CANONICAL", "OTEL_SEMANTIC_CONVENTIONS"]
TraceContextOption = Literal["USE_B3", "USE_B3_WITH_W3C_PROPAGATION"]
TraceContext = Literal["UNSPECIFIED", "W3C_TRACE_CONTEXT", "GRPC_BIN", "CLOUD_TRACE_CONTEXT", "B3"]


class EnvoyExternalAuthorizationRequestBody(Value, rename="camel"):
    """How much of a request's body the authorisation service gets."""

    max_request_bytes: Unsigned = 0
    allow_partial_message: bool = False
    pack_as_bytes: bool = False


class EnvoyExternalAuthorizationHttpProvider(Value, rename="camel"):
    """External authorisation over HTTP."""

    service: str = ""
    port: Unsigned = 0
    timeout: Duration | None = None
    path_prefix: str = ""
    fail_open: bool = False
    clear_route_cache: bool = False
    status_on_error: str = ""
    include_headers_in_check: tuple[str, ...] = ()
    include_request_headers_in_check: tuple[str, ...] = ()
    include_additional_headers_in_check: Labels = NO_LABELS
    include_request_body_in_check: EnvoyExternalAuthorizationRequestBody | None = None
    headers_to_upstream_on_allow: tuple[str, ...] = ()
    headers_to_downstream_on_deny: tuple[str, ...] = ()
    headers_to_downstream_on_allow: tuple[str, ...] = ()


class EnvoyExternalAuthorizationGrpcProvider(Value, rename="camel"):
    """External authorisation over gRPC."""

    service: str = ""
    port: Unsigned = 0
    timeout: Duration | None = None
    fail_open: bool = False
    clear_route_cache: bool = False
    status_on_error: str = ""
    include_request_body_in_check: EnvoyExternalAuthorizationRequestBody | None = None


class HttpHeader(Value, rename="camel"):
    """A header that a request to a provider carries."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("value", "env_name"),)

    name: str = ""
    value: str | None = None
    env_name: str | None = None


class ZipkinTracingProvider(Value, rename="camel"):
    """Spans go to Zipkin."""

    service: str = ""
    port: Unsigned = 0
    max_tag_length: Unsigned = 0
    enable_64bit_trace_id: bool = msgspec.field(default=False, name="enable64bitTraceId")
    path: str = ""
    trace_context_option: TraceContextOption = "USE_B3"
    timeout: Duration | None = None
    headers: tuple[HttpHeader, ...] = ()


class LightstepTracingProvider(Value, rename="camel"):
    """Spans go to Lightstep."""

    service: str = ""
    port: Unsigned = 0
    access_token: str = ""
    max_tag_length: Unsigned = 0


class DatadogTracingProvider(Value, rename="camel"):
    """Spans go to Datadog."""

    service: str = ""
    port: Unsigned = 0
    max_tag_length: Unsigned = 0


class SkyWalkingTracingProvider(Value, rename="camel"):
    """Spans go to SkyWalking."""

    service: str = ""
    port: Unsigned = 0
    access_token: str = ""


class Logging(Value, rename="camel"):
    """What Stackdriver logs carry."""

    labels: Labels = NO_LABELS


class StackdriverProvider(Value, rename="camel"):
    """Metrics, logs and spans go to Stackdriver."""

    debug: bool = False
    max_number_of_attributes: int | None = None
    max_number_of_annotations: int | None = None
    max_number_of_message_events: int | None = None
    max_tag_length: Unsigned = 0
    logging: Logging | None = None


class OpenCensusAgentTracingProvider(Value, rename="camel"):
    """Spans go to an OpenCensus agent."""

    service: str = ""
    port: Unsigned = 0
    context: tuple[TraceContext, ...] = ()
    max_tag_length: Unsigned = 0


class PrometheusMetricsProvider(Value, rename="camel"):
    """Metrics are offered to Prometheus."""


class LogFormat(Value, rename="camel"):
    """The format of a log line, as text or as JSON."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("text", "labels"),)

    text: str | None = None
    labels: FrozenJson = None


class EnvoyFileAccessLogProvider(Value, rename="camel"):
    """Access logs go to a file."""

    path: str = ""
    log_format: LogFormat | None = None
    omit_empty_values: bool = False


class EnvoyHttpGrpcV3LogProvider(Value, rename="camel"):
    """Access logs of HTTP go to a gRPC service."""

    service: str = ""
    port: Unsigned = 0
    log_name: str = ""
    filter_state_objects_to_log: tuple[str, ...] = ()
    additional_request_headers_to_log: tuple[str, ...] = ()
    additional_response_headers_to_log: tuple[str, ...] = ()
    additional_response_trailers_to_log: tuple[str, ...] = ()


class EnvoyTcpGrpcV3LogProvider(Value, rename="camel"):
    """Access logs of TCP go to a gRPC service."""

    service: str = ""
    port: Unsigned = 0
    log_name: str = ""
    filter_state_objects_to_log: tuple[str, ...] = ()


class EnvoyOpenTelemetryLogProviderLogFormat(Value, rename="camel"):
    """The body and the attributes of a log record."""

    text: str = ""
    labels: FrozenJson = None


class EnvoyOpenTelemetryLogProvider(Value, rename="camel"):
    """Access logs go to an OpenTelemetry collector."""

    service: str = ""
    port: Unsigned = 0
    log_name: str = ""
    log_format: EnvoyOpenTelemetryLogProviderLogFormat | None = None


class HttpService(Value, rename="camel"):
    """An HTTP service that spans are sent to."""

    path: str = ""
    timeout: Duration | None = None
    headers: tuple[HttpHeader, ...] = ()


class DynatraceApi(Value, rename="camel"):
    """The Dynatrace API."""

    service: str = ""
    port: Unsigned = 0
    http: HttpService | None = None


class DynatraceSampler(Value, rename="camel"):
    """Sampling that Dynatrace decides."""

    tenant: str = ""
    cluster_id: int = 0
    root_spans_per_minute: Unsigned = 0
    http_service: DynatraceApi | None = None


class GrpcService(Value, rename="camel"):
    """A gRPC service that spans are sent to."""

    timeout: Duration | None = None
    initial_metadata: tuple[HttpHeader, ...] = ()


class EnvironmentResourceDetector(Value, rename="camel"):
    """Resource attributes come from the environment."""


class DynatraceResourceDetector(Value, rename="camel"):
    """Resource attributes come from Dynatrace."""


class ResourceDetectors(Value, rename="camel"):
    """Where resource attributes come from."""

    environment: EnvironmentResourceDetector | None = None
    dynatrace: DynatraceResourceDetector | None = None


class OpenTelemetryTracingProvider(Value, rename="camel"):
    """Spans go to an OpenTelemetry collector."""

    service: str = ""
    port: Unsigned = 0
    max_tag_length: Unsigned = 0
    http: HttpService | None = None
    grpc: GrpcService | None = None
    resource_detectors: ResourceDetectors | None = None
    service_attribute_enrichment: ServiceAttributeEnrichment = "ISTIO_CANONICAL"
    dynatrace_sampler: DynatraceSampler | None = None


class SDSProvider(Value, rename="camel"):
    """Secrets come from a service of the user's own."""

    name: str = ""
    service: str = ""
    port: Unsigned = 0


class ExtensionProvider(Value, rename="camel"):
    """A named back end; exactly one kind of it is set."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (
        (
            "envoy_ext_authz_http",
            "envoy_ext_authz_grpc",
            "zipkin",
            "lightstep",
            "datadog",
            "stackdriver",
            "opencensus",
            "skywalking",
            "opentelemetry",
            "prometheus",
            "envoy_file_access_log",
            "envoy_http_als",
            "envoy_tcp_als",
            "envoy_otel_als",
            "sds",
        ),
    )

    name: str = ""
    envoy_ext_authz_http: EnvoyExternalAuthorizationHttpProvider | None = None
    envoy_ext_authz_grpc: EnvoyExternalAuthorizationGrpcProvider | None = None
    zipkin: ZipkinTracingProvider | None = None
    lightstep: LightstepTracingProvider | None = None
    datadog: DatadogTracingProvider | None = None
    stackdriver: StackdriverProvider | None = None
    opencensus: OpenCensusAgentTracingProvider | None = None
    skywalking: SkyWalkingTracingProvider | None = None
    opentelemetry: OpenTelemetryTracingProvider | None = None
    prometheus: PrometheusMetricsProvider | None = None
    envoy_file_access_log: EnvoyFileAccessLogProvider | None = None
    envoy_http_als: EnvoyHttpGrpcV3LogProvider | None = None
    envoy_tcp_als: EnvoyTcpGrpcV3LogProvider | None = None
    envoy_otel_als: EnvoyOpenTelemetryLogProvider | None = None
    sds: SDSProvider | None = None
