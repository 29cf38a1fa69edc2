"""VirtualService."""

from pillion.resources.host import first_overlaps
from pillion.resources.istio.virtual_service import RouteDestination, VirtualService, VirtualServiceSpec
from pillion.resources.validation.names import host_problem, is_address
from pillion.resources.validation.report import Report
from pillion.resources.validation.routing.headers import is_claim
from pillion.resources.validation.routing.http import check_http_route, check_weights
from pillion.resources.validation.routing.match import (
    Hosts,
    check_gateways,
    check_tcp_match,
    check_tls_match,
    is_for_gateways_only,
    virtual_host_problem,
)
from pillion.resources.validation.routing.overlap import check_overlaps
from pillion.resources.validation.values import check_destination
from pillion.resources.validation.workloads import check_export_to

SEMANTICS = "internal.istio.io/route-semantics"
"""The annotation of a VirtualService that was made from a route of the Gateway API."""


def check_virtual_service(service: VirtualService, report: Report) -> None:
    """Check a VirtualService."""
    spec, inside = service.spec, report.at("spec")
    is_converted = service.metadata.annotations.get(SEMANTICS) == "gateway"
    if not spec.hosts:
        _check_delegate(spec, inside)
    check_gateways(spec.gateways, inside.at("gateways"), is_converted=is_converted)
    if not is_for_gateways_only(spec):
        _check_claims(spec, inside)
    _check_hosts(spec, inside.at("hosts"))
    if not (spec.http or spec.tcp or spec.tls):
        inside.error("required", "a VirtualService needs http, tls or tcp")
    for index, route in enumerate(spec.http):
        part = inside.at("http", index)
        check_http_route(route, part, is_delegate=not spec.hosts, is_converted=is_converted)
    _check_streams(spec, inside, is_converted=is_converted)
    check_export_to(service.metadata.namespace, spec.export_to, inside.at("exportTo"))
    check_overlaps(spec.http, inside.at("http"))
    check_overlaps(spec.tcp, inside.at("tcp"))
    check_overlaps(spec.tls, inside.at("tls"))


def check_route_destinations(
    routes: tuple[RouteDestination, ...], report: Report, *, is_converted: bool = False
) -> None:
    """Check where connections go."""
    for index, route in enumerate(routes):
        if route.destination is None:
            report.error("required", "a route needs a destination", index, "destination")
        elif not is_converted:
            check_destination(route.destination, report.at(index, "destination"))
    check_weights([route.weight for route in routes], report)


def _check_delegate(spec: VirtualServiceSpec, report: Report) -> None:
    for field, values in (("gateways", spec.gateways), ("tls", spec.tls), ("tcp", spec.tcp)):
        if values:
            report.error("oneof-conflict", f"a VirtualService without hosts is a delegate, which has no {field}", field)


def _check_claims(spec: VirtualServiceSpec, report: Report) -> None:
    for rule, route in enumerate(spec.http):
        for index, match in enumerate(route.match):
            for field, names in (("headers", match.headers), ("withoutHeaders", match.without_headers)):
                for name in (name for name in names if is_claim(name)):
                    message = "claims of tokens route requests at gateways only"
                    report.error("unsupported", message, "http", rule, "match", index, field, name)


def _check_hosts(spec: VirtualServiceSpec, report: Report) -> None:
    is_bound = is_for_gateways_only(spec)
    is_sni = any(match.sni_hosts for route in spec.tls for match in route.match)
    before = len(report.diagnostics)
    for index, host in enumerate(spec.hosts):
        problem = virtual_host_problem(host, is_sni=is_sni) if is_bound else host_problem(host)
        if problem and not is_address(host):
            report.error("invalid-host", problem, index)
        elif host == "*" and not is_bound:
            report.error("invalid-host", "* would take all traffic of all sidecars", index, hint="name the hosts")
    if len(report.diagnostics) == before:
        for index, other in sorted(first_overlaps(spec.hosts).items()):
            report.error("duplicate", f"hosts {spec.hosts[index]} and {spec.hosts[other]} overlap", index)


def _check_streams(spec: VirtualServiceSpec, report: Report, *, is_converted: bool) -> None:
    hosts = Hosts(spec)
    for rule, tls in enumerate(spec.tls):
        inside = report.at("tls", rule)
        if not tls.match:
            inside.error("required", "a TLS rule needs at least one match", "match")
        for index, match in enumerate(tls.match):
            check_tls_match(match, hosts, inside.at("match", index))
    for rule, tcp in enumerate(spec.tcp):
        for index, match in enumerate(tcp.match):
            check_tcp_match(match, report.at("tcp", rule, "match", index))
    for field, routes in (("tls", [rule.route for rule in spec.tls]), ("tcp", [rule.route for rule in spec.tcp])):
        for rule, route in enumerate(routes):
            if not route:
                report.error("required", "a rule needs a route", field, rule, "route")
            check_route_destinations(route, report.at(field, rule, "route"), is_converted=is_converted)
