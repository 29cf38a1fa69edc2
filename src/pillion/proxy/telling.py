"""What each proxy is told, in this world: every stage run for it, and remembered by its input from world to world.

Two ways lead here. Configuration: scope, traits, IR, Envoy's resources; it is looked up again only when a shelf
changed. Endpoints: a change of the table touches the assignments of the changed services, in the views that hold
them, and no more.
"""

from collections.abc import Mapping
from typing import final

from msgspec.structs import replace

from pillion.envoy.render import inbound_parts, outbound_parts, render_assignment
from pillion.envoy.rendered import Rendered
from pillion.ir.inbound.build import lower_inbound
from pillion.ir.memo import Memo
from pillion.ir.model.assignment import Assignment
from pillion.ir.model.backend import Backend
from pillion.ir.model.key import BackendKey
from pillion.ir.model.proxy import EnvoyPatch, InboundIR, OutboundIR
from pillion.ir.outbound.build import lower_outbound
from pillion.ir.outbound.endpoints import ClientView, PeerRules, assign
from pillion.memo import Kept
from pillion.mesh.build import Builder
from pillion.mesh.catalog import Catalog
from pillion.mesh.endpoint import NOBODY, Endpoint, EndpointTable, ServiceKey, changed_services, service_key
from pillion.mesh.settings import MeshSettings
from pillion.mesh.snapshot import World
from pillion.mesh.targets import targets_of
from pillion.mesh.workload import Workload
from pillion.proxy.findings import WorldFindings, unenforced
from pillion.proxy.node import Proxy, with_pod
from pillion.proxy.patches import lower_patches, patched
from pillion.proxy.place import Place, PlaceKey, Places
from pillion.proxy.traits import has_ingress, headless_members, inbound_traits, outbound_traits
from pillion.scope.filters import asked_metadata, asks_version, chosen
from pillion.scope.model import SidecarScope
from pillion.scope.scopes import Scopes
from pillion.value import NO_LABELS, Diagnostics, FrozenMap, Value
from pillion.xds.resource import Resource, View, versioned
from pillion.xds.type_urls import ENDPOINT


class Told(Value):
    """The stages of what one proxy is told, but for the endpoints."""

    scope: SidecarScope
    outbound: OutboundIR
    inbound: InboundIR
    client: ClientView
    """What of the proxy decides which endpoints it prefers."""
    rules: PeerRules
    patches: tuple[EnvoyPatch, ...] = ()
    """What users change about what is rendered, in order."""
    diagnostics: Diagnostics = ()


ShownKey = tuple[OutboundIR, InboundIR, ClientView, PeerRules, tuple[EnvoyPatch, ...]]
"""What of a proxy decides its view."""


@final
class Shown:
    """A view that proxies with the same configuration share, and which services' endpoints are in it."""

    def __init__(self, view: View, asking: dict[ServiceKey, list[Backend]]) -> None:
        self.view = view
        self.asking = asking
        self.stale: set[ServiceKey] = set()
        """Services whose endpoints are no more those in the view."""
        self.audience: dict[Proxy, None] = {}
        """Who is shown it."""


@final
class Standing:
    """What a proxy is told, and all that it was decided by besides the proxy."""

    __slots__ = ("place", "pod", "shown", "told")

    def __init__(self, place: Place, pod: Workload | None, told: Told) -> None:
        self.place = place
        self.pod = pod
        self.told = told
        self.shown: Shown | None = None
        """Where it is shown that, once somebody asked."""


