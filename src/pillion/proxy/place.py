"""Where a proxy stands: what a world holds for the workloads of one namespace with the same labels."""

from pillion.memo import Kept
from pillion.mesh.endpoint import NO_MEMBERS, EndpointShelf, ServiceKey, service_key
from pillion.mesh.service import Service
from pillion.mesh.snapshot import World
from pillion.proxy.traits import telemetries
from pillion.resources.istio.envoy_filter import EnvoyFilter
from pillion.resources.istio.telemetry import Telemetry
from pillion.scope.build import Reads, Scopes
from pillion.scope.filters import filters_for
from pillion.scope.model import SidecarScope
from pillion.scope.policies import Policies, policies_for
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


class Places:
    """Gives the places of a world; a place that is equal to the one of the world before is the very same object."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self._world: World | None = None
        self._kept = Kept(self._make)
        self._found: dict[PlaceKey, tuple[Place, Reads]] = {}
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
            touched.update(key for key, (_, reads) in self._found.items() if key[0] in own or reads.touched(changes))
        for key in touched:
            place, _ = self._found.pop(key)
            for service in counted_by_address(place.services):
                self._asking[service].discard(key)
        return touched

    def of(self, world: World, namespace: str, labels: Labels) -> Place:
        """Give the place of the workloads with these labels in that namespace of the world that was turned to."""
        key = (namespace, labels)
        found = self._found.get(key)
        if found is None:
            scope, reads = self._scopes.read(world.snapshot, namespace, labels)
            found = self._found[key] = (self._kept(key, world, namespace, labels, scope), reads)
            for service in counted_by_address(found[0].services):
                self._asking.setdefault(service, set()).add(key)
        return found[0]

    def sweep(self) -> None:
        """Forget the places where nobody stands any more."""
        self._kept.keep(self._found)
        self._asking = {service: keys for service, keys in self._asking.items() if keys}
        self._scopes.sweep()

    def _make(self, world: World, namespace: str, labels: Labels, scope: SidecarScope) -> Place:
        snapshot = world.snapshot
        services = snapshot.services.get(namespace, ())
        by_address = counted_by_address(services)
        return Place(
            scope=scope,
            services=services,
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
