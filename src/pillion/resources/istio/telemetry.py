"""Telemetry: what is traced, measured and logged."""

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
    """Which side of a call is traced."""

    mode: WorkloadMode = "CLIENT_AND_SERVER"


class ProviderRef(Value, rename="camel"):
    """An extension provider, by name."""

    name: str = ""


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


class Formatter(Value, rename="camel"):
    """A tag from an Envoy format string."""

    value: str = ""


class CustomTag(Value, rename="camel"):
    """A tag that is added to spans."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("literal", "environment", "header", "formatter"),)

    literal: LiteralTag | None = None
    environment: Environment | None = None
    header: RequestHeader | None = None
    formatter: Formatter | None = None


class Tracing(Value, rename="camel"):
    """How calls are traced."""

    match: TracingSelector | None = None
    providers: tuple[ProviderRef, ...] = ()
    random_sampling_percentage: float | None = None
    disable_span_reporting: bool | None = None
    custom_tags: FrozenMap[CustomTag] = FrozenMap()
    use_request_id_for_trace_sampling: bool | None = None
    enable_istio_tags: bool | None = None
    disable_context_propagation: bool | None = None


class MetricSelector(Value, rename="camel"):
    """Which metric, on which side of a call."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("metric", "custom_metric"),)

    metric: IstioMetric | None = None
    custom_metric: str | None = None
    mode: WorkloadMode = "CLIENT_AND_SERVER"


class TagOverride(Value, rename="camel"):
    """What is done to a tag of a metric."""

    operation: TagOverrideOperation = "UPSERT"
    value: str = ""


class MetricsOverrides(Value, rename="camel"):
    """What is changed about some metrics."""

    match: MetricSelector | None = None
    disabled: bool | None = None
    tag_overrides: FrozenMap[TagOverride] = FrozenMap()


class Metrics(Value, rename="camel"):
    """Which metrics go where."""

    providers: tuple[ProviderRef, ...] = ()
    overrides: tuple[MetricsOverrides, ...] = ()
    reporting_interval: Duration | None = None


class LogSelector(Value, rename="camel"):
    """Which side of a call is logged."""

    mode: WorkloadMode = "CLIENT_AND_SERVER"


class Filter(Value, rename="camel"):
    """Which requests are logged, as a CEL expression."""

    expression: str = ""


class AccessLogging(Value, rename="camel"):
    """Which access logs go where."""

    match: LogSelector | None = None
    providers: tuple[ProviderRef, ...] = ()
    disabled: bool | None = None
    filter: Filter | None = None


class TelemetrySpec(Value, rename="camel"):
    """The body of a Telemetry."""

    selector: WorkloadSelector | None = None
    target_ref: PolicyTargetReference | None = None
    target_refs: tuple[PolicyTargetReference, ...] = ()
    tracing: tuple[Tracing, ...] = ()
    metrics: tuple[Metrics, ...] = ()
    access_logging: tuple[AccessLogging, ...] = ()


class Telemetry(Value, rename="camel"):
    """A Telemetry: tracing, metrics and access logs of workloads."""

    metadata: Metadata = Metadata()
    spec: TelemetrySpec = TelemetrySpec()