@final
class Teller:
    """Runs the stages, one world after another.

    Who was asked for stays known until `forget`, or until a `sweep` after a change that concerned him and that nobody
    asked about: so a change costs those whom it may concern, however many there are.
    """

    def __init__(self) -> None:
        self.builder = Builder()
        self.scopes = Scopes()
        self.findings = WorldFindings()
        self.memo = Memo()
        self.assignments = 0
        """How many assignments were rendered; a figure for benchmarks and tests."""
        self.places = Places(self.scopes)
        self._world: World | None = None
        self._pods = Kept(_by_name)
        self._now: dict[Proxy, Standing] = {}
        self._before: dict[Proxy, Standing] = {}
        """Where those stood whose place may have changed, until they are asked for."""
        self._there: dict[PlaceKey, dict[Proxy, None]] = {}
        """The proxies of `_now`, by their places."""
        self._alike: dict[PlaceKey, dict[Proxy, Told]] = {}
        """What is told to all proxies of a place that differ in nothing that counts."""
        self._shown: dict[ShownKey, Shown] = {}

    def build(self, catalog: Catalog, settings: MeshSettings) -> tuple[World, Diagnostics]:
        """Build the world of these resources; its configuration half is the old one when nothing in it changed."""
        world, found = self.builder.build(catalog, settings)
        diagnostics = (*found, *self.findings.of(world.snapshot))
        if self._world is not None and world.snapshot == self._world.snapshot:
            return World(snapshot=self._world.snapshot, endpoints=world.endpoints), diagnostics
        return world, diagnostics

    def turn_to(self, world: World) -> tuple[Proxy, ...]:
        """Go on to another world; return which of the proxies that were asked for it may concern."""
        if world is self._world:
            return ()
        before, self._world = self._world, world
        changed = changed_services(before.endpoints if before else NOBODY, world.endpoints)
        concerned: dict[Proxy, None] = {}
        for key in self.places.turn_to(world, changed):
            self._alike.pop(key, None)
            for proxy in self._there.pop(key, ()):
                self._before[proxy] = self._now.pop(proxy)
                concerned[proxy] = None
        for shown in self._shown.values():
            if not shown.asking.keys().isdisjoint(changed):
                shown.stale |= shown.asking.keys() & changed
                concerned |= shown.audience
        return tuple(concerned)

    def told(self, world: World, proxy: Proxy) -> Told:
        """Run the stages for a proxy."""
        return self._standing(world, proxy).told

    def view(self, world: World, proxy: Proxy) -> View:
        """Give the resources of a proxy; the very view of before when nothing is new."""
        standing = self._standing(world, proxy)
        shown = standing.shown
        if shown is None:
            shown = standing.shown = self._find(standing.told, world.endpoints)
            shown.audience[proxy] = None
        if shown.stale:
            self._refresh(shown, standing.told, world.endpoints)
        return shown.view

    def forget(self, proxy: Proxy) -> None:
        """Forget a proxy that is not there any more."""
        for known in (self._now, self._before):
            standing = known.pop(proxy, None)
            if standing is not None and standing.shown is not None:
                standing.shown.audience.pop(proxy, None)
        self._there.get(_key(proxy), {}).pop(proxy, None)

    def sweep(self) -> None:
        """Forget what the proxies of this world did not need."""
        for proxy in tuple(self._before):
            self.forget(proxy)
        self._shown = {key: shown for key, shown in self._shown.items() if shown.audience}
        self.places.sweep()
        if self.memo.full:
            self._ask_again()
        self.memo.advance()

    def _ask_again(self) -> None:
        """Ask for all that stands, so that the memo keeps it: nobody else does, as long as no change concerns it."""
        for key, alike in self._alike.items():
            place = self.places.standing(key)
            if place is not None:
                for known in alike:
                    self.memo(_tell, known, place, self.memo)
        for key, shown in self._shown.items():
            if self._world is not None and not shown.stale:
                self._resources_of(key, self._world.endpoints)

    def _standing(self, world: World, proxy: Proxy) -> Standing:
        if world is not self._world:
            self.turn_to(world)
        standing = self._now.get(proxy)
        if standing is None:
            standing = self._stand(world, proxy)
            self._now[proxy] = standing
            self._there.setdefault(_key(proxy), {})[proxy] = None
        return standing

    def _stand(self, world: World, proxy: Proxy) -> Standing:
        """Find what a proxy was told, if it stands where it stood, or run the stages for it."""
        workload = proxy.workload
        place = self.places.of(world, workload.namespace, workload.labels)
        pods = self._pods(workload.namespace, world.snapshot.workloads.get(workload.namespace, ()))
        pod = pods.get(workload.name)
        last = self._before.get(proxy)
        if last is not None and last.place is place and last.pod is pod:
            del self._before[proxy]
            return last
        self.forget(proxy)
        return Standing(place, pod, self._tell(proxy, place, pod))

    def _tell(self, proxy: Proxy, place: Place, pod: Workload | None) -> Told:
        """Run the stages for a proxy, or find what they gave for one that differs in nothing that counts."""
        known = proxy if pod is None else replace(proxy, workload=with_pod(proxy.workload, pod))
        known = _without_what_does_not_count(known, place, self.memo(_singled_out, place))
        alike = self._alike.setdefault(_key(proxy), {})
        told = alike.get(known)
        if told is None:
            told = alike[known] = self.memo(_tell, known, place, self.memo)
        return told

    def _find(self, told: Told, table: EndpointTable) -> Shown:
        key = (told.outbound, told.inbound, told.client, told.rules, told.patches)
        shown = self._shown.get(key)
        if shown is None:
            view = View.of(self._resources_of(key, table), {ENDPOINT: no_members})
            shown = self._shown[key] = Shown(view, self.memo(_asking, told.outbound.backends))
        return shown

    def _resources_of(self, key: ShownKey, table: EndpointTable) -> tuple[Resource, ...]:
        """Give what is shown to proxies that are told this, with these endpoints."""
        outbound, inbound, client, rules, patches = key
        if patches:
            parts = (patched(outbound, inbound, patches, self.memo).resources,)
        else:
            parts = (*outbound_parts(outbound, self.memo), *inbound_parts(inbound, self.memo))
        configuration = [resource for part in parts for resource in self.memo(_resources, part, self.memo)]
        return (*configuration, *self.memo(_assignments, outbound.backends, table, client, rules, self.memo))

    def _refresh(self, shown: Shown, told: Told, table: EndpointTable) -> None:
        changed = [
            self._assignment(backend, table.get(key, ()), told)
            for key in sorted(shown.stale)
            for backend in shown.asking[key]
        ]
        shown.view = shown.view.updated(changed)
        shown.stale = set()

    def _assignment(self, backend: Backend, endpoints: tuple[Endpoint, ...], told: Told) -> Resource:
        self.assignments += 1
        return self.memo(_assignment, backend, endpoints, told.client, told.rules)


