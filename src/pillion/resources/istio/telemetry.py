"""Istio resources."""

from typing import ClassVar, Literal

from pillion.resources.duration import Duration
from pillion.resources.istio.workload import PolicyTargetReference, WorkloadSelector
from pillion.resources.meta import Metadata
from pillion.value import FrozenMap, Value

WorkloadMode = Literal["CLIENT_AND_SERVER", "CLIENT", "SERVER"]
IstioMetric = Literal[
    "ALL_METRICS",
    "REQUEST_COUNT",
    "REQUEST_DURATION",
    "REQUEST_SIZE",
    "RESPONSE_SIZE",
    "TCP_OPENED_CONNECTIONS",
    "TCP_CLOSED_CONNECTIONS",
    "TCP_SENT_BYTES",
    "TCP_RECEIVED_BYTES",
    "GRPC_REQUEST_MESSAGES",
    "GRPC_RESPONSE_MESSAGES",
]
TagOverrideOperation = Literal["UPSERT", "REMOVE"]


class TracingSelector(Value, rename="camel"):
    """`Tracing.TracingSelector` of the API."""

    mode: WorkloadMode = "CLIENT_AND_SERVER"


class ProviderRef(Value, rename="camel"):
    """`ProviderRef` of the API."""

    name: str = ""


class LiteralTag(Value, rename="camel"):
    """`Tracing.Literal` of the API."""

    value: str = ""


class Environment(Value, rename="camel"):
    """`Tracing.Environment` of the API."""

    name: str = ""
    default_value: str = ""


class RequestHeader(Value, rename="camel"):
    """`Tracing.RequestHeader` of the API."""

    name: str = ""
    default_value: str = ""


class Formatter(Value, rename="camel"):
    """`Tracing.Formatter` of the API."""

    value: str = ""


class CustomTag(Value, rename="camel"):
    """`Tracing.CustomTag` of the API."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("literal", "environment", "header", "formatter"),)

    literal: LiteralTag | None = None
    environment: Environment | None = None
    header: RequestHeader | None = None
    formatter: Formatter | None = None


class Tracing(Value, rename="camel"):
    """`Tracing` of the API."""

    match: TracingSelector | None = None
    providers: tuple[ProviderRef, ...] = ()
    random_sampling_percentage: float | None = None
    disable_span_reporting: bool | None = None
    custom_tags: FrozenMap[CustomTag] = FrozenMap()
    use_request_id_for_trace_sampling: bool | None = None
    enable_istio_tags: bool | None = None
    disable_context_propagation: bool | None = None


class MetricSelector(Value, rename="camel"):
    """`MetricSelector` of the API."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("metric", "custom_metric"),)

    metric: IstioMetric | None = None
    custom_metric: str | None = None
    mode: WorkloadMode = "CLIENT_AND_SERVER"


class TagOverride(Value, rename="camel"):
    """`MetricsOverrides.TagOverride` of the API."""

    operation: TagOverrideOperation = "UPSERT"
    value: str = ""


class MetricsOverrides(Value, rename="camel"):
    """`MetricsOverrides` of the API."""

    match: MetricSelector | None = None
    disabled: bool | None = None
    tag_overrides: FrozenMap[TagOverride] = FrozenMap()


class Metrics(Value, rename="camel"):
    """`Metrics` of the API."""

    providers: tuple[ProviderRef, ...] = ()
    overrides: tuple[MetricsOverrides, ...] = ()
    reporting_interval: Duration | None = None


class LogSelector(Value, rename="camel"):
    """`AccessLogging.LogSelector` of the API."""

    mode: WorkloadMode = "CLIENT_AND_SERVER"


class Filter(Value, rename="camel"):
    """`AccessLogging.Filter` of the API."""

    expression: str = ""


class AccessLogging(Value, rename="camel"):
    """`AccessLogging` of the API."""

    match: LogSelector | None = None
    providers: tuple[ProviderRef, ...] = ()
    disabled: bool | None = None
    filter: Filter | None = None


class TelemetrySpec(Value, rename="camel"):
    """`Telemetry` of the API."""

    selector: WorkloadSelector | None = None
    target_ref: PolicyTargetReference | None = None
    target_refs: tuple[PolicyTargetReference, ...] = ()
    tracing: tuple[Tracing, ...] = ()
    metrics: tuple[Metrics, ...] = ()
    access_logging: tuple[AccessLogging, ...] = ()


class Telemetry(Value, rename="camel"):
    """The resource."""

    metadata: Metadata = Metadata()
    spec: TelemetrySpec = TelemetrySpec()
