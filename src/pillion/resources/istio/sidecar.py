"""Sidecar: what a workload may see of the mesh, and how its own ports are served."""

from typing import Literal

from pillion.resources.istio.destination_rule import ConnectionPoolSettings
from pillion.resources.istio.gateway import ServerTLSSettings
from pillion.resources.istio.virtual_service import Destination
from pillion.resources.meta import Metadata
from pillion.resources.number import PortNumber, Unsigned
from pillion.value import NO_LABELS, Labels, Value

CaptureMode = Literal["DEFAULT", "IPTABLES", "NONE"]
OutboundTrafficPolicyMode = Literal["REGISTRY_ONLY", "ALLOW_ANY"]


class WorkloadSelector(Value, rename="camel"):
    """The labels of the workloads that a networking resource applies to."""

    labels: Labels = NO_LABELS


class SidecarPort(Value, rename="camel"):
    """A port of a Sidecar listener."""

    number: PortNumber = 0
    protocol: str = ""
    name: str = ""
    target_port: Unsigned = 0


class IstioIngressListener(Value, rename="camel"):
    """How traffic for one port of the workload arrives and where it is handed on."""

    port: SidecarPort | None = None
    bind: str = ""
    capture_mode: CaptureMode = "DEFAULT"
    default_endpoint: str = ""
    tls: ServerTLSSettings | None = None
    connection_pool: ConnectionPoolSettings | None = None


class IstioEgressListener(Value, rename="camel"):
    """Which hosts the workload may reach, on one port or on those that have no listener of their own."""

    port: SidecarPort | None = None
    bind: str = ""
    capture_mode: CaptureMode = "DEFAULT"
    hosts: tuple[str, ...] = ()


class OutboundTrafficPolicy(Value, rename="camel"):
    """What becomes of traffic to destinations that are not known."""

    mode: OutboundTrafficPolicyMode = "REGISTRY_ONLY"
    egress_proxy: Destination | None = None


class SidecarSpec(Value, rename="camel"):
    """The body of a Sidecar."""

    workload_selector: WorkloadSelector | None = None
    ingress: tuple[IstioIngressListener, ...] = ()
    egress: tuple[IstioEgressListener, ...] = ()
    inbound_connection_pool: ConnectionPoolSettings | None = None
    outbound_traffic_policy: OutboundTrafficPolicy | None = None


class Sidecar(Value, rename="camel"):
    """A Sidecar: the view that a namespace or workload has of the mesh."""

    metadata: Metadata = Metadata()
    spec: SidecarSpec = SidecarSpec()
