"""Chains that copy bytes to a backend: a service's own, and those that tls and tcp routes of a VirtualService ask for.

Mirrors `core/tls.go` and `networkfilter.go`.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from pillion.ir.model.access_log import AccessLog
from pillion.ir.model.key import BackendKey
from pillion.ir.model.listener import Chain, ChainMatch, Tcp, TcpTarget
from pillion.ir.outbound.addresses import UNSPECIFIED, is_cidr, service_addresses
from pillion.ir.outbound.destinations import backend_of, origin_of
from pillion.ir.outbound.listener_slice import ListenerSlice
from pillion.ir.outbound.routing.domains import NO_PORT, alternative_names
from pillion.ir.outbound.unknown import wildcard_names
from pillion.ir.policy.pool import nanoseconds
from pillion.mesh.service import Service, ServicePort
from pillion.resources.host import is_wildcard, overlaps
from pillion.resources.istio.destination_rule import DestinationRuleSpec, Subset, TrafficPolicy
from pillion.resources.istio.virtual_service import (
    L4MatchAttributes,
    RouteDestination,
    TCPRoute,
    TLSMatchAttributes,
    VirtualService,
)
from pillion.resources.protocol import Protocol, is_tls
from pillion.value import Value

MESH_GATEWAY = "mesh"


class TcpPlace(Value):
    """A port of a service at one place, as a stream of bytes."""

    service: Service
    port: ServicePort
    """The listener's."""
    binds: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    """Ranges of the original destination, where the place itself does not say it."""
    per_member: bool = False
    """The prefixes are one member's addresses (headless)."""


class TcpContext(Value):
    """What the scope, the egress entry and the proxy add."""

    cut: ListenerSlice
    virtual_services: tuple[VirtualService, ...] = ()
    logs: tuple[AccessLog, ...] = ()


def tcp_chains(place: TcpPlace, context: TcpContext) -> list[Chain]:
    """Return the chains of one place; without a route of a VirtualService, the service's own."""
    rules = [
        rule
        for rule in context.virtual_services
        if (rule.spec.tls or rule.spec.tcp) and any(overlaps(host, place.service.hostname) for host in rule.spec.hosts)
    ]
    if is_tls(place.port.protocol):
        return _tls_chains(place, context, rules)
    return _tcp_chains(place, context, rules)


def _concerns(match: TLSMatchAttributes | L4MatchAttributes, port: int, context: TcpContext) -> bool:
    return (
        (not match.gateways or MESH_GATEWAY in match.gateways)
        and context.cut.traits.labels.covers(match.source_labels)
        and match.port in {0, port}
        and match.source_namespace in {"", context.cut.namespace}
    )


def _tls_chains(place: TcpPlace, context: TcpContext, rules: list[VirtualService]) -> list[Chain]:
    chains: list[Chain] = []
    seen: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()
    prefixes = place.prefixes
    for rule, route, match in _tls_matches(rules):
        if not _concerns(match, place.port.number, context):
            continue
        if match.destination_subnets and place.port.number > 0:
            prefixes = match.destination_subnets
        asked = (match.sni_hosts, match.destination_subnets)
        if asked in seen:
            continue
        seen.add(asked)
        chains.append(
            Chain(
                match=ChainMatch(server_names=match.sni_hosts, prefixes=prefixes),
                handler=_routed(route, place.port, rule, context),
                origin=origin_of(rule.metadata.namespace, rule.metadata.name),
                handshake_timeout=True,
            )
        )
    return chains or [_own_tls_chain(place, context, prefixes)]


def _tls_matches(
    rules: list[VirtualService],
) -> Iterator[tuple[VirtualService, tuple[RouteDestination, ...], TLSMatchAttributes]]:
    for rule in rules:
        for route in rule.spec.tls:
            for match in route.match if route.route else ():
                yield rule, route.route, match


def _own_tls_chain(place: TcpPlace, context: TcpContext, prefixes: tuple[str, ...]) -> Chain:
    service, traits = place.service, context.cut.traits
    address = service_addresses(service, traits)[0]
    wildcard = traits.wildcards[0]
    if service.registry == "External" and not traits.v4 and address == UNSPECIFIED:
        address = wildcard
    ranged = bool(prefixes) or is_cidr(address)
    anywhere = address == wildcard and place.binds[:1] == (wildcard,)
    by_name = is_wildcard(service.hostname) and service.resolution == "DYNAMIC_DNS"
    names: tuple[str, ...] = ()
    if not place.per_member and (ranged or anywhere or by_name):
        domain = f"{context.cut.namespace}.svc.{context.cut.domain}"
        names = (
            service.hostname,
            *(
                name
                for alias in service.aliases
                for name in (alias.hostname, *alternative_names(alias.hostname, NO_PORT, domain))
            ),
        )
    return Chain(
        match=ChainMatch(server_names=names, prefixes=prefixes),
        handler=_own(place, context),
        handshake_timeout=True,
    )


