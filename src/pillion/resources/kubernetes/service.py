"""A Service: a name and a virtual address for a set of pods."""

from typing import Literal

import msgspec

from pillion.resources.meta import Metadata
from pillion.resources.number import PortNumber
from pillion.value import NO_LABELS, Labels, Value

ServiceType = Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]
Transport = Literal["TCP", "UDP", "SCTP"]
SessionAffinity = Literal["None", "ClientIP"]
IPFamily = Literal["IPv4", "IPv6"]

HEADLESS = "None"
"""The `clusterIP` of a service without a virtual address."""


class ServicePort(Value, rename="camel"):
    """A port of a Service."""

    name: str = ""
    protocol: Transport = "TCP"
    port: PortNumber = 0
    target_port: PortNumber | str = 0
    """A number, or a container port's name; 0 when unset: the same as `port`."""
    node_port: PortNumber = 0
    app_protocol: str | None = None


class ClientIPConfig(Value, rename="camel"):
    """How long a client's address keeps its endpoint."""

    timeout_seconds: int | None = None


class SessionAffinityConfig(Value, rename="camel"):
    """The settings of `sessionAffinity`."""

    client_ip: ClientIPConfig | None = msgspec.field(default=None, name="clientIP")


class ServiceSpec(Value, rename="camel"):
    """What a Service selects and where it listens."""

    type: ServiceType = "ClusterIP"
    selector: Labels = NO_LABELS
    ports: tuple[ServicePort, ...] = ()
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    """An address, `None` (the text) for a headless service, or empty until one is allocated."""
    cluster_ips: tuple[str, ...] = msgspec.field(default=(), name="clusterIPs")
    external_ips: tuple[str, ...] = msgspec.field(default=(), name="externalIPs")
    external_name: str = ""
    ip_families: tuple[IPFamily, ...] = ()
    ip_family_policy: Literal["", "SingleStack", "PreferDualStack", "RequireDualStack"] = ""
    session_affinity: SessionAffinity = "None"
    session_affinity_config: SessionAffinityConfig | None = None
    publish_not_ready_addresses: bool = False
    internal_traffic_policy: Literal["", "Cluster", "Local"] = ""
    external_traffic_policy: Literal["", "Cluster", "Local"] = ""
    traffic_distribution: str = ""


class LoadBalancerIngress(Value, rename="camel"):
    """An address that a load balancer serves a Service on."""

    ip: str = ""
    hostname: str = ""


class LoadBalancerStatus(Value, rename="camel"):
    """Where a load balancer serves a Service."""

    ingress: tuple[LoadBalancerIngress, ...] = ()


class ServiceStatus(Value, rename="camel"):
    """What became of a Service."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Service(Value, rename="camel"):
    """A Kubernetes Service."""

    metadata: Metadata = Metadata()
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()
