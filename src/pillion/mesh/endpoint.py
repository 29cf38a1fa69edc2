"""Members of services, and the table that holds them apart from the configuration (Istio's `IstioEndpoint`)."""

from typing import Literal

from pillion.value import NO_LABELS, FrozenMap, Labels, Value

Health = Literal["healthy", "unhealthy", "draining", "terminating"]


class Locality(Value):
    """Region, zone and sub-zone of a workload; empty strings where unknown."""

    region: str = ""
    zone: str = ""
    sub_zone: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.region, self.zone, self.sub_zone) if part)


NOWHERE = Locality()


class Endpoint(Value):
    """One address that answers one port of a service."""

    address: str
    """An IP address, a DNS name (DNS resolution), or `unix:///path`."""
    more_addresses: tuple[str, ...] = ()
    """The other addresses of a dual stack workload."""
    port: int = 0
    """0 for a Unix socket."""
    port_name: str = ""
    """The name of the service port that it serves."""
    labels: Labels = NO_LABELS
    account: str = ""
    """SPIFFE identity of the workload, or empty."""
    locality: Locality = NOWHERE
    network: str = ""
    cluster: str = ""
    weight: int = 0
    """0: not given, counts as 1."""
    health: Health = "healthy"
    mtls: bool = False
    """Whether it takes the mesh's mutual TLS (label `security.istio.io/tlsMode: istio`)."""
    workload: str = ""
    """`namespace/name` of the pod or WorkloadEntry behind it, or empty."""
    hostname: str = ""
    """A pod's own host name within a headless service (`hostname` + `subdomain`), or empty."""
    node: str = ""


ServiceKey = str
"""`hostname|namespace`."""


def service_key(hostname: str, namespace: str) -> ServiceKey:
    """Name a service in the endpoint table."""
    return f"{hostname}|{namespace}"


EndpointTable = FrozenMap[tuple[Endpoint, ...]]
"""Service key -> its members over all ports, sorted by address, port, port name."""


NOBODY: EndpointTable = FrozenMap()


def changed_services(before: EndpointTable, after: EndpointTable) -> frozenset[ServiceKey]:
    """Name the services whose endpoints differ between two tables."""
    changed = {key for key, members in after.items() if before.get(key) != members}
    changed.update(key for key in before if key not in after)
    return frozenset(changed)
