"""Sticky sessions: which part of a request picks the member (Istio's `HashForHTTPDestination`)."""

from collections.abc import Iterable

from pillion.ir.model.route import HashCookie, HashHeader, HashKey, HashQuery, HashSource
from pillion.ir.policy.pool import nanoseconds
from pillion.resources.istio.destination_rule import ConsistentHashLB, DestinationRuleSpec, TrafficPolicy
from pillion.resources.istio.virtual_service import Destination


def _sticky(policy: TrafficPolicy | None) -> ConsistentHashLB | None:
    return policy.load_balancer.consistent_hash if policy and policy.load_balancer else None


def _port_sticky(policy: TrafficPolicy | None, port: int) -> ConsistentHashLB | None:
    for own in policy.port_level_settings if policy else ():
        if own.port is not None and own.port.number == port:
            return own.load_balancer.consistent_hash if own.load_balancer else None
    return None


def for_port(rule: DestinationRuleSpec | None, port: int) -> ConsistentHashLB | None:
    """Return what picks the member of a service's port."""
    if rule is None:
        return None
    return _port_sticky(rule.traffic_policy, port) or _sticky(rule.traffic_policy)


def for_destination(rule: DestinationRuleSpec | None, destination: Destination) -> ConsistentHashLB | None:
    """Return what picks the member of a route's destination: the most precise setting counts."""
    if rule is None:
        return None
    number = destination.port.number if destination.port is not None else 0
    subset = next((item for item in rule.subsets if item.name == destination.subset), None)
    own = subset.traffic_policy if subset else None
    levels: Iterable[ConsistentHashLB | None] = (
        _port_sticky(own, number) if number else None,
        _sticky(own),
        _port_sticky(rule.traffic_policy, number) if number else None,
        _sticky(rule.traffic_policy),
    )
    return next((level for level in levels if level is not None), None)


def hash_key(sticky: ConsistentHashLB | None) -> HashKey | None:
    """Return the key in words of the IR."""
    if sticky is None:
        return None
    if sticky.http_header_name is not None:
        return HashHeader(name=sticky.http_header_name)
    if sticky.http_cookie is not None:
        cookie = sticky.http_cookie
        return HashCookie(
            name=cookie.name,
            ttl=nanoseconds(cookie.ttl),
            path=cookie.path,
            attributes=tuple((item.name, item.value) for item in cookie.attributes),
        )
    if sticky.use_source_ip is not None:
        return HashSource(source_ip=sticky.use_source_ip)
    if sticky.http_query_parameter_name is not None:
        return HashQuery(name=sticky.http_query_parameter_name)
    return None