def _tcp_chains(place: TcpPlace, context: TcpContext, rules: list[VirtualService]) -> list[Chain]:
    chains: list[Chain] = []
    for rule, route in [(owner, each) for owner in rules for each in owner.spec.tcp]:
        if not route.route:
            continue
        complete, prefixes = _tcp_match(route, place.port.number, context)
        if complete or prefixes:
            chains.append(
                Chain(
                    match=ChainMatch(prefixes=place.prefixes if complete else prefixes),
                    handler=_routed(route.route, place.port, rule, context),
                    origin=origin_of(rule.metadata.namespace, rule.metadata.name),
                    handshake_timeout=True,
                )
            )
        if complete or (prefixes and sorted(prefixes) == sorted(place.prefixes)):
            return chains
    own = Chain(match=ChainMatch(prefixes=place.prefixes), handler=_own(place, context), handshake_timeout=True)
    return [*chains, own]


def _tcp_match(route: TCPRoute, port: int, context: TcpContext) -> tuple[bool, tuple[str, ...]]:
    """Return whether the route takes all connections of the place, else the ranges that it takes."""
    if not route.match:
        return True, ()
    prefixes: list[str] = []
    for match in route.match:
        if _concerns(match, port, context):
            if not match.destination_subnets or port == 0:
                return True, ()
            prefixes += match.destination_subnets
    return False, tuple(prefixes)


def _own(place: TcpPlace, context: TcpContext) -> Tcp:
    service = place.service
    port = service.ports[0].number if len(service.ports) == 1 else place.port.number
    backend = BackendKey(port=port, host=service.hostname)
    rule = context.cut.rules.get(service.hostname)
    proxy = _inspecting(_proxy((TcpTarget(backend=backend),), rule, context, ""), place.port.protocol)
    if not (is_wildcard(service.hostname) and service.resolution == "DYNAMIC_DNS"):
        return proxy
    return replace(
        proxy,
        sni_port=place.port.number,
        sni_names=wildcard_names(service.hostname, context.cut.traits.dns_family),
    )


def _routed(route: tuple[RouteDestination, ...], port: ServicePort, rule: VirtualService, context: TcpContext) -> Tcp:
    first = route[0].destination
    service = context.cut.targets.get(first.host) if first else None
    shaping = context.cut.rules.get(service.hostname) if service else None
    if len(route) == 1:
        target = TcpTarget(backend=backend_of(first, service, port.number))
        proxy = _proxy((target,), shaping, context, first.subset if first else "")
        return _inspecting(proxy, port.protocol)
    targets = tuple(
        TcpTarget(
            backend=backend_of(item.destination, context.cut.targets.get(item.destination.host), port.number),
            weight=item.weight,
        )
        for item in route
        if item.weight > 0 and item.destination is not None
    )
    proxy = _proxy(targets, shaping, context, "")
    name = f"{rule.metadata.name}.{rule.metadata.namespace}"
    return _inspecting(replace(proxy, split=True, statistics=name), port.protocol)


def _inspecting(proxy: Tcp, protocol: Protocol) -> Tcp:
    return replace(proxy, inspect="mongo") if protocol == "Mongo" else proxy


def _proxy(targets: tuple[TcpTarget, ...], rule: DestinationRuleSpec | None, context: TcpContext, subset: str) -> Tcp:
    policy = rule.traffic_policy if rule else None
    pool = policy.connection_pool.tcp if policy and policy.connection_pool else None
    idle = nanoseconds(pool.idle_timeout) if pool else None
    chosen = next((item for item in rule.subsets if item.name == subset), None) if rule and subset else None
    tunnel = (chosen.traffic_policy if chosen else None) if subset else policy
    settings = tunnel.tunnel if tunnel else None
    return Tcp(
        targets=targets,
        access_logs=context.logs,
        idle_timeout=context.cut.traits.idle_timeout if idle is None else idle,
        max_duration=nanoseconds(pool.max_connection_duration) if pool else None,
        hash_source=_by_source(policy, chosen),
        tunnel_target=f"{settings.target_host}:{settings.target_port}" if settings else "",
        tunnel_post=settings is not None and settings.protocol == "POST",
    )


def _by_source(policy: TrafficPolicy | None, subset: Subset | None) -> bool:
    balancer = policy.load_balancer if policy else None
    own = subset.traffic_policy.load_balancer if subset and subset.traffic_policy else None
    chosen = own or balancer
    sticky = chosen.consistent_hash if chosen else None
    return sticky is not None and sticky.use_source_ip is True
