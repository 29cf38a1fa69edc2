"""Where a proxy stands: what a world holds for the workloads of one namespace with the same labels."""

from typing import NamedTuple

from pillion.memo import Kept
from pillion.mesh.endpoint import NO_MEMBERS, EndpointShelf, ServiceKey, service_key
from pillion.mesh.service import Service
from pillion.mesh.snapshot import World
from pillion.proxy.traits import telemetries
from pillion.resources.istio.envoy_filter import EnvoyFilter
from pillion.resources.istio.telemetry import Telemetry
from pillion.scope.filters import filters_for
from pillion.scope.input import Reads
from pillion.scope.model import SidecarScope
from pillion.scope.policies import Policies, policies_for
from pillion.scope.scopes import Scopes
from pillion.value import FrozenMap, Labels, Value

PlaceKey = tuple[str, Labels]
"""A namespace and the labels of workloads there."""


class Place(Value):
    """What the world holds for the workloads of one namespace with the same labels."""

    scope: SidecarScope
    services: tuple[Service, ...]
    """Those of the namespace."""
    asked: EndpointShelf
    """Members of those whose workloads are found by address."""
    telemetry: tuple[Telemetry, ...]
    filters: tuple[EnvoyFilter, ...]
    """The EnvoyFilters that select them, in order."""
    policies: Policies
    """The security policies that select them."""


class Found(NamedTuple):
    """A place, and what it was made from besides the world's shelves for its namespace."""

    place: Place
    reads: Reads
    by_address: tuple[ServiceKey, ...]
    """The services that count their workloads by address."""


class Places:
    """Gives the places of a world; a place that is equal to the one of the world before is the very same object."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self._world: World | None = None
        self._kept = Kept(self._make)
        self._by_address = Kept(counted_by_address)
        self._found: dict[PlaceKey, Found] = {}
        self._asking: dict[ServiceKey, set[PlaceKey]] = {}
        """The places of `_found` by the services that count their workloads by address."""

    def turn_to(self, world: World, changed: frozenset[ServiceKey]) -> set[PlaceKey]:
        """Go on to another world, where the endpoints of these services differ.

        Return which places may have changed: those that look at something that did.
        """
        before, self._world = self._world, world
        touched = {key for service in changed & self._asking.keys() for key in self._asking[service]}
        if before is not None and world.snapshot is not before.snapshot:
            changes = self._scopes.turn_to(world.snapshot)
            own = changes.namespaces | changes.workloads
            touched.update(key for key, found in self._found.items() if key[0] in own or found.reads.touched(changes))
        for key in touched:
            for service in self._found.pop(key).by_address:
                self._asking[service].discard(key)
        return touched

    def of(self, world: World, namespace: str, labels: Labels) -> Place:
        """Give the place of the workloads with these labels in that namespace of the world that was turned to."""
        key = (namespace, labels)
        found = self._found.get(key)
        if found is None:
            scope, reads = self._scopes.read(world.snapshot, namespace, labels)
            by_address = self._by_address(namespace, world.snapshot.services.get(namespace, ()))
            place = self._kept(key, world, key, scope, by_address)
            found = self._found[key] = Found(place, reads, by_address)
            for service in by_address:
                self._asking.setdefault(service, set()).add(key)
        return found.place

    def standing(self, key: PlaceKey) -> Place | None:
        """Give a place that was asked for and that no change may have touched since."""
        found = self._found.get(key)
        return found.place if found is not None else None

    def sweep(self) -> None:
        """Forget the places where nobody stands any more."""
        self._kept.keep(self._found)
        self._asking = {service: keys for service, keys in self._asking.items() if keys}
        self._scopes.sweep()

    @staticmethod
    def _make(world: World, key: PlaceKey, scope: SidecarScope, by_address: tuple[ServiceKey, ...]) -> Place:
        snapshot = world.snapshot
        namespace, labels = key
        return Place(
            scope=scope,
            services=snapshot.services.get(namespace, ()),
            asked=FrozenMap({key: world.endpoints[key] for key in by_address if key in world.endpoints})
            if by_address
            else NO_MEMBERS,
            telemetry=telemetries(snapshot, namespace, labels),
            filters=filters_for(snapshot, namespace, labels),
            policies=policies_for(snapshot, namespace, labels),
        )


def counted_by_address(services: tuple[Service, ...]) -> tuple[ServiceKey, ...]:
    """Name the services whose workloads are found by address, not by a selector."""
    return tuple(
        service_key(service.hostname, service.namespace)
        for service in services
        if service.registry != "Kubernetes" or not service.selector
    )
