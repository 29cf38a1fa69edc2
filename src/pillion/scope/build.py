"""A scope, put together from its input (Istio's `convertToSidecarScope`)."""

from collections.abc import Iterable, Iterator, Mapping

from pillion.mesh.destination_rules import EMPTY_SHELF, ConsolidatedRule, most_specific
from pillion.mesh.rules.virtual_services import MESH, destinations
from pillion.mesh.service import Service, age
from pillion.resources.istio.security import PeerAuthentication
from pillion.resources.istio.sidecar import IstioEgressListener
from pillion.resources.istio.virtual_service import VirtualService
from pillion.resources.meta import Ref, ref_of
from pillion.resources.visibility import is_visible
from pillion.scope.imports import (
    matched_port,
    most_specific_rules,
    on_port,
    on_ports,
    select_services,
    select_virtual_services,
)
from pillion.scope.input import EVERYTHING, ScopeInput
from pillion.scope.merge import ServiceUnion
from pillion.scope.model import EgressListener, OutboundPolicy, SidecarScope
from pillion.value import FrozenMap

PUBLIC = ("*",)


def build_scope(given: ScopeInput) -> SidecarScope:
    """Import what the Sidecar's listeners name, and gather the rules for it."""
    egress = (given.sidecar.spec.egress if given.sidecar else ()) or EVERYTHING
    visible = _visible_services(given)
    tiers = _visible_rules(given)
    listeners = tuple(_listener(index, entry, (given, visible, tiers)) for index, entry in enumerate(egress))
    union = ServiceUnion()
    for listener in listeners:
        for service in listener.services:
            union.add(service)
        for service in _inferred(listener, given):
            union.add(service)
    services = union.services()
    ruled = services if given.destination_rules else ()
    rules = {each.hostname: found for each in ruled if (found := _rules_for(each, given))}
    return SidecarScope(
        namespace=given.namespace,
        sidecar=given.sidecar,
        egress=listeners,
        services=services,
        by_host=FrozenMap({each.hostname: each for each in services}),
        destination_rules=FrozenMap(rules),
        outbound_policy=_outbound_policy(given),
        peer_authentications=(authentications := _authentications(given, services)),
        settings=given.settings,
        dependencies=_dependencies(given, listeners, rules, (services, authentications)),
    )


Tiers = tuple[tuple[VirtualService, ...], ...]


def _listener(
    index: int, entry: IstioEgressListener, world: tuple[ScopeInput, tuple[Service, ...], Tiers]
) -> EgressListener:
    given, visible, tiers = world
    hosts = given.hosts[index]
    services = select_services(visible, given.namespace, hosts, matched_port(entry))
    rules = select_virtual_services(tiers, hosts)
    return EgressListener(
        declared=entry,
        index=index,
        services=services,
        virtual_services=rules,
        most_specific=most_specific_rules(rules, services),
    )


def _visible_services(given: ScopeInput) -> tuple[Service, ...]:
    """Give what the namespace may see: what is exported to it by name comes before what is public, oldest first."""
    default = given.settings.config.default_service_export_to or PUBLIC
    named: list[Service] = []
    public: list[Service] = []
    for service in sorted((each for shelf in given.services.values() for each in shelf), key=age):
        export_to = service.export_to or default
        if "*" in export_to:
            public.append(service)
        elif is_visible(export_to, service.namespace, given.namespace):
            named.append(service)
    return (*named, *public)


def _visible_rules(given: ScopeInput) -> Tiers:
    """Give the mesh's virtual services that the namespace may see: private, exported to it, and public ones."""
    private: list[VirtualService] = []
    exported: list[VirtualService] = []
    public: list[VirtualService] = []
    every = (each for shelf in given.virtual_services.values() for each in shelf)
    for rule in sorted(every, key=_rule_age):
        spec = rule.spec
        if spec.gateways and MESH not in spec.gateways:
            continue
        if "*" in spec.export_to:
            public.append(rule)
        elif "~" not in spec.export_to and given.namespace in spec.export_to:
            (private if rule.metadata.namespace == given.namespace else exported).append(rule)
    return tuple(private), tuple(exported), tuple(public)


def _rule_age(rule: VirtualService) -> tuple[str, str, str]:
    return rule.metadata.creation_timestamp, rule.metadata.name, rule.metadata.namespace


