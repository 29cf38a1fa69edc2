"""Istio's verdicts on resources and parts of them (`validation/*`)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conformance.outcome import Outcome, tally
from pillion.proxy.patches import judge_patches
from pillion.resources.decode import decode
from pillion.resources.istio import destination_rule as dr
from pillion.resources.istio import gateway as gw
from pillion.resources.istio import telemetry as tm
from pillion.resources.istio import virtual_service as vs
from pillion.resources.istio.envoy_filter import EnvoyFilter
from pillion.resources.schema import Findings, reader_of
from pillion.resources.validation.gateway import SEMANTICS, check_server, check_server_port
from pillion.resources.validation.report import Report
from pillion.resources.validation.routing import action, headers
from pillion.resources.validation.routing.http import check_http_route
from pillion.resources.validation.routing.virtual_service import check_route_destinations
from pillion.resources.validation.telemetry import check_filter
from pillion.resources.validation.tls import check_server_tls
from pillion.resources.validation.traffic.load_balancer import check_load_balancer
from pillion.resources.validation.traffic.policy import check_traffic_policy
from pillion.resources.validation.traffic.pool import check_connection_pool, check_outlier_detection
from pillion.resources.validation.validate import validate
from pillion.resources.validation.values import check_destination, check_port_name
from pillion.resources.validation.workloads import check_export_to
from pillion.value import Diagnostics, has_errors

Check = Callable[[Any, Report], object]


def run(data: Path) -> dict[str, Outcome]:
    folder = data / "validation"
    resources = json.loads((folder / "resources.json").read_text())["cases"]
    parts = json.loads((folder / "submessages.json").read_text())["cases"]
    filters = json.loads((folder / "envoyfilter.json").read_text())
    return {
        "validation/resources": tally((case["id"], agrees(whole(case), case["expect"])) for case in resources),
        "validation/submessages": tally((case["id"], agrees(part(case), case["expect"])) for case in parts),
        "validation/envoyfilter": tally((case["id"], envoy_filter(case)) for case in filters["cases"]),
    }


def agrees(found: Diagnostics, expect: dict[str, Any]) -> bool:
    """The same verdict; of what is valid also whether there is a warning."""
    if has_errors(found):
        return not expect["valid"]
    return expect["valid"] and any(one.severity == "warning" for one in found) == expect["warning"]


def whole(case: dict[str, Any]) -> Diagnostics:
    document = case["resource"]
    metadata = {
        **document["metadata"],
        **{key: case["extra"][key] for key in ("labels", "annotations") if key in case["extra"]},
    }
    return judge({**document, "metadata": metadata})


def judge(document: dict[str, Any]) -> Diagnostics:
    resource, found = decode(document)
    return (*found, *(validate(resource) if resource is not None else ()))


def part(case: dict[str, Any]) -> Diagnostics:
    test, value, extra = case["test"], case["value"], case["extra"]
    if test == "TestValidateK8sGateway":
        metadata = {"name": "x", "namespace": "y", "annotations": {SEMANTICS: "gateway"}}
        return judge({"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": metadata, "spec": value})
    findings: Findings = []
    report = Report()
    annotation = (PARTS.get(test) or WITH_EXTRA[test])[0]
    typed = None if value is None and annotation is not str else reader_of(annotation, "strict")(value, (), findings)
    if test in PARTS:
        PARTS[test][1](typed, report)
    else:
        WITH_EXTRA[test][1](typed, report, extra)
    return (*findings, *report.diagnostics)


def envoy_filter(case: dict[str, Any]) -> bool:
    """Errors where Istio has them; a warning beside the one that all have, where Istio has it."""
    metadata = {"name": "x", "namespace": "y"}
    version = "networking.istio.io/v1alpha3"
    document = {"apiVersion": version, "kind": "EnvoyFilter", "metadata": metadata, "spec": case["value"]}
    found = judge(document)
    resource, _ = decode(document)
    if isinstance(resource, EnvoyFilter) and not has_errors(found):
        found = (*found, *judge_patches(resource))
    if case["error_contains"]:
        return has_errors(found)
    warnings = [one for one in found if one.severity == "warning" and one.code != "fragile"]
    return not has_errors(found) and bool(warnings) == bool(case["warning_contains"])


def check_age(nanoseconds: int, report: Report) -> None:
    if nanoseconds < 0:
        report.error("invalid-duration", "is negative")


def check_exports(names: tuple[str, ...], report: Report, extra: dict[str, Any]) -> None:
    is_bound = bool(extra.get("isDestinationRuleWithSelector"))
    check_export_to(extra["namespace"], names, report, may_hide=bool(extra.get("isServiceEntry")), is_bound=is_bound)


PARTS: dict[str, tuple[Any, Check]] = {
    "TestValidateMaxServerConnectionAge": (int, check_age),
    "TestValidateServer": (gw.Server, check_server),
    "TestValidateTlsOptions": (gw.ServerTLSSettings, check_server_tls),
    "TestStrictValidateHTTPHeaderName": (str, headers.check_strict_name),
    "TestValidateHTTPHeaderName": (str, headers.check_match_name),
    "TestValidateHTTPHeaderValue": (str, headers.check_value),
    "TestValidateCORSPolicy": (vs.CorsPolicy, action.check_cors),
    "TestValidateHTTPStatus": (int, action.check_status),
    "TestValidateHTTPFaultInjectionAbort": (vs.Abort, action.check_abort),
    "TestValidateHTTPFaultInjectionDelay": (vs.Delay, action.check_delay),
    "TestValidateHTTPRetry": (vs.HTTPRetry, action.check_retry),
    "TestValidateHTTPRewrite": (vs.HTTPRewrite, action.check_rewrite),
    "TestValidateUriRegexRewrite": (vs.RegexRewrite, action.check_regex_rewrite),
    "TestValidatePortName": (str, check_port_name),
    "TestValidateHTTPRedirect": (vs.HTTPRedirect, lambda v, r: action.check_redirect(v, (), r)),
    "TestValidateHTTPDirectResponse": (vs.HTTPDirectResponse, action.check_direct_response),
    "TestValidateDestination": (vs.Destination, check_destination),
    "TestValidateHTTPRoute": (vs.HTTPRoute, check_http_route),
    "TestValidateRootHTTPRoute": (vs.HTTPRoute, check_http_route),
    "TestValidateDelegateHTTPRoute": (vs.HTTPRoute, lambda v, r: check_http_route(v, r, is_delegate=True)),
    "TestValidateRouteDestination": (
        tuple[vs.RouteDestination, ...],
        lambda v, r: check_route_destinations(v or (), r),
    ),
    "TestValidateTrafficPolicy": (dr.TrafficPolicy, lambda v, r: check_traffic_policy("", v, r)),
    "TestValidateConnectionPool": (dr.ConnectionPoolSettings, check_connection_pool),
    "TestValidateLoadBalancer": (dr.LoadBalancerSettings, lambda v, r: check_load_balancer(v, None, r)),
    "TestValidateOutlierDetection": (dr.OutlierDetection, check_outlier_detection),
    "TestValidateTelemetryFilter": (tm.Filter, lambda v, r: check_filter(v.expression, r)),
}
"""The part of a resource that each of Istio's tests is about, and our check of it."""

WITH_EXTRA: dict[str, tuple[Any, Callable[[Any, Report, dict[str, Any]], object]]] = {
    "TestValidateServerPort": (gw.Port, lambda v, r, x: check_server_port(v, x.get("bind", ""), r)),
    "Test_validateExportTo": (tuple[str, ...], check_exports),
}
"""The same for tests that say more than the part itself."""
