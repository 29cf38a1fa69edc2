"""What the fabric is told: its settings, the Services that it carries, and further host names.

These are the facts that a network needs and no more: who selects which pods is decided in `local.endpoints`.
"""

import ipaddress
from typing import Literal

from pillion.value import Value

Protocol = Literal["TCP", "UDP", "SCTP"]
Family = Literal[4, 6]


class FabricSettings(Value):
    """The addresses and names of a fabric."""

    pod_cidrs: tuple[str, ...] = ("10.244.0.0/16",)
    """One per IP family; the first one is the pods' first family. The first address of each is the fabric's own."""
    service_cidrs: tuple[str, ...] = ("10.96.0.0/16",)
    """One per IP family. Every address in there is answered, by a pod or by a refusal."""
    dns_address: str = "10.96.0.10"
    domain: str = "cluster.local"
    ttl: int = 5
    """Seconds, of every DNS answer."""
    upstream: tuple[str, ...] = ()
    """DNS servers for all other names, asked from the host's namespace; without one those names do not exist."""

    @property
    def families(self) -> tuple[Family, ...]:
        """The IP families of the pods, the first one first."""
        return tuple(family_of(cidr) for cidr in self.pod_cidrs)

    def node_address(self, family: Family) -> str:
        """Return the fabric's own address: probes come from it, and so does a pod's call to itself by a Service."""
        cidr = next(cidr for cidr in self.pod_cidrs if family_of(cidr) == family)
        return str(ipaddress.ip_network(cidr)[1])


class ServicePort(Value):
    """A port of a Service and the pods behind it."""

    port: int
    name: str = ""
    protocol: Protocol = "TCP"
    targets: tuple[tuple[str, int], ...] = ()
    """`(address, port)` of each ready endpoint, of both IP families."""


class Member(Value):
    """An endpoint as DNS shows it."""

    address: str
    hostname: str = ""
    """The pod's `hostname`, if its `subdomain` is this Service; else a name is made from the address."""


class ClusterService(Value):
    """A Service as the network sees it. Session affinity is not offered: each connection finds its own endpoint."""

    namespace: str
    name: str
    cluster_ips: tuple[str, ...] = ()
    ports: tuple[ServicePort, ...] = ()
    headless: bool = False
    members: tuple[Member, ...] = ()
    """The endpoints that DNS tells of: all for which a record is due, in order (`publishNotReadyAddresses`)."""
    external_name: str = ""


class HostRecord(Value):
    """A host name outside of the cluster's own, such as a ServiceEntry's, and its addresses."""

    host: str
    """`api.example.com`, or `*.example.com` for every name below."""
    addresses: tuple[str, ...]


def family_of(address: str) -> Family:
    """Return the IP family of an address or a CIDR."""
    return 6 if ":" in address else 4
