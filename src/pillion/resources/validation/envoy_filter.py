"""EnvoyFilter: whether patch, place and match go together. Whether Envoy knows the patch's types is asked elsewhere."""

from pillion.resources import re2
from pillion.resources.frozen import FrozenJson
from pillion.resources.istio.envoy_filter import (
    EnvoyConfigObjectMatch,
    EnvoyConfigObjectPatch,
    EnvoyFilter,
    ListenerMatch,
)
from pillion.resources.validation.report import Report
from pillion.resources.validation.workloads import check_labels_selector
from pillion.value import FrozenMap

HTTP_CONNECTION_MANAGER = "envoy.filters.network.http_connection_manager"

_OF_LISTENERS = frozenset({"LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER"})
_OF_ROUTES = frozenset({"ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE"})
_EXTENSIONS = frozenset({"NETWORK_FILTER", "HTTP_FILTER", "LISTENER_FILTER", "EXTENSION_CONFIG"})
_TYPED = frozenset({"typed_config", "typedConfig", "config_discovery", "configDiscovery"})
_RENAMED = {
    "envoy.buffer": "envoy.filters.http.buffer",
    "envoy.cors": "envoy.filters.http.cors",
    "envoy.csrf": "envoy.filters.http.csrf",
    "envoy.http_dynamo_filter": "envoy.filters.http.dynamo",
    "envoy.ext_authz": "envoy.filters.http.ext_authz",
    "envoy.fault": "envoy.filters.http.fault",
    "envoy.grpc_http1_bridge": "envoy.filters.http.grpc_http1_bridge",
    "envoy.grpc_json_transcoder": "envoy.filters.http.grpc_json_transcoder",
    "envoy.grpc_web": "envoy.filters.http.grpc_web",
    "envoy.gzip": "envoy.filters.http.gzip",
    "envoy.health_check": "envoy.filters.http.health_check",
    "envoy.ip_tagging": "envoy.filters.http.ip_tagging",
    "envoy.lua": "envoy.filters.http.lua",
    "envoy.rate_limit": "envoy.filters.http.ratelimit",
    "envoy.router": "envoy.filters.http.router",
    "envoy.squash": "envoy.filters.http.squash",
    "envoy.client_ssl_auth": "envoy.filters.network.client_ssl_auth",
    "envoy.http_connection_manager": HTTP_CONNECTION_MANAGER,
    "envoy.mongo_proxy": "envoy.filters.network.mongo_proxy",
    "envoy.ratelimit": "envoy.filters.network.ratelimit",
    "envoy.redis_proxy": "envoy.filters.network.redis_proxy",
    "envoy.tcp_proxy": "envoy.filters.network.tcp_proxy",
    "envoy.listener.http_inspector": "envoy.filters.listener.http_inspector",
    "envoy.listener.original_dst": "envoy.filters.listener.original_dst",
    "envoy.listener.original_src": "envoy.filters.listener.original_src",
    "envoy.listener.proxy_protocol": "envoy.filters.listener.proxy_protocol",
    "envoy.listener.tls_inspector": "envoy.filters.listener.tls_inspector",
}


def check_envoy_filter(envoy_filter: EnvoyFilter, report: Report) -> None:
    """Check an EnvoyFilter."""
    spec, inside = envoy_filter.spec, report.at("spec")
    message = "an EnvoyFilter depends on how this version makes Envoy's configuration; the next one may do it otherwise"
    report.warn("fragile", message)
    check_labels_selector(spec.workload_selector, inside.at("workloadSelector"))
    for index, patch in enumerate(spec.config_patches):
        _check_patch(patch, inside.at("configPatches", index))


def _check_patch(patch: EnvoyConfigObjectPatch, report: Report) -> None:
    match = patch.match
    if match is not None and match.context == "WAYPOINT":
        return
    missing = _missing(patch)
    if missing:
        report.error("required", "is needed", *missing)
        return
    if match is not None and match.proxy is not None and match.proxy.proxy_version:
        _check_version(match.proxy.proxy_version, report.at("match", "proxy", "proxyVersion"))
    if match is not None:
        _check_match(patch.apply_to, match, report.at("match"))
    if patch.patch is not None and isinstance(patch.patch.value, FrozenMap):
        _check_typed(patch.apply_to, patch.patch.value, report.at("patch", "value"))


def _missing(patch: EnvoyConfigObjectPatch) -> tuple[str, ...]:
    if patch.apply_to == "INVALID":
        return ("applyTo",)
    if patch.patch is None:
        return ("patch",)
    if patch.patch.operation == "INVALID":
        return ("patch", "operation")
    has_value = patch.patch.operation == "REMOVE" or patch.patch.value is not None
    return () if has_value else ("patch", "value")


def _check_version(expression: str, report: Report) -> None:
    if len(expression.encode()) > 1024:
        report.warn("invalid-expression", "is longer than 1024 letters and is ignored")
    elif problem := re2.problem_of(expression):
        report.error("invalid-expression", problem)


def _check_typed(apply_to: str, value: FrozenMap[FrozenJson], report: Report) -> None:
    """Warn of an extension that is found by its name alone, which Envoy is about to give up."""
    if apply_to in _EXTENSIONS:
        _check_extension(value, report)
    for name in ("transport_socket", "transportSocket") if apply_to in {"CLUSTER", "FILTER_CHAIN"} else ():
        socket = value.get(name)
        if isinstance(socket, FrozenMap):
            _check_extension(socket, report.at(name))


def _check_extension(value: FrozenMap[FrozenJson], report: Report) -> None:
    if _TYPED.isdisjoint(value):
        report.warn("deprecated", "an extension without typed_config is found by its name", hint="set typed_config")


def _check_match(apply_to: str, match: EnvoyConfigObjectMatch, report: Report) -> None:
    found = {
        "listener": match.listener,
        "routeConfiguration": match.route_configuration,
        "cluster": match.cluster,
        "waypoint": match.waypoint,
    }
    has_match = any(value is not None for value in found.values())
    wanted = "listener" if apply_to in _OF_LISTENERS else "routeConfiguration" if apply_to in _OF_ROUTES else ""
    wanted = "cluster" if apply_to == "CLUSTER" else wanted
    if wanted and has_match and found[wanted] is None:
        report.error("oneof-conflict", f"{apply_to} is found by {wanted}", wanted)
    elif apply_to in _OF_LISTENERS and match.listener is not None:
        _check_listener(apply_to, match.listener, report.at("listener", "filterChain", "filter"))


def _check_listener(apply_to: str, match: ListenerMatch, report: Report) -> None:
    chosen = match.filter_chain.filter if match.filter_chain is not None else None
    if chosen is None:
        return
    if apply_to in {"LISTENER", "FILTER_CHAIN"}:
        report.warn("ignored-field", f"{apply_to} is not inside a filter")
    if not chosen.name:
        report.error("required", "is needed", "name")
        return
    inner = chosen.sub_filter
    if inner is not None and apply_to != "HTTP_FILTER":
        report.error("oneof-conflict", "subFilter goes with HTTP_FILTER", "subFilter")
    elif inner is not None and chosen.name not in {HTTP_CONNECTION_MANAGER, "envoy.http_connection_manager"}:
        report.error("oneof-conflict", f"a subFilter is inside {HTTP_CONNECTION_MANAGER}", "name")
    elif inner is not None and not inner.name:
        report.error("required", "is needed", "subFilter", "name")
    for name in (chosen.name, inner.name if inner is not None else ""):
        if name in _RENAMED:
            report.warn("deprecated", f"{name!r} is out of use", "name", hint=f"use {_RENAMED[name]}")
