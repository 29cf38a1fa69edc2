"""One rule for HTTP requests."""

from pillion.resources.istio.virtual_service import Headers, HTTPRewrite, HTTPRoute, HTTPRouteDestination
from pillion.resources.validation.report import Report
from pillion.resources.validation.routing.action import (
    check_cors,
    check_direct_response,
    check_fault,
    check_mirrors,
    check_redirect,
    check_retry,
    check_rewrite,
    check_share,
)
from pillion.resources.validation.routing.headers import check_headers, is_authority
from pillion.resources.validation.routing.match import check_http_match
from pillion.resources.validation.values import check_destination, check_duration


def check_http_route(
    route: HTTPRoute, report: Report, *, is_delegate: bool = False, is_converted: bool = False
) -> None:
    """Check a rule.

    `is_delegate`: of a VirtualService without hosts; `is_converted`: made from the Gateway API.
    """
    if route.delegate is not None and not is_delegate:
        _check_root(route, report)
    else:
        _check_actions(route, report, is_delegate=is_delegate)
    for index, match in enumerate(route.match):
        check_http_match(match, report.at("match", index))
    check_headers(route.headers, report.at("headers"))
    check_cors(route.cors_policy, report.at("corsPolicy"))
    check_fault(route.fault, report.at("fault"))
    _check_mirror(route, report)
    check_redirect(route.redirect, route.match, report.at("redirect"))
    check_direct_response(route.direct_response, report.at("directResponse"))
    check_retry(route.retries, report.at("retries"))
    check_rewrite(route.rewrite, report.at("rewrite"))
    _check_authority(route.rewrite, route.headers, report)
    _check_destinations(route.route, report.at("route"), is_converted=is_converted)
    check_duration(route.timeout, report.at("timeout"))


def check_weights(weights: list[int], report: Report) -> None:
    """Refuse several weights that are all zero."""
    if len(weights) > 1 and sum(weights) == 0:
        report.error("required", "the weights add up to 0, so nothing goes anywhere")


def _check_root(route: HTTPRoute, report: Report) -> None:
    for field, value in (("redirect", route.redirect), ("route", route.route)):
        if value:
            report.error("oneof-conflict", f"a rule that delegates has no {field}", field)


def _check_actions(route: HTTPRoute, report: Report, *, is_delegate: bool) -> None:
    if is_delegate and route.delegate is not None:
        report.error("oneof-conflict", "a delegate cannot delegate", "delegate")
    action = "redirect" if route.redirect is not None else "directResponse" if route.direct_response is not None else ""
    others = {
        "route": bool(route.route),
        "fault": route.fault is not None,
        "rewrite": route.rewrite is not None,
        "directResponse": route.direct_response is not None,
    }
    if not action and not route.route:
        report.error("required", "a rule needs route, redirect or directResponse")
    for field in (name for name, is_set in others.items() if action and is_set and name != action):
        report.error("oneof-conflict", f"{field} does not go with {action}", field)
    if route.mirror is not None and route.mirrors:
        report.error("oneof-conflict", "only one of mirror and mirrors may be set", "mirrors")


def _check_mirror(route: HTTPRoute, report: Report) -> None:
    if route.mirror_percent is not None:
        if route.mirror_percent > 100:
            report.error("out-of-range", f"is {route.mirror_percent}, expected at most 100", "mirrorPercent")
        report.warn("deprecated", "mirrorPercent is out of use", "mirrorPercent", hint="use mirrorPercentage")
    check_share(route.mirror_percentage, report.at("mirrorPercentage"))
    check_destination(route.mirror, report.at("mirror"))
    check_mirrors(route.mirrors, report.at("mirrors"))


def _check_authority(rewrite: HTTPRewrite | None, headers: Headers | None, report: Report) -> None:
    """Refuse to say twice which host is meant."""
    request = headers.request if headers is not None else None
    names = [*request.set, *request.add] if request is not None else []
    places = [name for name in names if is_authority(name)]
    if len(places) + bool(rewrite is not None and rewrite.authority) > 1:
        report.error("oneof-conflict", "the authority is set more than once", "headers", "request")


def _check_destinations(routes: tuple[HTTPRouteDestination, ...], report: Report, *, is_converted: bool) -> None:
    for index, route in enumerate(routes):
        inside = report.at(index)
        if route.destination is None:
            inside.error("required", "a route needs a destination", "destination")
        elif not is_converted:
            check_destination(route.destination, inside.at("destination"))
        check_headers(route.headers, inside.at("headers"))
    check_weights([route.weight for route in routes], report)
