"""What of a scope and a proxy its listeners are made from: no HTTP route is in it, so none changes a listener."""

from msgspec.structs import replace

from pillion.ir.traits import OutboundTraits
from pillion.mesh.service import Service, ServicePort
from pillion.resources.istio.destination_rule import ConnectionPoolSettings, DestinationRuleSpec, TrafficPolicy
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.resources.istio.sidecar import IstioEgressListener
from pillion.resources.istio.virtual_service import VirtualService
from pillion.resources.protocol import Protocol, is_http
from pillion.scope.model import OutboundPolicy, SidecarScope
from pillion.value import FrozenMap, Value


class EgressSlice(Value):
    """One entry of `egress`."""

    declared: IstioEgressListener | None = None
    """Where it listens: the hosts are left out."""
    services: tuple[Service, ...] = ()
    """Those that make a difference to its listeners."""
    virtual_services: tuple[VirtualService, ...] = ()
    """Those with tls or tcp routes."""

    @property
    def catch_all(self) -> bool:
        """Whether it stands for all ports that no other entry has."""
        return self.declared is None or self.declared.port is None


class ListenerSlice(Value):
    """Everything that the listeners of an outbound half are made from."""

    namespace: str
    domain: str
    egress: tuple[EgressSlice, ...]
    targets: FrozenMap[Service] = FrozenMap()
    """The services that tls and tcp routes send to, by host."""
    rules: FrozenMap[DestinationRuleSpec] = FrozenMap()
    """The DestinationRules in force that say something about streams, by host."""
    policy: OutboundPolicy = OutboundPolicy()
    config: MeshConfig
    traits: OutboundTraits = OutboundTraits()


def listener_slice(scope: SidecarScope, traits: OutboundTraits) -> ListenerSlice:
    """Cut out what listeners are made from."""
    egress = tuple(
        EgressSlice(
            declared=replace(each.declared, hosts=()) if each.declared is not None else None,
            services=_heard(each.services) if each.catch_all else each.services,
            virtual_services=tuple(rule for rule in each.virtual_services if rule.spec.tls or rule.spec.tcp),
        )
        for each in scope.egress
    )
    hosts = {
        target.destination.host
        for each in egress
        for rule in each.virtual_services
        for route in (*rule.spec.tls, *rule.spec.tcp)
        for target in route.route
        if target.destination is not None
    }
    rules: dict[str, DestinationRuleSpec] = {}
    for host in scope.destination_rules:
        found = scope.destination_rule(host, traits.labels)
        if found is not None and _concerns_streams(found.rule.spec):
            rules[host] = found.rule.spec
    return ListenerSlice(
        namespace=scope.namespace,
        domain=scope.settings.domain,
        egress=egress,
        targets=FrozenMap({host: scope.by_host[host] for host in hosts if host in scope.by_host}),
        rules=FrozenMap(rules),
        policy=scope.outbound_policy,
        config=scope.settings.config,
        traits=traits,
    )


def _heard(services: tuple[Service, ...]) -> tuple[Service, ...]:
    """Keep of services what their listeners are made from: of HTTP ports only the first of each number and protocol.

    HTTP of one port shares one listener, whosever it is, unless names have to be resolved for it.
    """
    known: set[tuple[int, Protocol]] = set()
    kept: list[Service] = []
    for service in services:
        if service.resolution == "DYNAMIC_DNS" or not all(is_http(port.protocol) for port in service.ports):
            kept.append(service)
            continue
        for port in service.ports:
            if (port.number, port.protocol) not in known and service.resolution != "ALIAS":
                known.add((port.number, port.protocol))
                only = ServicePort(name="", number=port.number, protocol=port.protocol)
                kept.append(Service(hostname="", namespace="", ports=(only,)))
    return tuple(kept)


def _concerns_streams(rule: DestinationRuleSpec) -> bool:
    return any(
        _sets_streams(policy) for policy in (rule.traffic_policy, *(each.traffic_policy for each in rule.subsets))
    )


def _sets_streams(policy: TrafficPolicy | None) -> bool:
    if policy is None:
        return False
    sticky = policy.load_balancer.consistent_hash if policy.load_balancer else None
    tcp = (policy.connection_pool or ConnectionPoolSettings()).tcp
    timed = tcp is not None and (tcp.idle_timeout is not None or tcp.max_connection_duration is not None)
    return timed or policy.tunnel is not None or (policy.load_balancer is not None and sticky is not None)
