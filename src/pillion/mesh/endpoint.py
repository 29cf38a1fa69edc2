"""Members of services, and the table that holds them apart from the configuration (Istio's `IstioEndpoint`)."""

from collections.abc import Iterator, Mapping
from typing import Literal, final

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
    entry_port: int = 0
    """The number of that port, where an entry declares the member: there Istio goes by it, but not in EDS."""
    labels: Labels = NO_LABELS
    account: str = ""
    """SPIFFE identity of the workload, or empty."""
    locality: Locality = NOWHERE
    place: str = ""
    """The locality as its source spells it, where that differs: Istio keeps `r1/z1` and a pod's `r1/z1/` apart."""
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


Members = tuple[Endpoint, ...]
EndpointShelf = FrozenMap[Members]
"""Of one namespace: service key -> the members over all ports, sorted by address, port, port name."""
NO_MEMBERS: EndpointShelf = FrozenMap()


@final
class EndpointTable(Mapping[ServiceKey, Members]):
    """Who answers for each service of the mesh, in shelves by namespace; a shelf that did not change is the old one."""

    __slots__ = ("shelves",)

    def __init__(self, shelves: FrozenMap[EndpointShelf] | None = None) -> None:
        self.shelves: FrozenMap[EndpointShelf] = shelves or FrozenMap()

    def __getitem__(self, key: ServiceKey) -> Members:
        return self.shelves[key.rpartition("|")[2]][key]

    def __iter__(self) -> Iterator[ServiceKey]:
        return (key for shelf in self.shelves.values() for key in shelf)

    def __len__(self) -> int:
        return sum(map(len, self.shelves.values()))

    def __hash__(self) -> int:
        return hash(self.shelves)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EndpointTable) and self.shelves == other.shelves


NOBODY = EndpointTable()


def changed_services(before: EndpointTable, after: EndpointTable) -> frozenset[ServiceKey]:
    """Name the services whose endpoints differ between two tables."""
    changed: set[ServiceKey] = set()
    for namespace in before.shelves.keys() | after.shelves.keys():
        old, new = before.shelves.get(namespace, NO_MEMBERS), after.shelves.get(namespace, NO_MEMBERS)
        if old is not new:
            changed.update(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return frozenset(changed)
