"""The HTTP routes of a VirtualService for one port and one kind of caller.

Mirrors Istio's `BuildHTTPRoutesForVirtualService`.
"""

from collections.abc import Iterator

from pillion.ir.model.key import BackendKey
from pillion.ir.model.match import RouteMatch
from pillion.ir.model.route import (
    NO_CHANGES,
    Action,
    Forward,
    Fraction,
    HashKey,
    HeaderChanges,
    Mirror,
    Rewrite,
    Route,
    Weighted,
)
from pillion.ir.outbound.destinations import backend_of, origin_of
from pillion.ir.outbound.routing import actions, hashing, headers, matches
from pillion.ir.policy.retries import retry
from pillion.mesh.service import Service
from pillion.resources.istio.destination_rule import ConsistentHashLB, DestinationRuleSpec
from pillion.resources.istio.virtual_service import (
    Destination,
    HTTPMatchRequest,
    HTTPRetry,
    HTTPRoute,
    HTTPRouteDestination,
    VirtualService,
)
from pillion.value import FrozenMap, Labels, Value

DEFAULT_ROUTE = "default"


class RouteContext(Value):
    """What a port and a caller add to a VirtualService."""

    port: int
    """The listener's; 0 for sockets and HTTP proxies."""
    namespace: str
    """The caller's."""
    labels: Labels
    default_retry: HTTPRetry | None = None
    forwarded_host: bool = False


class Registry(Value):
    """The services and rules that routes may refer to."""

    services: FrozenMap[Service] = FrozenMap()
    """By host, trimmed to the port in question."""
    sticky_rules: FrozenMap[DestinationRuleSpec] = FrozenMap()
    """By host, those that make requests stick to a member."""

    def backend(self, destination: Destination | None, port: int) -> BackendKey:
        """Name the backend of a destination."""
        return backend_of(destination, self.services.get(destination.host) if destination else None, port)

    def sticky(self, destination: Destination | None) -> ConsistentHashLB | None:
        """Return the consistent hash of a destination."""
        if destination is None:
            return None
        return hashing.for_destination(self.sticky_rules.get(destination.host), destination)

    def hash_key(self, destination: Destination | None) -> tuple[HashKey, ...]:
        """Return what makes requests to a destination stick, if anything does."""
        key = hashing.hash_key(self.sticky(destination))
        return (key,) if key is not None else ()


def destinations(service: VirtualService) -> Iterator[str]:
    """Return every host that its HTTP routes send to."""
    for rule in service.spec.http:
        targets = [target.destination for target in rule.route] + [rule.mirror]
        targets += [mirror.destination for mirror in rule.mirrors]
        yield from (target.host for target in targets if target is not None)


def http_routes(service: VirtualService, context: RouteContext, registry: Registry) -> tuple[Route, ...]:
    """Return the routes in order, up to the first that catches everything."""
    routes: list[Route] = []
    for rule in service.spec.http:
        for match in rule.match or (None,):
            if not matches.applies(match, context.port, context.labels, context.namespace):
                continue
            routes.append(_route(service, rule, match, context, registry))
            if match is not None and routes[-1].match.catches_all:
                return tuple(routes)
        if not rule.match:
            break
    return tuple(routes)


def _route(
    service: VirtualService,
    rule: HTTPRoute,
    match: HTTPMatchRequest | None,
    context: RouteContext,
    registry: Registry,
) -> Route:
    found = matches.route_match(match)
    action, own_changes = _action(rule, context, registry)
    return Route(
        name=f"{rule.name}.{match.name}" if match is not None and match.name else rule.name,
        match=found,
        action=action,
        changes=headers.joined(headers.changes(rule.headers), own_changes),
        fault=actions.fault(rule.fault),
        cors=actions.cors(rule.cors_policy),
        origin=origin_of(service.metadata.namespace, service.metadata.name),
        operation=_operation(action, found, service.metadata.name, context.port),
        statistics=match.stat_prefix if match is not None else "",
    )


def _operation(action: Action, match: RouteMatch, name: str, port: int) -> str:
    path = f"{match.path.value}*" if match.path.kind == "prefix" else match.path.value
    if isinstance(action, Forward) and not action.split and action.backends[0].backend.kind == "outbound":
        backend = action.backends[0].backend
        return f"{backend.host}:{backend.port}{path}"
    return f"{name}:{port}{path}"


def _action(rule: HTTPRoute, context: RouteContext, registry: Registry) -> tuple[Action, HeaderChanges]:
    """Return the action, and the header changes that a sole destination adds to the route's own."""
    if rule.redirect is not None:
        return actions.redirect(rule.redirect, context.port), NO_CHANGES
    if rule.direct_response is not None:
        return actions.direct_response(rule.direct_response), NO_CHANGES
    single = len(rule.route) == 1
    targets = rule.route if single else tuple(target for target in rule.route if target.weight)
    host = (rule.rewrite.authority if rule.rewrite else "") or headers.authority(rule.headers)
    if single and not host:
        host = headers.authority(rule.route[0].headers)
    forward = Forward(
        backends=tuple(_weighted(target, context, registry, single=single) for target in targets),
        split=not single,
        timeout=rule.timeout.nanoseconds if rule.timeout is not None else 0,
        retry=retry(
            rule.retries or context.default_retry,
            sticky=single and registry.sticky(rule.route[0].destination) is not None,
        ),
        rewrite=_rewrite(rule, host),
        mirrors=_mirrors(rule, context, registry),
        hash_keys=tuple(key for target in targets for key in registry.hash_key(target.destination)),
        forwarded_host=rule.rewrite is not None and context.forwarded_host,
    )
    return forward, headers.changes(rule.route[0].headers) if single else NO_CHANGES


def _weighted(target: HTTPRouteDestination, context: RouteContext, registry: Registry, *, single: bool) -> Weighted:
    backend = registry.backend(target.destination, context.port)
    if single:
        return Weighted(backend=backend, weight=0)
    return Weighted(
        backend=backend,
        weight=target.weight,
        changes=headers.changes(target.headers),
        host=headers.authority(target.headers),
    )


def _rewrite(rule: HTTPRoute, host: str) -> Rewrite | None:
    own = rule.rewrite
    if own is None:
        return Rewrite(host=host) if host else None
    if own.uri_regex_rewrite is not None:
        return Rewrite(regex=own.uri_regex_rewrite.match, substitution=own.uri_regex_rewrite.rewrite, host=host)
    return Rewrite(prefix=own.uri, host=host)


def _mirrors(rule: HTTPRoute, context: RouteContext, registry: Registry) -> tuple[Mirror, ...]:
    everything = Fraction(numerator=100)
    found: list[Mirror] = []
    if rule.mirror is not None:
        amount = everything
        if rule.mirror_percentage is not None:
            amount = actions.share(rule.mirror_percentage)
        elif rule.mirror_percent is not None:
            amount = Fraction(numerator=rule.mirror_percent)
        if amount.numerator > 0:
            found.append(Mirror(backend=registry.backend(rule.mirror, context.port), share=amount))
    for mirror in rule.mirrors:
        amount = actions.share(mirror.percentage) if mirror.percentage is not None else everything
        positive = mirror.percentage is None or mirror.percentage.value > 0
        if mirror.destination is not None and positive:
            found.append(Mirror(backend=registry.backend(mirror.destination, context.port), share=amount))
    return tuple(found)