def _inferred(listener: EgressListener, given: ScopeInput) -> Iterator[Service]:
    """Give the services that the listener's virtual services lead to, imported or not, on the ports that they name."""
    by_host: dict[str, dict[str, Service]] = {}
    for service in given.targets:
        shelf = by_host.setdefault(service.hostname, {})
        existing = shelf.get(service.namespace)
        if existing is None or (existing.registry != "Kubernetes" and service.registry == "Kubernetes"):
            shelf[service.namespace] = service
    port = matched_port(listener.declared)
    for rule in listener.virtual_services:
        for host, ports in destinations(rule.spec, given.namespace).items():
            target = _pick(by_host.get(host, {}), given)
            trimmed = None if target is None else on_port(target, port) if port else on_ports(target, ports)
            if trimmed is not None:
                yield trimmed


def _pick(by_namespace: Mapping[str, Service], given: ScopeInput) -> Service | None:
    """Choose among services of one host: our own, else a visible Kubernetes one, else the oldest visible one."""
    own = by_namespace.get(given.namespace)
    if own is not None:
        return own
    default = given.settings.config.default_service_export_to or PUBLIC
    visible = [
        each for each in by_namespace.values() if is_visible(each.export_to, each.namespace, given.namespace, default)
    ]
    if not visible:
        return None
    if not given.settings.pick_best_service_namespace:
        return min(visible, key=lambda each: each.namespace)
    return min(visible, key=lambda each: (each.registry != "Kubernetes", each.created, each.namespace))


def _rules_for(service: Service, given: ScopeInput) -> tuple[ConsolidatedRule, ...]:
    """Find the destination rules for a service: the client's namespace first, then the service's, then the root's."""
    root = given.settings.root_namespace
    own = given.destination_rules.get(given.namespace, EMPTY_SHELF)
    found = most_specific(service.hostname, own.private if given.namespace == root else own.local)
    if found:
        return found
    for owner in (service.namespace, root):
        shelf = given.destination_rules.get(owner, EMPTY_SHELF)
        exported = tuple(
            each
            for each in most_specific(service.hostname, shelf.exported)
            if not each.export_to or each.export_to & {"*", given.namespace}
        )
        if exported:
            return exported
    return ()


def _outbound_policy(given: ScopeInput) -> OutboundPolicy:
    """Take the Sidecar's policy, where it has one (an empty one means REGISTRY_ONLY), else the mesh's."""
    declared = given.sidecar.spec.outbound_traffic_policy if given.sidecar else None
    if declared is None:
        mesh = given.settings.config.outbound_traffic_policy
        return OutboundPolicy(mode=mesh.mode if mesh else "ALLOW_ANY")
    proxy = declared.egress_proxy
    if proxy is None:
        return OutboundPolicy(mode=declared.mode)
    return OutboundPolicy(
        mode=declared.mode,
        egress_host=proxy.host,
        egress_port=proxy.port.number if proxy.port else 0,
        egress_subset=proxy.subset,
    )


def _authentications(given: ScopeInput, services: Iterable[Service]) -> tuple[PeerAuthentication, ...]:
    around = {given.namespace, given.settings.root_namespace, *(each.namespace for each in services)}
    found = [each for name in sorted(around) for each in given.peer_authentications.get(name, ())]
    return tuple(
        sorted(found, key=lambda each: (each.metadata.creation_timestamp, each.metadata.name, each.metadata.namespace))
    )


def _dependencies(
    given: ScopeInput,
    listeners: Iterable[EgressListener],
    rules: Mapping[str, tuple[ConsolidatedRule, ...]],
    gathered: tuple[Iterable[Service], Iterable[PeerAuthentication]],
) -> frozenset[Ref]:
    services, authentications = gathered
    found = {Ref(kind="ServiceEntry", namespace=each.namespace, name=each.hostname) for each in services}
    found.update(ref_of(each) for listener in listeners for each in listener.virtual_services)
    found.update(origin for consolidated in rules.values() for rule in consolidated for origin in rule.origins)
    found.update(ref_of(each) for each in authentications)
    if given.sidecar is not None:
        found.add(ref_of(given.sidecar))
    return frozenset(found)
