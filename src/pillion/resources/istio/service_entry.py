"""ServiceEntry, WorkloadEntry, WorkloadGroup: services and workloads that Kubernetes does not know."""

from typing import ClassVar, Literal

from pillion.resources.istio.sidecar import WorkloadSelector
from pillion.resources.meta import Metadata
from pillion.resources.number import PortNumber, Unsigned
from pillion.value import NO_LABELS, FrozenMap, Labels, Value

Location = Literal["MESH_EXTERNAL", "MESH_INTERNAL"]
Resolution = Literal["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"]


class ServiceEntryAddress(Value, rename="camel"):
    """An address that was allocated for one host."""

    value: str = ""
    host: str = ""


class ServiceEntryStatus(Value, rename="camel"):
    """What became of a ServiceEntry: the addresses it was given."""

    observed_generation: int = 0
    addresses: tuple[ServiceEntryAddress, ...] = ()


class WorkloadEntrySpec(Value, rename="camel"):
    """The body of a WorkloadEntry, and an endpoint of a ServiceEntry."""

    address: str = ""
    ports: FrozenMap[PortNumber] = FrozenMap()
    labels: Labels = NO_LABELS
    network: str = ""
    locality: str = ""
    weight: Unsigned = 0
    service_account: str = ""


class WorkloadEntry(Value, rename="camel"):
    """A WorkloadEntry: one workload outside Kubernetes."""

    metadata: Metadata = Metadata()
    spec: WorkloadEntrySpec = WorkloadEntrySpec()


class ServicePort(Value, rename="camel"):
    """A port of a ServiceEntry."""

    number: PortNumber = 0
    protocol: str = ""
    name: str = ""
    target_port: PortNumber = 0


class ServiceEntrySpec(Value, rename="camel"):
    """The body of a ServiceEntry."""

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
    """A ServiceEntry: a service added to the registry."""

    metadata: Metadata = Metadata()
    spec: ServiceEntrySpec = ServiceEntrySpec()
    status: ServiceEntryStatus = ServiceEntryStatus()


class WorkloadMetadata(Value, rename="camel"):
    """Labels and annotations that a group gives to its entries."""

    labels: Labels = NO_LABELS
    annotations: Labels = NO_LABELS


class HTTPHeader(Value, rename="camel"):
    """A header that a probe sends."""

    name: str = ""
    value: str = ""


class HTTPHealthCheckConfig(Value, rename="camel"):
    """A probe that asks over HTTP."""

    path: str = ""
    port: Unsigned = 0
    host: str = ""
    scheme: str = ""
    http_headers: tuple[HTTPHeader, ...] = ()


class TCPHealthCheckConfig(Value, rename="camel"):
    """A probe that opens a connection."""

    host: str = ""
    port: Unsigned = 0


class ExecHealthCheckConfig(Value, rename="camel"):
    """A probe that runs a command."""

    command: tuple[str, ...] = ()


class GrpcHealthCheckConfig(Value, rename="camel"):
    """A probe that asks gRPC's health service."""

    port: Unsigned = 0
    service: str = ""


class ReadinessProbe(Value, rename="camel"):
    """How the readiness of a workload is found out."""

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
    """The body of a WorkloadGroup."""

    metadata: WorkloadMetadata | None = None
    template: WorkloadEntrySpec | None = None
    probe: ReadinessProbe | None = None


class WorkloadGroup(Value, rename="camel"):
    """A WorkloadGroup: the template of WorkloadEntries that register themselves."""

    metadata: Metadata = Metadata()
    spec: WorkloadGroupSpec = WorkloadGroupSpec()
