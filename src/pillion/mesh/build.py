"""Resources in, one immutable world out.

What comes from the same resources is the same object as in the world before, so a change costs the shelves it touches.
Mirrors what Istio does once a push in `PushContext.InitContext`, without looking at any proxy.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import Generic, TypeVar

from pillion.memo import Kept
from pillion.mesh.catalog import Catalog
from pillion.mesh.destination_rules import DestinationRuleShelf, shelve
from pillion.mesh.endpoint import EndpointTable
from pillion.mesh.part import UNDECLARED, Part, Parts, Surroundings
from pillion.mesh.rules.sidecars import conflicts, in_order
from pillion.mesh.rules.virtual_services import is_delegate, merge_delegates, resolve_names
from pillion.mesh.service import Alias, Service
from pillion.mesh.settings import MeshSettings
from pillion.mesh.snapshot import MeshSnapshot, World
from pillion.mesh.workload import Workload
from pillion.resources.host import resolve_short_name
from pillion.resources.istio.destination_rule import DestinationRule
from pillion.resources.istio.envoy_filter import EnvoyFilter
from pillion.resources.istio.gateway import Gateway
from pillion.resources.istio.proxy_config import ProxyConfig
from pillion.resources.istio.security import AuthorizationPolicy, PeerAuthentication, RequestAuthentication
from pillion.resources.istio.service_entry import WorkloadEntry
from pillion.resources.istio.sidecar import Sidecar
from pillion.resources.istio.telemetry import Telemetry
from pillion.resources.istio.virtual_service import VirtualService
from pillion.resources.kubernetes.cluster import Namespace
from pillion.resources.meta import HasMetadata
from pillion.value import Diagnostics, FrozenMap, Labels

R = TypeVar("R", bound=HasMetadata)
S = TypeVar("S", bound=Sized)
V = TypeVar("V")


class Builder:
    """Builds worlds, one after another."""

    def __init__(self) -> None:
        self._parts = Parts()
        self._last: tuple[Catalog, MeshSettings | None, FrozenMap[Part]] = (Catalog(), None, FrozenMap())
        self._roots = VirtualServices()
        self._services: Kept[[Mapping[str, tuple[Service, ...]]], FrozenMap[tuple[Service, ...]]] = Kept(_filled)
        self._workloads: Kept[[Mapping[str, tuple[Workload, ...]]], FrozenMap[tuple[Workload, ...]]] = Kept(_filled)
        self._endpoints: Kept[[FrozenMap[Part]], EndpointTable] = Kept(_endpoints)
        self._around = Kept(_around)
        self._labels = Kept(_labels)
        self._sidecars = Shelves(_ordered)
        self._rules = Shelves(_shelved)

    def build(self, catalog: Catalog, settings: MeshSettings) -> tuple[World, Diagnostics]:
        """Make the world of these resources."""
        parts = self._every_part(catalog, settings)
        aliases = _aliases(each for part in parts.values() for each in part.pointing)
        around = self._around("", catalog.shelves(DestinationRule), settings)
        services = {
            name: self._parts.whole(name, part, around, tuple(_led_to(part.services, aliases)))
            for name, part in parts.items()
        }
        virtual_services, found = self._roots.of(catalog, settings)
        sidecars = self._sidecars.of(catalog.shelves(Sidecar), settings)
        snapshot = MeshSnapshot(
            settings=settings,
            namespaces=self._labels("", catalog.shelf(Namespace)),
            services=self._services("", services),
            virtual_services=virtual_services,
            destination_rules=self._rules.of(catalog.shelves(DestinationRule), settings),
            sidecars=sidecars,
            peer_authentications=catalog.shelves(PeerAuthentication),
            request_authentications=catalog.shelves(RequestAuthentication),
            authorization_policies=catalog.shelves(AuthorizationPolicy),
            telemetries=catalog.shelves(Telemetry),
            proxy_configs=catalog.shelves(ProxyConfig),
            envoy_filters=catalog.shelves(EnvoyFilter),
            gateways=catalog.shelves(Gateway),
            workload_entries=catalog.shelves(WorkloadEntry),
            workloads=self._workloads("", {name: part.workloads for name, part in parts.items()}),
        )
        return World(snapshot=snapshot, endpoints=self._endpoints("", parts)), (
            *found,
            *conflicts(sidecars, settings.root_namespace),
        )

    def _every_part(self, catalog: Catalog, settings: MeshSettings) -> FrozenMap[Part]:
        """Make the part of each namespace, but only of those where something is not what it was."""
        before, old_settings, parts = self._last
        changed = catalog.differing(before)
        names = {*catalog.namespaces(), settings.root_namespace}
        if settings is not old_settings or "" in changed:
            changed = names
        if changed:
            declared = {each.metadata.name: each.metadata for each in catalog.shelf(Namespace)}
            fresh = {
                name: self._parts.of(catalog, settings, name, declared.get(name, UNDECLARED))
                for name in changed & names
            }
            if not names.issuperset(parts):
                self._parts.keep(names)
            parts = FrozenMap({name: part for name, part in {**parts, **fresh}.items() if name in names})
        self._last = (catalog, settings, parts)
        return parts


class Shelves(Generic[R, V]):
    """Makes something of each shelf of a kind, by namespace."""

    def __init__(self, function: Callable[[tuple[R, ...], MeshSettings], V]) -> None:
        self._each = Kept(function)
        self._all = Kept(self._every)

    def of(self, shelves: FrozenMap[tuple[R, ...]], settings: MeshSettings) -> FrozenMap[V]:
        """Give what is made of the shelves."""
        return self._all("", shelves, settings)

    def _every(self, shelves: FrozenMap[tuple[R, ...]], settings: MeshSettings) -> FrozenMap[V]:
        self._each.keep(shelves)
        return FrozenMap({name: self._each(name, shelf, settings) for name, shelf in shelves.items()})


class VirtualServices:
    """Makes the virtual services whole: names, `exportTo`, and what they delegate."""

    def __init__(self) -> None:
        self._whole = Kept(_whole)
        self._merged = Kept(_merged)
        self._all = Kept(self._every)

    def of(self, catalog: Catalog, settings: MeshSettings) -> tuple[FrozenMap[tuple[VirtualService, ...]], Diagnostics]:
        """Give the roots by namespace, and what is to be said of those that delegate."""
        return self._all("", catalog.shelves(VirtualService), settings)

    def _every(
        self, declared: FrozenMap[tuple[VirtualService, ...]], settings: MeshSettings
    ) -> tuple[FrozenMap[tuple[VirtualService, ...]], Diagnostics]:
        whole = {
            name: [self._whole((name, each.metadata.name), each, settings) for each in shelf]
            for name, shelf in declared.items()
        }
        delegates = {
            (name, each.metadata.name): each for name, shelf in whole.items() for each in shelf if is_delegate(each)
        }
        shelves: dict[str, tuple[VirtualService, ...]] = {}
        found: list[Diagnostics] = []
        for name, shelf in whole.items():
            merged = [
                self._merged((name, root.metadata.name), root, *_named(root, delegates))
                for root in shelf
                if not is_delegate(root)
            ]
            shelves[name] = tuple(root for root, _ in merged)
            found += [diagnostics for _, diagnostics in merged]
        alive = {(name, each.metadata.name) for name, shelf in whole.items() for each in shelf}
        self._whole.keep(alive)
        self._merged.keep(alive)
        return _filled(shelves), tuple(each for diagnostics in found for each in diagnostics)


def _filled(shelves: Mapping[str, S]) -> FrozenMap[S]:
    return FrozenMap({name: shelf for name, shelf in shelves.items() if shelf})


def _endpoints(parts: FrozenMap[Part]) -> EndpointTable:
    return EndpointTable(_filled({name: part.table for name, part in parts.items()}))


def _labels(namespaces: tuple[Namespace, ...]) -> FrozenMap[Labels]:
    return FrozenMap({each.metadata.name: each.metadata.labels for each in namespaces})


def _ordered(shelf: tuple[Sidecar, ...], _: MeshSettings) -> tuple[Sidecar, ...]:
    return in_order(shelf)


def _shelved(shelf: tuple[DestinationRule, ...], settings: MeshSettings) -> DestinationRuleShelf:
    return shelve(shelf, settings.domain, settings.config.default_destination_rule_export_to)


def _whole(declared: VirtualService, settings: MeshSettings) -> VirtualService:
    return resolve_names(declared, settings.domain, settings.config.default_virtual_service_export_to)


def _named(root: VirtualService, delegates: Mapping[tuple[str, str], VirtualService]) -> Iterator[VirtualService]:
    """Pick the delegates that a root names, so that no other delegate's change concerns it."""
    for route in root.spec.http:
        if route.delegate:
            found = delegates.get((route.delegate.namespace or root.metadata.namespace, route.delegate.name))
            if found is not None:
                yield found


