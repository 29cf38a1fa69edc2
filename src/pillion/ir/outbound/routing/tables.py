"""The route table behind one HTTP chain.

Mirrors `buildSidecarOutboundHTTPRouteConfig`: a table by port holds all hosts of that port and the catch-all; the table
of a port that is detected on a service's own address holds this service alone, under any name.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from pillion.ir.memo import Memo
from pillion.ir.model.key import TableKey
from pillion.ir.model.table import RouteTable, VirtualHost
from pillion.ir.outbound.routing.hosts import HTTP_PORT, HostInputs, virtual_hosts
from pillion.mesh.destination_rules import ConsolidatedRule
from pillion.mesh.service import Service, ServicePort
from pillion.resources.host import is_wildcard, overlaps
from pillion.resources.istio.destination_rule import DestinationRuleSpec, TrafficPolicy
from pillion.resources.istio.virtual_service import VirtualService
from pillion.scope.model import EgressListener, SidecarScope
from pillion.value import FrozenMap, Value


class TableInputs(Value):
    """Everything that one route table is made from."""

    key: TableKey
    hosts: HostInputs | None
    catch_all: VirtualHost


def route_table(inputs: TableInputs, memo: Memo) -> RouteTable:
    """Return the table; without `hosts`, one that knows nobody."""
    if inputs.hosts is None:
        return RouteTable(key=inputs.key, hosts=() if inputs.key.host else (inputs.catch_all,))
    hosts = virtual_hosts(inputs.hosts, memo)
    if inputs.key.host:
        return RouteTable(key=inputs.key, hosts=_of_service(hosts, inputs.key))
    return RouteTable(key=inputs.key, hosts=(*hosts, inputs.catch_all))


def _of_service(hosts: tuple[VirtualHost, ...], key: TableKey) -> tuple[VirtualHost, ...]:
    wanted = {key.host, f"{key.host}:{key.port}"}
    found = tuple(host for host in hosts if wanted.intersection(host.domains))
    return (replace(found[0], domains=("*",)),) if len(found) == 1 else found


def egress_listener_for(scope: SidecarScope, key: TableKey) -> EgressListener | None:
    """Return the egress entry that decides about a table: the one with its port or socket, else the catch-all."""
    for listener in scope.egress:
        if listener.catch_all:
            return listener
        if listener.port == key.port and (
            key.port or (listener.declared is not None and listener.declared.bind == key.socket)
        ):
            return listener
    return None


def services_on(services: tuple[Service, ...], port: int) -> FrozenMap[Service]:
    """Return the services that have a port, by host, trimmed to it; all of them for port 0."""
    found: dict[str, Service] = {}
    for service in services:
        if port == 0:
            found[service.hostname] = service
            continue
        for own in service.ports:
            if own.number == port:
                found[service.hostname.lower()] = _trimmed(service, own)
                break
    return FrozenMap(found)


def _trimmed(service: Service, port: ServicePort) -> Service:
    if len(service.ports) == 1 and not service.members:
        return service
    return replace(service, ports=(port,), members=())


def rules_on(rules: tuple[VirtualService, ...], services: FrozenMap[Service], port: int) -> tuple[VirtualService, ...]:
    """Return the virtual services with a host among the services; port 80 takes all, for names without a service."""
    with_http = tuple(rule for rule in rules if rule.spec.http)
    if port == HTTP_PORT:
        return with_http
    wildcards = tuple(name for name in services if is_wildcard(name))
    return tuple(
        rule for rule in with_http if any(_meets(host.lower(), services, wildcards) for host in rule.spec.hosts)
    )


def _meets(host: str, services: FrozenMap[Service], wildcards: tuple[str, ...]) -> bool:
    if host in services:
        return True
    return any(overlaps(host, name) for name in (services if is_wildcard(host) else wildcards))


def sticky_rules(rules: FrozenMap[tuple[ConsolidatedRule, ...]]) -> tuple[str, ...]:
    """Return the hosts for which some DestinationRule makes requests stick to a member."""
    return tuple(host for host, found in rules.items() if any(_is_sticky(item.rule.spec) for item in found))


def _is_sticky(rule: DestinationRuleSpec) -> bool:
    return _policy_sticks(rule.traffic_policy) or any(_policy_sticks(item.traffic_policy) for item in rule.subsets)


def _policy_sticks(policy: TrafficPolicy | None) -> bool:
    if policy is None:
        return False
    balancers = [policy.load_balancer, *(port.load_balancer for port in policy.port_level_settings)]
    return any(item is not None and item.consistent_hash is not None for item in balancers)


def sticky_rules_in_force(
    scope: SidecarScope, hosts: Iterable[str], labels: FrozenMap[str]
) -> FrozenMap[DestinationRuleSpec]:
    """Return the rules with consistent hashing that count for a caller with these labels."""
    found: dict[str, DestinationRuleSpec] = {}
    for host in hosts:
        consolidated = scope.destination_rule(host, labels)
        if consolidated is not None and _is_sticky(consolidated.rule.spec):
            found[host] = consolidated.rule.spec
    return FrozenMap(found)
