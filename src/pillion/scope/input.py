"""What a scope is made from: exactly the shelves of the world that a Sidecar's hosts name.

`ScopeInput` is the whole input, and the key under which the scope is remembered: a change on a shelf that a Sidecar's
hosts do not name leaves its input equal, so the scope is the same object as before. `Reads` says the same as names.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from pillion.mesh.destination_rules import DestinationRuleShelf
from pillion.mesh.rules.virtual_services import destinations
from pillion.mesh.service import Service, age
from pillion.mesh.settings import MeshSettings
from pillion.mesh.snapshot import Changes, MeshSnapshot
from pillion.resources.istio.security import PeerAuthentication
from pillion.resources.istio.sidecar import IstioEgressListener, Sidecar
from pillion.resources.istio.virtual_service import VirtualService
from pillion.scope.hosts import ANY_NAMESPACE, HostsByNamespace, classify, named_hosts, named_namespaces
from pillion.value import FrozenMap, Value

V = TypeVar("V")
EVERYTHING = (IstioEgressListener(hosts=("*/*",)),)
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
