"""A service as the mesh knows it, whether Kubernetes or a ServiceEntry declared it (Istio's `model.Service`)."""

from typing import Literal

from pillion.mesh.endpoint import Endpoint
from pillion.resources.protocol import Protocol
from pillion.value import NO_LABELS, Labels, Value

Resolution = Literal["EDS", "DNS", "DNS_ROUND_ROBIN", "PASSTHROUGH", "ALIAS", "DYNAMIC_DNS"]
"""How a client finds the members: from us (EDS), by DNS, not at all (PASSTHROUGH: the caller's own address counts),
under another service's name (ALIAS: an ExternalName), or by DNS for whatever name a wildcard host met (DYNAMIC_DNS)."""

Registry = Literal["Kubernetes", "External", ""]
"""Who declared it: a Kubernetes Service, a ServiceEntry, or unknown."""


class ServicePort(Value):
    """One port of a service."""

    name: str = ""
    number: int
    protocol: Protocol = "Unsupported"
    target: int | str = 0
    """`targetPort`: a number, or a container port's name (Kubernetes); 0 means the same number."""


class Alias(Value):
    """Another name of a service: an ExternalName Service that points to it."""

    hostname: str
    namespace: str


class Service(Value):
    """A host with ports. `(hostname, namespace)` is its identity; one host may live in several namespaces."""

    hostname: str
    namespace: str
    name: str = ""
    """The name of the Service or ServiceEntry."""
    ports: tuple[ServicePort, ...] = ()
    addresses: tuple[str, ...] = ()
    """Virtual addresses and CIDRs, as declared (cluster IPs); empty when it has none."""
    auto_addresses: tuple[str, ...] = ()
    """Virtual addresses that the mesh allocated to a ServiceEntry without one."""
    resolution: Resolution = "EDS"
    registry: Registry = ""
    external: bool = False
    """MESH_EXTERNAL: no workloads of the mesh answer here."""
    export_to: tuple[str, ...] = ()
    """Namespaces, `*`, `.` or `~`, as declared; empty means the mesh's default."""
    labels: Labels = NO_LABELS
    selector: Labels = NO_LABELS
    created: str = ""
    """RFC 3339 in UTC, seconds; decides ties by age. Empty is older than everything."""
    external_name: str = ""
    aliases: tuple[Alias, ...] = ()
    accounts: tuple[str, ...] = ()
    """SPIFFE identities of the workloads behind it, sorted: whom a client lets answer (`subjectAltNames` and
    endpoints')."""
    members: tuple[Endpoint, ...] = ()
    """The members of a service whose configuration names them: headless (PASSTHROUGH) and DNS services. Services whose
    members travel by EDS leave it empty, so that an endpoint change leaves them equal."""
    node_local: bool = False
    """`internalTrafficPolicy: Local`."""
    traffic_distribution: str = ""
    publish_not_ready: bool = False

    @property
    def headless(self) -> bool:
        """Whether it is a Kubernetes service without a virtual address."""
        return self.registry == "Kubernetes" and self.resolution == "PASSTHROUGH"


def named_members(service: Service, port: ServicePort) -> tuple[Endpoint, ...]:
    """Return the members of a port as the configuration names them: those of entries by the port's number."""
    return tuple(
        each
        for each in service.members
        if (each.entry_port == port.number if each.entry_port else each.port_name == port.name)
    )


def port_override(service: Service, port: ServicePort) -> int | None:
    """Return the port that an entry with resolution NONE hands calls of one of its ports on to, where it says so."""
    if service.registry != "External" or service.resolution != "PASSTHROUGH" or not isinstance(port.target, int):
        return None
    return port.target or None


def age(service: Service) -> tuple[str, str, str]:
    """Sort services as Istio does: oldest first, then by name (a ServiceEntry's is its host) and namespace."""
    return service.created, service.hostname if service.registry == "External" else service.name, service.namespace
