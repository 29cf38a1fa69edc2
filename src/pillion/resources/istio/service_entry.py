"""Istio resources."""

from typing import ClassVar, Literal

from pillion.resources.istio.sidecar import WorkloadSelector
from pillion.resources.meta import Metadata
from pillion.resources.number import Unsigned
from pillion.value import NO_LABELS, FrozenMap, Labels, Value

Location = Literal["MESH_EXTERNAL", "MESH_INTERNAL"]
Resolution = Literal["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"]


class ServiceEntryAddress(Value, rename="camel"):
    """`ServiceEntryAddress` of the API."""

    value: str = ""
    host: str = ""


class ServiceEntryStatus(Value, rename="camel"):
    """`ServiceEntryStatus` of the API."""

    observed_generation: int = 0
    addresses: tuple[ServiceEntryAddress, ...] = ()


class WorkloadEntrySpec(Value, rename="camel"):
    """`WorkloadEntry` of the API."""

    address: str = ""
    ports: FrozenMap[Unsigned] = FrozenMap()
    labels: Labels = NO_LABELS
    network: str = ""
    locality: str = ""
    weight: Unsigned = 0
    service_account: str = ""


class WorkloadEntry(Value, rename="camel"):
    """The resource."""

    metadata: Metadata = Metadata()
    spec: WorkloadEntrySpec = WorkloadEntrySpec()


class ServicePort(Value, rename="camel"):
    """`ServicePort` of the API."""

    number: Unsigned = 0
    protocol: str = ""
    name: str = ""
    target_port: Unsigned = 0


class ServiceEntrySpec(Value, rename="camel"):
    """`ServiceEntry` of the API."""

    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    ports: tuple[ServicePort, ...] = ()
    location: Location = "MESH_EXTERNAL"
    resolution: Resolution = "NONE"
    endpoints: tuple[WorkloadEntrySpec, ...] = ()
    workload_selector: WorkloadSelector | None = None
    export_to: tuple[str, ...] = ()
    subject_alt_names: tuple[str, ...] = ()


class ServiceEntry(Value, rename="camel"):
    """The resource."""

    metadata: Metadata = Metadata()
    spec: ServiceEntrySpec = ServiceEntrySpec()
    status: ServiceEntryStatus = ServiceEntryStatus()


class WorkloadMetadata(Value, rename="camel"):
    """`WorkloadGroup.ObjectMeta` of the API."""

    labels: Labels = NO_LABELS
    annotations: Labels = NO_LABELS


class HTTPHeader(Value, rename="camel"):
    """`HTTPHeader` of the API."""

    name: str = ""
    value: str = ""


class HTTPHealthCheckConfig(Value, rename="camel"):
    """`HTTPHealthCheckConfig` of the API."""

    path: str = ""
    port: Unsigned = 0
    host: str = ""
    scheme: str = ""
    http_headers: tuple[HTTPHeader, ...] = ()


class TCPHealthCheckConfig(Value, rename="camel"):
    """`TCPHealthCheckConfig` of the API."""

    host: str = ""
    port: Unsigned = 0


class ExecHealthCheckConfig(Value, rename="camel"):
    """`ExecHealthCheckConfig` of the API."""

    command: tuple[str, ...] = ()


class GrpcHealthCheckConfig(Value, rename="camel"):
    """`GrpcHealthCheckConfig` of the API."""

    port: Unsigned = 0
    service: str = ""


class ReadinessProbe(Value, rename="camel"):
    """`ReadinessProbe` of the API."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("http_get", "tcp_socket", "exec", "grpc"),)

    initial_delay_seconds: int = 0
    timeout_seconds: int = 0
    period_seconds: int = 0
    success_threshold: int = 0
    failure_threshold: int = 0
    http_get: HTTPHealthCheckConfig | None = None
    tcp_socket: TCPHealthCheckConfig | None = None
    exec: ExecHealthCheckConfig | None = None
    grpc: GrpcHealthCheckConfig | None = None


class WorkloadGroupSpec(Value, rename="camel"):
    """`WorkloadGroup` of the API."""

    metadata: WorkloadMetadata | None = None
    template: WorkloadEntrySpec | None = None
    probe: ReadinessProbe | None = None


class WorkloadGroup(Value, rename="camel"):
    """The resource."""

    metadata: Metadata = Metadata()
    spec: WorkloadGroupSpec = WorkloadGroupSpec()
