"""VirtualServices made ready: host names whole, delegates merged into their roots, oldest first.

Mirrors Istio's `virtualservice_controller.go`: a VirtualService without hosts is a delegate and never counts by
itself; a root's route takes the routes of its delegate in its place, each narrowed by the root's own match.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from pillion.mesh.names import resolve_gateway
from pillion.mesh.rules.delegation import merge_routes, placed
from pillion.resources.host import resolve_short_name
from pillion.resources.istio.virtual_service import (
    Destination,
    HTTPMatchRequest,
    HTTPRoute,
    RouteDestination,
    TCPRoute,
    TLSRoute,
    VirtualService,
    VirtualServiceSpec,
)
from pillion.resources.meta import ref_of
from pillion.value import Diagnostic, Diagnostics, Where

MESH = "mesh"
replace = msgspec.structs.replace


def is_delegate(virtual_service: VirtualService) -> bool:
    """Return whether it is there only to be named by other VirtualServices."""
    return not virtual_service.spec.hosts


def export_to_of(virtual_service: VirtualService, default: tuple[str, ...]) -> tuple[str, ...]:
    """Give the namespaces that may see it: `*`, `~`, or names (`.` is made its own namespace)."""
    namespace = virtual_service.metadata.namespace
    declared = virtual_service.spec.export_to or default or ("*",)
    return tuple(sorted({namespace if entry == "." else entry for entry in declared}))


def resolve_names(virtual_service: VirtualService, domain: str, default: tuple[str, ...]) -> VirtualService:
    """Make every host, gateway and visibility in it whole."""
    namespace = virtual_service.metadata.namespace
    names = _Names(namespace, domain)
    spec = virtual_service.spec
    return replace(
        virtual_service,
        spec=VirtualServiceSpec(
            hosts=tuple(names.host(host) for host in spec.hosts),
            gateways=names.gateways(spec.gateways),
            http=tuple(names.http(route) for route in spec.http),
            tls=tuple(names.tls(route) for route in spec.tls),
            tcp=tuple(names.tcp(route) for route in spec.tcp),
            export_to=export_to_of(virtual_service, default),
        ),
    )


def merge_delegates(
    root: VirtualService, delegates: Mapping[tuple[str, str], VirtualService]
) -> tuple[VirtualService, Diagnostics]:
    """Put the routes of the delegates that `root` names in their places. Both sides have whole names already."""
    if all(route.delegate is None for route in root.spec.http):
        return root, ()
    routes: list[HTTPRoute] = []
    found: list[Diagnostic] = []
    namespace = root.metadata.namespace
    for index, route in enumerate(_with_places(root)):
        if route.delegate is None:
            routes.append(route)
            continue
        where = Where(resource=str(ref_of(root)), path=("spec", "http", index, "delegate"))
        named = f"{route.delegate.namespace or namespace}/{route.delegate.name}"
        delegate = delegates.get((route.delegate.namespace or namespace, route.delegate.name))
        if delegate is None:
            found.append(_dropped("delegate-not-found", f"there is no delegate VirtualService {named}", where))
        elif not {"*", namespace} & set(delegate.spec.export_to):
            found.append(
                _dropped("delegate-not-exported", f"delegate {named} is not exported to namespace {namespace}", where)
            )
        else:
            merged, conflicts = merge_routes(replace(route, delegate=None), _with_places(delegate))
            routes.extend(merged)
            found.extend(
                _dropped(
                    "delegate-conflict", f"route {name or 'without name'} of delegate {named} never matches", where
                )
                for name in conflicts
            )
    return replace(root, spec=replace(root.spec, http=tuple(routes))), tuple(found)


def _with_places(virtual_service: VirtualService) -> Iterator[HTTPRoute]:
    """Give the routes, each with the place that it has before it is merged."""
    name = str(ref_of(virtual_service))
    for index, route in enumerate(virtual_service.spec.http):
        yield placed(route, Where(resource=name, path=("spec", "http", index)))


def destinations(spec: VirtualServiceSpec, source_namespace: str) -> dict[str, frozenset[int]]:
    """Map each destination host to the ports asked for; 0 stands for every port of it.

    Routes that only match other source namespaces do not count.
    """
    ports: dict[str, set[int]] = {}

    def add(destination: Destination | None) -> None:
        if destination is not None:
            port = destination.port.number if destination.port else 0
            ports.setdefault(destination.host, set()).add(port)

    for route in spec.http:
        if not _from_namespace(route.match, source_namespace):
            continue
        for weighted in route.route:
            add(weighted.destination)
        add(route.mirror)
        for mirror in route.mirrors:
            add(mirror.destination)
    for stream in (*spec.tcp, *spec.tls):
        for target in stream.route:
            add(target.destination)
    return {host: frozenset(numbers) for host, numbers in ports.items()}


def _from_namespace(matches: Sequence[HTTPMatchRequest], namespace: str) -> bool:
    matched = True
    for match in matches:
        if match.source_namespace:
            if match.source_namespace == namespace:
                return True
            matched = False
    return matched


def _dropped(code: str, message: str, where: Where) -> Diagnostic:
    hint = "the route is left out, as istiod does"
    return Diagnostic(code=code, severity="warning", message=message, where=where, hint=hint)


class _Names:
    """Makes the names in one VirtualService whole."""

    def __init__(self, namespace: str, domain: str) -> None:
        self._namespace = namespace
        self._domain = domain

    def host(self, host: str) -> str:
        return resolve_short_name(host, self._namespace, self._domain)

    def gateways(self, gateways: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name if name == MESH else resolve_gateway(name, self._namespace) for name in gateways)

    def destination(self, destination: Destination | None) -> Destination | None:
        return None if destination is None else replace(destination, host=self.host(destination.host))

    def http(self, route: HTTPRoute) -> HTTPRoute:
        return replace(
            route,
            match=tuple(replace(match, gateways=self.gateways(match.gateways)) for match in route.match),
            route=tuple(replace(each, destination=self.destination(each.destination)) for each in route.route),
            mirror=self.destination(route.mirror),
            mirrors=tuple(replace(each, destination=self.destination(each.destination)) for each in route.mirrors),
        )

    def tls(self, route: TLSRoute) -> TLSRoute:
        matches = tuple(replace(match, gateways=self.gateways(match.gateways)) for match in route.match)
        return replace(route, match=matches, route=self.targets(route.route))

    def tcp(self, route: TCPRoute) -> TCPRoute:
        matches = tuple(replace(match, gateways=self.gateways(match.gateways)) for match in route.match)
        return replace(route, match=matches, route=self.targets(route.route))

    def targets(self, targets: tuple[RouteDestination, ...]) -> tuple[RouteDestination, ...]:
        return tuple(replace(each, destination=self.destination(each.destination)) for each in targets)
