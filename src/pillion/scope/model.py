"""The scope of a Sidecar: the services, virtual services and destination rules that one namespace's workloads may use.

Mirrors Istio's `model.SidecarScope`. A scope does not know the workload that asks: replicas, and all workloads that the
same Sidecar covers, share one.
"""

from typing import Literal

from pillion.mesh.destination_rules import ConsolidatedRule
from pillion.mesh.service import Service
from pillion.mesh.settings import MeshSettings
from pillion.resources.istio.destination_rule import ConnectionPoolSettings
from pillion.resources.istio.security import PeerAuthentication
from pillion.resources.istio.sidecar import IstioEgressListener, Sidecar
from pillion.resources.istio.virtual_service import VirtualService
from pillion.resources.meta import Ref
from pillion.value import FrozenMap, Labels, Value

OutboundMode = Literal["ALLOW_ANY", "REGISTRY_ONLY", "ALLOW_ANY_DYNAMIC_DNS"]


NAMESPACE_WIDE = frozenset(
    {
        "EnvoyFilter",
        "AuthorizationPolicy",
        "RequestAuthentication",
        "WasmPlugin",
        "TrafficExtension",
        "Telemetry",
    }
)
"""Kinds that reach every workload of their namespace, or of all when they live in the root namespace."""
SCOPED = frozenset({"ServiceEntry", "VirtualService", "DestinationRule", "Sidecar", "PeerAuthentication"})


class OutboundPolicy(Value):
    """What happens to traffic for unknown destinations."""

    mode: OutboundMode = "ALLOW_ANY"
    egress_host: str = ""
    """`egressProxy`: the host that unknown traffic is sent to instead, or empty."""
    egress_port: int = 0
    egress_subset: str = ""


class EgressListener(Value):
    """One entry of `egress` with what it imports. Without a Sidecar there is one that imports `*/*`."""

    declared: IstioEgressListener | None = None
    """The entry as written; None for the default one."""
    index: int = 0
    """Its position in `spec.egress`."""
    services: tuple[Service, ...] = ()
    """Imported services, oldest first; trimmed to the listener's port where it has one."""
    virtual_services: tuple[VirtualService, ...] = ()
    """Imported virtual services, delegates merged, in order of precedence; hosts are fully qualified."""
    most_specific: FrozenMap[Ref] = FrozenMap()
    """Service host -> the VirtualService with the most specific host that matches it."""

    @property
    def port(self) -> int:
        """The port that it is bound to, 0 for a catch-all."""
        return self.declared.port.number if self.declared and self.declared.port else 0

    @property
    def catch_all(self) -> bool:
        """Whether it has no port: it stands for all ports that no other listener has."""
        return self.declared is None or self.declared.port is None


class SidecarScope(Value):
    """What the workloads under one Sidecar (or under none) of one namespace may reach and how."""

    namespace: str
    """The namespace of the workloads: not the Sidecar's when that one lives in the root namespace."""
    sidecar: Sidecar | None = None
    egress: tuple[EgressListener, ...] = ()
    services: tuple[Service, ...] = ()
    """All imported services over all listeners, one per host, ports merged; the clusters come from these."""
    by_host: FrozenMap[Service] = FrozenMap()
    """The same services by their host."""
    destination_rules: FrozenMap[tuple[ConsolidatedRule, ...]] = FrozenMap()
    """Service host -> the rules for it: the one without workloadSelector, and those with."""
    outbound_policy: OutboundPolicy = OutboundPolicy()
    peer_authentications: tuple[PeerAuthentication, ...] = ()
    """Those of the root namespace, of this one, and of the imported services' namespaces, oldest first."""
    settings: MeshSettings
    dependencies: frozenset[Ref] = frozenset()
    """What a change of would change this scope: services (kind ServiceEntry, name = host), virtual services,
    destination rules, peer authentications, the Sidecar."""

    @property
    def name(self) -> str:
        """The Sidecar's name, or Istio's `default-sidecar`."""
        return self.sidecar.metadata.name if self.sidecar else "default-sidecar"

    def depends_on(self, ref: Ref) -> bool:
        """Return whether a change of that resource may change what this scope's proxies are told.

        Kinds that a Sidecar does not scope count by namespace: their own and the root's.
        """
        if ref.kind in NAMESPACE_WIDE:
            return ref.namespace in {self.namespace, self.settings.root_namespace}
        return ref.kind not in SCOPED or ref in self.dependencies

    def inbound_connection_pool(self, port: int) -> ConnectionPoolSettings | None:
        """Give the connection pool of an inbound port: the ingress listener's own, else the Sidecar's."""
        if self.sidecar is None:
            return None
        for listener in self.sidecar.spec.ingress:
            if listener.port and listener.port.number == port and listener.connection_pool is not None:
                return listener.connection_pool
        return self.sidecar.spec.inbound_connection_pool

    def service(self, hostname: str) -> Service | None:
        """Find the imported service of that exact host."""
        return self.by_host.get(hostname)

    def destination_rule(self, hostname: str, labels: Labels | None = None) -> ConsolidatedRule | None:
        """Find the rule in force for a host and a client with these labels (None: the server's side of a connection).

        A rule with a workloadSelector counts only in its own namespace and replaces the others, as in Istio.
        """
        catch_all = None
        for candidate in self.destination_rules.get(hostname, ()):
            selector = candidate.rule.spec.workload_selector
            if selector is None:
                catch_all = candidate
            elif (
                labels is not None
                and candidate.rule.metadata.namespace == self.namespace
                and labels.covers(selector.match_labels)
            ):
                return candidate
        return catch_all