def _key(proxy: Proxy) -> PlaceKey:
    return proxy.workload.namespace, proxy.workload.labels


def _by_name(pods: tuple[Workload, ...]) -> Mapping[str, Workload]:
    return {each.name: each for each in pods}


def _singled_out(place: Place) -> frozenset[str] | None:
    """Give the addresses whose workloads are told something of their own; None where all of them are."""
    if has_ingress(place.scope):
        return None
    asked = {each.address for members in place.asked.values() for each in members}
    return headless_members(place.scope) | asked


def _without_what_does_not_count(proxy: Proxy, place: Place, singled_out: frozenset[str] | None) -> Proxy:
    """Leave out a proxy's name, and what nothing looks at of the rest: so replicas are told the same."""
    workload = proxy.workload
    listed = singled_out is None or not singled_out.isdisjoint(workload.addresses)
    personal = listed or proxy.interception == "NONE"
    return replace(
        proxy,
        given_families=proxy.families,
        version=proxy.version if asks_version(place.filters) else "",
        metadata=asked_metadata(place.filters, proxy.metadata),
        workload=replace(workload, name="", addresses=workload.addresses if personal else ()),
    )


def _tell(proxy: Proxy, place: Place, memo: Memo) -> Told:
    workload, scope = proxy.workload, place.scope
    outbound, left = lower_outbound(scope, outbound_traits(proxy, scope, place.telemetry), memo)
    targets = memo(targets_of, workload, place.services, place.asked)
    inbound, right = lower_inbound(scope, workload, targets, inbound_traits(proxy, scope, place.telemetry), memo)
    patches = lower_patches(chosen(place.filters, proxy.version, proxy.metadata))
    changed = patched(outbound, inbound, patches, memo).diagnostics if patches else ()
    return Told(
        scope=scope,
        outbound=outbound,
        inbound=inbound,
        patches=patches,
        client=_client_view(workload, outbound),
        rules=PeerRules(policies=scope.peer_authentications, root_namespace=scope.settings.root_namespace),
        diagnostics=(*left, *right, *changed, *unenforced(place.policies)),
    )


def _resources(part: tuple[Rendered, ...], memo: Memo) -> tuple[Resource, ...]:
    return tuple(memo(_resource, each) for each in part)


def _asking(backends: tuple[Backend, ...]) -> dict[ServiceKey, list[Backend]]:
    """Sort the backends whose members come apart by the service that they are members of."""
    asking: dict[ServiceKey, list[Backend]] = {}
    for backend in backends:
        if backend.terms is not None:
            asking.setdefault(service_key(backend.terms.host, backend.terms.namespace), []).append(backend)
    return asking


def _assignments(
    backends: tuple[Backend, ...], table: EndpointTable, client: ClientView, rules: PeerRules, memo: Memo
) -> tuple[Resource, ...]:
    return tuple(
        memo(_assignment, backend, table.get(key, ()), client, rules)
        for key, asking in memo(_asking, backends).items()
        for backend in asking
    )


def _resource(rendered: Rendered) -> Resource:
    needs = tuple((need.type_url, need.name) for need in rendered.needs)
    return versioned(rendered.type_url, rendered.name, rendered.body, needs)


def _assignment(backend: Backend, endpoints: tuple[Endpoint, ...], client: ClientView, rules: PeerRules) -> Resource:
    rendered = render_assignment(assign(backend, endpoints, client, rules))
    context = " ".join(backend.terms.addresses) if backend.terms else ""
    return versioned(rendered.type_url, rendered.name, rendered.body, context=context)


def no_members(name: str) -> Resource:
    """Say that a cluster is known and has no members: the answer for a name that a client asks for and that is gone."""
    return _resource(render_assignment(Assignment(backend=BackendKey(kind="named", host=name))))


def _client_view(workload: Workload, outbound: OutboundIR) -> ClientView:
    """Keep of the workload's place what some backend asks for."""
    placed = [backend.balancing.locality for backend in outbound.backends if backend.balancing.locality is not None]
    local = any(backend.terms is not None and backend.terms.node_local for backend in outbound.backends)
    kept = any(backend.terms is not None and backend.terms.cluster_local for backend in outbound.backends)
    named = {name.partition("=")[0] for policy in placed for name in policy.failover_priority}
    return ClientView(
        locality=workload.locality if placed else ClientView().locality,
        network=workload.network if named else "",
        cluster=workload.cluster if named or kept else "",
        node=workload.node if local or named else "",
        labels=FrozenMap({key: value for key, value in workload.labels.items() if key in named})
        if named
        else NO_LABELS,
    )
