"""Istio resources."""

from typing import Literal

from pillion.resources.istio.destination_rule import ConnectionPoolSettings
from pillion.resources.istio.gateway import ServerTLSSettings
from pillion.resources.istio.virtual_service import Destination
from pillion.resources.meta import Metadata
from pillion.resources.number import Unsigned
from pillion.value import NO_LABELS, Labels, Value

CaptureMode = Literal["DEFAULT", "IPTABLES", "NONE"]
OutboundTrafficPolicyMode = Literal["REGISTRY_ONLY", "ALLOW_ANY"]


class WorkloadSelector(Value, rename="camel"):
    """`WorkloadSelector` of the API."""

    labels: Labels = NO_LABELS


class SidecarPort(Value, rename="camel"):
    """`SidecarPort` of the API."""

    number: Unsigned = 0
    protocol: str = ""
    name: str = ""
    target_port: Unsigned = 0


class IstioIngressListener(Value, rename="camel"):
    """`IstioIngressListener` of the API."""

    port: SidecarPort | None = None
    bind: str = ""
    capture_mode: CaptureMode = "DEFAULT"
    default_endpoint: str = ""
    tls: ServerTLSSettings | None = None
    connection_pool: ConnectionPoolSettings | None = None


class IstioEgressListener(Value, rename="camel"):
    """`IstioEgressListener` of the API."""

    port: SidecarPort | None = None
    bind: str = ""
    capture_mode: CaptureMode = "DEFAULT"
    hosts: tuple[str, ...] = ()


class OutboundTrafficPolicy(Value, rename="camel"):
    """`OutboundTrafficPolicy` of the API."""

    mode: OutboundTrafficPolicyMode = "REGISTRY_ONLY"
    egress_proxy: Destination | None = None


class SidecarSpec(Value, rename="camel"):
    """`Sidecar` of the API."""

    workload_selector: WorkloadSelector | None = None
    ingress: tuple[IstioIngressListener, ...] = ()
    egress: tuple[IstioEgressListener, ...] = ()
    inbound_connection_pool: ConnectionPoolSettings | None = None
    outbound_traffic_policy: OutboundTrafficPolicy | None = None


class Sidecar(Value, rename="camel"):
    """The resource."""

    metadata: Metadata = Metadata()
    spec: SidecarSpec = SidecarSpec()
