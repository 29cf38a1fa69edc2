"""A scope, put together from exactly the shelves that it reads (Istio's `convertToSidecarScope`).

`ScopeInput` is the whole input, and the key under which the scope is remembered: a change on a shelf that a Sidecar's
hosts do not name leaves its input equal, so the scope is the same object as before.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from pillion.memo import Kept
from pillion.mesh.destination_rules import EMPTY_SHELF, ConsolidatedRule, DestinationRuleShelf, most_specific
from pillion.mesh.rules.virtual_services import MESH, destinations
from pillion.mesh.service import Service, age
from pillion.mesh.settings import MeshSettings
from pillion.mesh.snapshot import Changes, MeshSnapshot, changes_between
from pillion.resources.istio.security import PeerAuthentication
from pillion.resources.istio.sidecar import IstioEgressListener, Sidecar
from pillion.resources.istio.virtual_service import VirtualService
from pillion.resources.meta import Ref, ref_of
from pillion.resources.visibility import is_visible
from pillion.scope.hosts import ANY_NAMESPACE, HostsByNamespace, classify, named_hosts, named_namespaces
from pillion.scope.imports import (
    matched_port,
    most_specific_rules,
    on_port,
    on_ports,
    select_services,
    select_virtual_services,
)
from pillion.scope.merge import ServiceUnion
from pillion.scope.model import EgressListener, OutboundPolicy, SidecarScope
from pillion.scope.selection import sidecar_for
from pillion.value import FrozenMap, Labels, Value

V = TypeVar("V")
EVERYTHING = (IstioEgressListener(hosts=("*/*",)),)
PUBLIC = ("*",)
ServiceShelf = tuple[Service, ...]


class ScopeInput(Value):
    """Everything that decides a scope."""

    namespace: str
    sidecar: Sidecar | None = None
    settings: MeshSettings
    hosts: tuple[HostsByNamespace, ...] = ()
    """Its listeners' hosts, taken apart."""
    services: FrozenMap[ServiceShelf] = FrozenMap()
    """The shelves of the namespaces that its hosts name, and what its hosts import by name from anywhere."""
    virtual_services: FrozenMap[tuple[VirtualService, ...]] = FrozenMap()
    """Likewise."""
    targets: tuple[Service, ...] = ()
    """Services anywhere that an importable virtual service leads to."""
    destination_rules: FrozenMap[DestinationRuleShelf] = FrozenMap()
    """The shelves of its own namespace, the root namespace and those of its services."""
    peer_authentications: FrozenMap[tuple[PeerAuthentication, ...]] = FrozenMap()
    """Likewise."""


class Reads(Value):
    """What a scope was made from, as names: while none of it changes, neither does the scope."""

    namespaces: frozenset[str] | None
    """Whose shelves were read; None for all."""
    hosts: frozenset[str] = frozenset()
    """Hosts of services that were looked for in every namespace."""

    def touched(self, changes: Changes) -> bool:
        """Return whether some change is among what was read."""
        if changes.everything:
            return True
        if self.namespaces is None:
            return bool(changes.namespaces)
        return not (self.namespaces.isdisjoint(changes.namespaces) and self.hosts.isdisjoint(changes.hosts))


class Scopes:
    """Gives the scope of any workload in a world, remembering those of the world before."""

    def __init__(self) -> None:
        self.scopes = Kept(build_scope)
        self._inputs = Kept(scope_input)
        self._snapshot: MeshSnapshot | None = None
        self._in_force: dict[tuple[str, Sidecar | None], tuple[SidecarScope, Reads]] = {}
        self._entries = Kept(egress_hosts)
        self._hosts = Kept(_by_host)
        self._by_host: Mapping[str, list[Service]] = {}

    def turn_to(self, snapshot: MeshSnapshot) -> Changes:
        """Go on to another world, and say what differs in it; what read nothing of that stays in force."""
        before, self._snapshot = self._snapshot, snapshot
        changes = changes_between(before, snapshot) if before else Changes(everything=True)
        self._in_force = {key: found for key, found in self._in_force.items() if not found[1].touched(changes)}
        self._by_host = self._hosts("", snapshot.services)
        return changes

    def of(self, snapshot: MeshSnapshot, namespace: str, labels: Labels) -> SidecarScope:
        """Give the scope of the workloads with these labels in that namespace."""
        return self.read(snapshot, namespace, labels)[0]

    def read(self, snapshot: MeshSnapshot, namespace: str, labels: Labels) -> tuple[SidecarScope, Reads]:
        """Give the scope of the workloads with these labels in that namespace, and what it was made from."""
        if snapshot is not self._snapshot:
            self.turn_to(snapshot)
        sidecar = sidecar_for(snapshot, namespace, labels)
        found = self._in_force.get((namespace, sidecar))
        if found is None:
            key = _name(namespace, sidecar)
            entries = self._entries(key, sidecar, namespace)
            given = self._inputs(key, snapshot, (namespace, sidecar), entries, self._by_host)
            found = self._in_force[namespace, sidecar] = (self.scopes(key, given), reads_of(given, entries))
        return found

    def sweep(self) -> None:
        """Forget the scopes that are not in force."""
        names = {_name(*key) for key in self._in_force}
        for kept in (self.scopes, self._inputs, self._entries):
            kept.keep(names)


