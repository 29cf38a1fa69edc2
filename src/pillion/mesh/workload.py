"""A workload: what stands behind one proxy, as far as policy can select it."""

from pillion.mesh.endpoint import NOWHERE, Locality
from pillion.mesh.service import Service, ServicePort
from pillion.value import NO_LABELS, Labels, Value


class NamedPort(Value):
    """A port that a container declares."""

    name: str = ""
    number: int
    transport: str = "TCP"


class Workload(Value):
    """The workload beside a proxy: from the proxy's node metadata, or from a Pod when no proxy is there."""

    name: str
    namespace: str
    labels: Labels = NO_LABELS
    addresses: tuple[str, ...] = ()
    """Its IP addresses, the first is the primary one."""
    account: str = ""
    """Its service account's name."""
    locality: Locality = NOWHERE
    network: str = ""
    cluster: str = ""
    node: str = ""
    ports: tuple[NamedPort, ...] = ()
    """What its containers declare: named target ports are looked up here."""


class ServiceTarget(Value):
    """A port of a service that ends in a workload (Istio's `ServiceTarget`)."""

    service: Service
    port: ServicePort
    target_port: int
    """The port that the workload listens on."""
