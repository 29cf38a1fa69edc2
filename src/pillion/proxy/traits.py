"""From a proxy and its scope to the traits that count: everything else about it must leave no trace."""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import asdict

from pillion.ir.policy.balancing import SAME_NODE
from pillion.ir.traits import CommonTraits, InboundTraits, OutboundTraits
from pillion.mesh.part import NAMED_MEMBERS
from pillion.mesh.snapshot import MeshSnapshot
from pillion.proxy.node import Proxy
from pillion.resources.duration import parse_duration
from pillion.resources.istio.destination_rule import (
    DestinationRuleSpec,
    LoadBalancerSettings,
    LocalityLoadBalancerSetting,
    ZoneAwareLoadBalancerSetting,
)
from pillion.resources.istio.telemetry import Telemetry
from pillion.scope.model import SidecarScope
from pillion.value import NO_LABELS, FrozenMap, Labels


def outbound_traits(proxy: Proxy, scope: SidecarScope, telemetry: tuple[Telemetry, ...]) -> OutboundTraits:
    """Give what of a proxy changes its outbound half."""
    workload = proxy.workload
    own = next((address for address in workload.addresses[:1] if address in headless_members(scope)), "")
    placed = any(service.resolution in NAMED_MEMBERS for service in scope.services)
    preferred = failover_names(scope) if placed else frozenset[str]()
    return OutboundTraits(
        **_common(proxy, scope, telemetry),
        dns_capture=proxy.dns_capture,
        dns_auto_allocate=proxy.dns_auto_allocate,
        labels=_asked_labels(workload.labels, scope, preferred),
        own_address=own,
        locality=workload.locality if placed else OutboundTraits().locality,
        cluster=workload.cluster if preferred else "",
        network=workload.network if preferred else "",
        node=workload.node if preferred else "",
        http_proxy_port=proxy.http_proxy_port,
    )


def inbound_traits(proxy: Proxy, scope: SidecarScope, telemetry: tuple[Telemetry, ...]) -> InboundTraits:
    """Give what of a proxy changes its inbound half."""
    personal = has_ingress(scope) or proxy.interception == "NONE"
    return InboundTraits(
        **_common(proxy, scope, telemetry),
        addresses=proxy.workload.addresses if personal else (),
        ingress_tls=scope.settings.ingress_tls,
    )


def _common(proxy: Proxy, scope: SidecarScope, telemetry: tuple[Telemetry, ...]) -> dict[str, Any]:
    common = CommonTraits(
        families=proxy.families,
        interception=proxy.interception,
        certificates=proxy.certificates,
        capabilities=proxy.capabilities,
        http10=proxy.http10,
        idle_timeout=_nanoseconds(proxy.idle_timeout),
        unprivileged=proxy.unprivileged,
        reserved_ports=proxy.reserved_ports,
        exact_balance=proxy.exact_balance,
        proxy_config=proxy.proxy_config,
        telemetry=telemetry,
        dual_stack=scope.settings.dual_stack,
    )
    return asdict(common)


def headless_members(scope: SidecarScope) -> frozenset[str]:
    """Give the addresses of all members that callers choose themselves: of headless services, of entries like them."""
    passing = (service for service in scope.services if service.resolution == "PASSTHROUGH")
    return frozenset(member.address for service in passing for member in service.members)


def has_ingress(scope: SidecarScope) -> bool:
    """Return whether the Sidecar in force declares inbound listeners itself."""
    return scope.sidecar is not None and bool(scope.sidecar.spec.ingress)


def telemetries(snapshot: MeshSnapshot, namespace: str, labels: Labels) -> tuple[Telemetry, ...]:
    """Give the Telemetry resources that count for a workload: the oldest of mesh and namespace, all that select it."""
    root = snapshot.settings.root_namespace
    found: list[Telemetry] = []
    for owner in dict.fromkeys((root, namespace)):
        shelf = snapshot.telemetries.get(owner, ())
        found.extend([each for each in shelf if not _selects(each) and not each.spec.target_refs][:1])
    own = snapshot.telemetries.get(namespace, ())
    found.extend(each for each in own if (selector := _selects(each)) and labels.covers(selector))
    return tuple(found)


def _selects(telemetry: Telemetry) -> Labels:
    """Give the labels that a Telemetry asks for; one without any is its namespace's."""
    return telemetry.spec.selector.match_labels if telemetry.spec.selector else NO_LABELS


def failover_names(scope: SidecarScope) -> frozenset[str]:
    """Give the labels that some policy of a scope prefers members by, or may: at every level, and by default."""
    config = scope.settings.config
    settings: list[LocalityLoadBalancerSetting | ZoneAwareLoadBalancerSetting | None] = [
        config.locality_lb_setting,
        config.zone_aware_lb_setting,
    ]
    for rules in scope.destination_rules.values():
        for each in rules:
            for balancer in _balancers(each.rule.spec):
                settings += [balancer.locality_lb_setting, balancer.zone_aware_lb_setting]
    named = {name.partition("=")[0] for setting in settings if setting for name in setting.failover_priority}
    by_nearness = any(service.traffic_distribution for service in scope.services)
    return frozenset(named | set(SAME_NODE if by_nearness else ()))


def _balancers(spec: DestinationRuleSpec) -> Iterator[LoadBalancerSettings]:
    """Give the load balancers of a rule: its own, its subsets' and those of their ports."""
    for policy in (spec.traffic_policy, *(subset.traffic_policy for subset in spec.subsets)):
        for level in (policy, *policy.port_level_settings) if policy else ():
            if level.load_balancer is not None:
                yield level.load_balancer


def _asked_labels(labels: Labels, scope: SidecarScope, preferred: frozenset[str]) -> Labels:
    """Keep the labels that some selector of the scope asks for, or that members are preferred by."""
    asked = set(preferred)
    for rules in scope.destination_rules.values():
        for each in rules:
            if each.rule.spec.workload_selector is not None:
                asked |= each.rule.spec.workload_selector.match_labels.keys()
    for listener in scope.egress:
        for rule in listener.virtual_services:
            for route in (*rule.spec.http, *rule.spec.tls, *rule.spec.tcp):
                for match in route.match:
                    asked |= match.source_labels.keys()
    return FrozenMap({key: labels[key] for key in asked if key in labels}) if asked else NO_LABELS


def _nanoseconds(text: str) -> int | None:
    duration = parse_duration(text) if text else None
    return duration.nanoseconds if duration else None