def _name(namespace: str, sidecar: Sidecar | None) -> tuple[str, Ref | None]:
    return namespace, ref_of(sidecar) if sidecar else None


def _by_host(shelves: FrozenMap[ServiceShelf]) -> Mapping[str, list[Service]]:
    found: dict[str, list[Service]] = {}
    for shelf in shelves.values():
        for service in shelf:
            found.setdefault(service.hostname, []).append(service)
    return found


def egress_hosts(sidecar: Sidecar | None, namespace: str) -> tuple[HostsByNamespace, ...]:
    """Take the hosts of each egress listener apart; without a Sidecar there is one listener, for everything."""
    listeners = (sidecar.spec.egress if sidecar else ()) or EVERYTHING
    return tuple(classify(entry.hosts, namespace) for entry in listeners)


def scope_input(
    snapshot: MeshSnapshot,
    whose: tuple[str, Sidecar | None],
    entries: Iterable[HostsByNamespace],
    by_host: Mapping[str, Iterable[Service]],
) -> ScopeInput:
    """Cut out of the world what a Sidecar reads in a namespace. `by_host` holds every service under its host."""
    namespace, sidecar = whose
    virtual_services = _cut(snapshot.virtual_services, _rule_namespaces(entries))
    services = _importable(snapshot.services, entries, by_host)
    hosts = _led_to(virtual_services, namespace)
    targets = tuple(sorted((service for host in sorted(hosts) for service in by_host.get(host, ())), key=age))
    around = {namespace, snapshot.settings.root_namespace, *services, *(each.namespace for each in targets)}
    return ScopeInput(
        namespace=namespace,
        sidecar=sidecar,
        settings=snapshot.settings,
        hosts=tuple(entries),
        services=services,
        virtual_services=virtual_services,
        targets=targets,
        destination_rules=FrozenMap(
            {name: snapshot.destination_rules[name] for name in around if name in snapshot.destination_rules}
        ),
        peer_authentications=FrozenMap(
            {name: snapshot.peer_authentications[name] for name in around if name in snapshot.peer_authentications}
        ),
    )


def reads_of(given: ScopeInput, entries: Iterable[HostsByNamespace]) -> Reads:
    """Say what was looked at to make a scope's input, there or not."""
    rules, named = _rule_namespaces(entries), _named_shelves(entries)
    if rules is None or named is None:
        return Reads(namespaces=None)
    root = given.settings.root_namespace
    around = {given.namespace, root, *given.services, *(each.namespace for each in given.targets)}
    led_to = _led_to(given.virtual_services, given.namespace)
    return Reads(namespaces=rules.union(named[0], around), hosts=led_to | named[1])


def _led_to(virtual_services: FrozenMap[tuple[VirtualService, ...]], namespace: str) -> frozenset[str]:
    """Give the hosts that virtual services lead clients of a namespace to."""
    shelves = virtual_services.values()
    return frozenset(host for shelf in shelves for rule in shelf for host in destinations(rule.spec, namespace))


def _rule_namespaces(entries: Iterable[HostsByNamespace]) -> frozenset[str] | None:
    """Give the namespaces whose virtual services the listeners may import; None for all."""
    every: set[str] = set()
    for hosts in entries:
        named = named_namespaces(hosts)
        if named is None:
            return None
        every |= named
    return frozenset(every)


def _named_shelves(entries: Iterable[HostsByNamespace]) -> tuple[frozenset[str], frozenset[str]] | None:
    """Give the namespaces that listeners name, and the hosts that they import from anywhere; None for everything."""
    namespaces: set[str] = set()
    everywhere: set[str] = set()
    for hosts in entries:
        anywhere = named_hosts(hosts)
        if anywhere is None:
            return None
        namespaces |= {scope for scope, imported in hosts.items() if imported.every and scope != ANY_NAMESPACE}
        everywhere |= anywhere
    return frozenset(namespaces), frozenset(everywhere)


def _importable(
    shelves: FrozenMap[ServiceShelf], entries: Iterable[HostsByNamespace], by_host: Mapping[str, Iterable[Service]]
) -> FrozenMap[ServiceShelf]:
    """Cut out the shelves that the listeners name; of others, only the services that they import by name."""
    named = _named_shelves(entries)
    if named is None:
        return shelves
    namespaces, everywhere = named
    owners = {service.namespace for host in everywhere for service in by_host.get(host, ())} - namespaces
    chosen = {name: tuple(each for each in shelves[name] if each.hostname in everywhere) for name in owners}
    return FrozenMap(chosen | {name: shelves[name] for name in namespaces if name in shelves})


def _cut(shelves: FrozenMap[V], named: frozenset[str] | None) -> FrozenMap[V]:
    if named is None:
        return shelves
    return FrozenMap({name: shelves[name] for name in named if name in shelves})


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
