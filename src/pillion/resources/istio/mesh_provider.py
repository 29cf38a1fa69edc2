"""Istio resources."""

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
    """`MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationRequestBody` of the API."""

    max_request_bytes: Unsigned = 0
    allow_partial_message: bool = False
    pack_as_bytes: bool = False


class EnvoyExternalAuthorizationHttpProvider(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationHttpProvider` of the API."""

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
    """`MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationGrpcProvider` of the API."""

    service: str = ""
    port: Unsigned = 0
    timeout: Duration | None = None
    fail_open: bool = False
    clear_route_cache: bool = False
    status_on_error: str = ""
    include_request_body_in_check: EnvoyExternalAuthorizationRequestBody | None = None


class HttpHeader(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.HttpHeader` of the API."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("value", "env_name"),)

    name: str = ""
    value: str | None = None
    env_name: str | None = None


class ZipkinTracingProvider(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.ZipkinTracingProvider` of the API."""

    service: str = ""
    port: Unsigned = 0
    max_tag_length: Unsigned = 0
    enable_64bit_trace_id: bool = msgspec.field(default=False, name="enable64bitTraceId")
    path: str = ""
    trace_context_option: TraceContextOption = "USE_B3"
    timeout: Duration | None = None
    headers: tuple[HttpHeader, ...] = ()


class LightstepTracingProvider(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.LightstepTracingProvider` of the API."""

    service: str = ""
    port: Unsigned = 0
    access_token: str = ""
    max_tag_length: Unsigned = 0


class DatadogTracingProvider(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.DatadogTracingProvider` of the API."""

    service: str = ""
    port: Unsigned = 0
    max_tag_length: Unsigned = 0


class SkyWalkingTracingProvider(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.SkyWalkingTracingProvider` of the API."""

    service: str = ""
    port: Unsigned = 0
    access_token: str = ""


class Logging(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.StackdriverProvider.Logging` of the API."""

    labels: Labels = NO_LABELS


class StackdriverProvider(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.StackdriverProvider` of the API."""

    debug: bool = False
    max_number_of_attributes: int | None = None
    max_number_of_annotations: int | None = None
    max_number_of_message_events: int | None = None
    max_tag_length: Unsigned = 0
    logging: Logging | None = None


class OpenCensusAgentTracingProvider(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.OpenCensusAgentTracingProvider` of the API."""

    service: str = ""
    port: Unsigned = 0
    context: tuple[TraceContext, ...] = ()
    max_tag_length: Unsigned = 0


class PrometheusMetricsProvider(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.PrometheusMetricsProvider` of the API."""


class LogFormat(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider.LogFormat` of the API."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("text", "labels"),)

    text: str | None = None
    labels: FrozenJson = None


class EnvoyFileAccessLogProvider(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider` of the API."""

    path: str = ""
    log_format: LogFormat | None = None
    omit_empty_values: bool = False


class EnvoyHttpGrpcV3LogProvider(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.EnvoyHttpGrpcV3LogProvider` of the API."""

    service: str = ""
    port: Unsigned = 0
    log_name: str = ""
    filter_state_objects_to_log: tuple[str, ...] = ()
    additional_request_headers_to_log: tuple[str, ...] = ()
    additional_response_headers_to_log: tuple[str, ...] = ()
    additional_response_trailers_to_log: tuple[str, ...] = ()


class EnvoyTcpGrpcV3LogProvider(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.EnvoyTcpGrpcV3LogProvider` of the API."""

    service: str = ""
    port: Unsigned = 0
    log_name: str = ""
    filter_state_objects_to_log: tuple[str, ...] = ()


class EnvoyOpenTelemetryLogProviderLogFormat(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider.LogFormat` of the API."""

    text: str = ""
    labels: FrozenJson = None


class EnvoyOpenTelemetryLogProvider(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider` of the API."""

    service: str = ""
    port: Unsigned = 0
    log_name: str = ""
    log_format: EnvoyOpenTelemetryLogProviderLogFormat | None = None


class HttpService(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.HttpService` of the API."""

    path: str = ""
    timeout: Duration | None = None
    headers: tuple[HttpHeader, ...] = ()


class DynatraceApi(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler.DynatraceApi` of the API."""

    service: str = ""
    port: Unsigned = 0
    http: HttpService | None = None


class DynatraceSampler(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler` of the API."""

    tenant: str = ""
    cluster_id: int = 0
    root_spans_per_minute: Unsigned = 0
    http_service: DynatraceApi | None = None


class GrpcService(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.GrpcService` of the API."""

    timeout: Duration | None = None
    initial_metadata: tuple[HttpHeader, ...] = ()


class EnvironmentResourceDetector(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.ResourceDetectors.EnvironmentResourceDetector` of the API."""


class DynatraceResourceDetector(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.ResourceDetectors.DynatraceResourceDetector` of the API."""


class ResourceDetectors(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.ResourceDetectors` of the API."""

    environment: EnvironmentResourceDetector | None = None
    dynatrace: DynatraceResourceDetector | None = None


class OpenTelemetryTracingProvider(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider` of the API."""

    service: str = ""
    port: Unsigned = 0
    max_tag_length: Unsigned = 0
    http: HttpService | None = None
    grpc: GrpcService | None = None
    resource_detectors: ResourceDetectors | None = None
    service_attribute_enrichment: ServiceAttributeEnrichment = "ISTIO_CANONICAL"
    dynatrace_sampler: DynatraceSampler | None = None


class SDSProvider(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider.SDSProvider` of the API."""

    name: str = ""
    service: str = ""
    port: Unsigned = 0


class ExtensionProvider(Value, rename="camel"):
    """`MeshConfig.ExtensionProvider` of the API."""

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