def _merged(root: VirtualService, *delegates: VirtualService) -> tuple[VirtualService, Diagnostics]:
    return merge_delegates(root, {(each.metadata.namespace, each.metadata.name): each for each in delegates})


def _around(shelves: FrozenMap[tuple[DestinationRule, ...]], settings: MeshSettings) -> Surroundings:
    """Find the hosts whose members some rule does not choose among: whether all of them take mutual TLS then counts."""
    found: set[str] = set()
    for rule in (each for shelf in shelves.values() for each in shelf):
        policies = [rule.spec.traffic_policy, *(subset.traffic_policy for subset in rule.spec.subsets)]
        levels = [level for policy in policies if policy for level in (policy, *policy.port_level_settings)]
        if any(level.load_balancer is not None and level.load_balancer.simple == "PASSTHROUGH" for level in levels):
            found.add(resolve_short_name(rule.spec.host, rule.metadata.namespace, settings.domain))
    return Surroundings(passed_through=frozenset(found), trust_domain_aliases=settings.config.trust_domain_aliases)


def _led_to(
    services: Iterable[Service], aliases: Mapping[str, tuple[Alias, ...]]
) -> Iterator[tuple[str, tuple[Alias, ...]]]:
    """Pick the services that other names lead to."""
    if aliases:
        for each in services:
            if each.hostname in aliases:
                yield each.hostname, aliases[each.hostname]


def _aliases(pointing: Iterable[Service]) -> Mapping[str, tuple[Alias, ...]]:
    """Map each real host to the ExternalName Services that lead to it, over several hops; loops lead nowhere."""
    every = tuple(pointing)
    target = {each.hostname: each.external_name for each in every}
    found: dict[str, list[Alias]] = {}
    for each in every:
        seen = {each.hostname}
        host = each.external_name
        while host in target and host not in seen:
            seen.add(host)
            host = target[host]
        if host not in seen:
            found.setdefault(host, []).append(Alias(hostname=each.hostname, namespace=each.namespace))
    return {
        host: tuple(sorted(each, key=lambda alias: (alias.namespace, alias.hostname))) for host, each in found.items()
    }
