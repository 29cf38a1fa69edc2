"""Route tables from JSON with keys in snake case."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, get_args

from pillion.envoy.view.matcher import HeaderMatch, How, NumberRange, Present, QueryMatch, StringMatch, Unread
from pillion.envoy.view.route import (
    Action,
    DirectResponse,
    Fault,
    Forward,
    Mirror,
    PathMatch,
    Redirect,
    Route,
    RouteMatch,
    RouteTable,
    TlsRequirement,
    Unforwarded,
    VirtualHost,
    Weight,
)

Message = Mapping[str, Any]
EMPTY: Message = {}
STATUS: Message = {
    "MOVED_PERMANENTLY": 301,
    "FOUND": 302,
    "SEE_OTHER": 303,
    "TEMPORARY_REDIRECT": 307,
    "PERMANENT_REDIRECT": 308,
}
PATHS: Mapping[str, Literal["prefix", "path", "path_separated_prefix"]] = {
    "prefix": "prefix",
    "path": "path",
    "path_separated_prefix": "path_separated_prefix",
}
HOWS: tuple[How, ...] = ("exact", "prefix", "suffix", "contains")
DEPRECATED: Mapping[str, How] = {
    "exact_match": "exact",
    "prefix_match": "prefix",
    "suffix_match": "suffix",
    "contains_match": "contains",
}
DENOMINATORS: Message = {"HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}
ABORTS: Mapping[str, str] = {"http_status": "status", "grpc_status": "gRPC status"}
UNREAD = ("tls_context", "dynamic_metadata", "filter_state", "cookies")


def read_table(message: Message) -> RouteTable:
    """Read a route configuration."""
    return RouteTable(
        name=message.get("name", ""),
        virtual_hosts=tuple(_virtual_host(each) for each in message.get("virtual_hosts", ())),
        ignore_port=bool(message.get("ignore_port_in_host_matching")),
    )


def read_weights(message: Message) -> tuple[Weight, ...]:
    """Read clusters by weight."""
    return tuple(
        Weight(cluster=each.get("name", ""), weight=int(each.get("weight", 0))) for each in message.get("clusters", ())
    )


def _virtual_host(message: Message) -> VirtualHost:
    wanted = message.get("require_tls", "NONE")
    requirement: TlsRequirement = wanted if wanted in get_args(TlsRequirement) else "NONE"
    return VirtualHost(
        name=message.get("name", ""),
        domains=tuple(message.get("domains", ())),
        routes=tuple(_route(each) for each in message.get("routes", ())),
        require_tls=requirement,
        unread="matcher" if "matcher" in message else "",
    )


def _route(message: Message) -> Route:
    return Route(
        name=message.get("name", ""),
        match=_match(message.get("match") or EMPTY),
        action=_action(message),
        fault=next(_faults(message.get("typed_per_filter_config") or EMPTY), None),
    )


def _faults(filters: Message) -> Iterator[Fault]:
    for name, config in filters.items():
        if not str(config.get("@type", "")).endswith(".HTTPFault"):
            continue
        abort, delay = config.get("abort") or EMPTY, config.get("delay") or EMPTY
        status = next((f"{word} {abort[key]}" for key, word in ABORTS.items() if key in abort), "")
        yield Fault(
            filter=name,
            abort=status,
            aborted=_share(abort.get("percentage")) if status else 0.0,
            delay=str(delay.get("fixed_delay", "")),
            delayed=_share(delay.get("percentage")) if "fixed_delay" in delay else 0.0,
            unread=(
                *(key for key in ("headers", "upstream_cluster", "downstream_nodes") if config.get(key)),
                *(part for part in ("header_abort", "header_delay") if part in abort or part in delay),
            ),
        )


def _share(percentage: Message | None) -> float:
    """Read a percentage; one that is not there is none of all."""
    return _fraction({"default_value": percentage}) if percentage else 0.0


def _match(message: Message) -> RouteMatch:
    return RouteMatch(
        path=_path(message),
        headers=tuple(_header(each) for each in message.get("headers", ())),
        query=tuple(_query(each) for each in message.get("query_parameters", ())),
        grpc="grpc" in message,
        fraction=_fraction(message.get("runtime_fraction")),
        unread=tuple(name for name in UNREAD if name in message),
    )


def _path(message: Message) -> PathMatch | Unread:
    ignore_case = message.get("case_sensitive") is False
    for key, how in PATHS.items():
        if key in message:
            return PathMatch(how=how, text=message[key], ignore_case=ignore_case)
    if "safe_regex" in message:
        return PathMatch(how="regex", text=message["safe_regex"].get("regex", ""))
    if "connect_matcher" in message:
        return PathMatch(how="connect")
    if "path_match_policy" in message:
        return Unread(kind="path_match_policy")
    return PathMatch(how="prefix", ignore_case=ignore_case)  # proto3 JSON may leave an empty prefix out


def _fraction(message: Message | None) -> float:
    if message is None:
        return 1.0
    default = message.get("default_value") or EMPTY
    return min(1.0, default.get("numerator", 0) / DENOMINATORS.get(default.get("denominator", "HUNDRED"), 100))


def _header(message: Message) -> HeaderMatch:
    return HeaderMatch(
        name=str(message.get("name", "")).lower(),
        match=_header_condition(message),
        invert=bool(message.get("invert_match")),
        missing_is_empty=bool(message.get("treat_missing_header_as_empty")),
    )


def _header_condition(message: Message) -> StringMatch | Present | NumberRange | Unread:
    if "string_match" in message:
        return _string(message["string_match"])
    if "present_match" in message:
        return Present(wanted=bool(message["present_match"]))
    if "range_match" in message:
        bounds = message["range_match"]
        return NumberRange(start=int(bounds.get("start", 0)), end=int(bounds.get("end", 0)))
    if "safe_regex_match" in message:
        return StringMatch(how="regex", text=message["safe_regex_match"].get("regex", ""))
    for key, how in DEPRECATED.items():
        if key in message:
            return StringMatch(how=how, text=message[key])
    return Present()


def _string(message: Message) -> StringMatch | Unread:
    ignore_case = bool(message.get("ignore_case"))
    for how in HOWS:
        if how in message:
            return StringMatch(how=how, text=message[how], ignore_case=ignore_case)
    if "safe_regex" in message:
        return StringMatch(how="regex", text=message["safe_regex"].get("regex", ""))
    if "custom" in message:
        return Unread(kind="custom")
    return StringMatch(how="exact", text="", ignore_case=ignore_case)  # proto3 JSON may leave an empty text out


def _query(message: Message) -> QueryMatch:
    name = message.get("name", "")
    if "string_match" in message:
        match = _string(message["string_match"])
        return QueryMatch(name=name, match=match if isinstance(match, StringMatch) else Present())
    return QueryMatch(name=name, match=Present(wanted=message.get("present_match", True) is not False))


def _action(message: Message) -> Action:
    if "route" in message:
        return _forward(message["route"])
    if "redirect" in message:
        return _redirect(message["redirect"])
    if "direct_response" in message:
        return DirectResponse(status=int(message["direct_response"].get("status", 200)))
    return Unforwarded()


def _forward(message: Message) -> Forward:
    mirrors = tuple(
        Mirror(cluster=each.get("cluster", ""), fraction=_fraction(each.get("runtime_fraction")))
        for each in message.get("request_mirror_policies", ())
    )
    if "weighted_clusters" in message:
        return Forward(weighted=read_weights(message["weighted_clusters"]), mirrors=mirrors)
    if "cluster_header" in message:
        return Forward(cluster_header=str(message["cluster_header"]).lower(), mirrors=mirrors)
    if "cluster" in message:
        return Forward(cluster=message["cluster"], mirrors=mirrors)
    return Forward(unread=next(_specifiers(message), ""))


def _specifiers(message: Message) -> Iterator[str]:
    names: Iterable[str] = ("cluster_specifier_plugin", "inline_cluster_specifier_plugin")
    return (name for name in names if name in message)


def _redirect(message: Message) -> Redirect:
    code = message.get("response_code", "MOVED_PERMANENTLY")
    scheme = "https" if message.get("https_redirect") else message.get("scheme_redirect", "")
    rewrite = (message.get("regex_rewrite") or EMPTY).get("pattern") or EMPTY
    return Redirect(
        status=int(STATUS.get(code, 301)),
        scheme=scheme,
        host=message.get("host_redirect", ""),
        port=int(message.get("port_redirect", 0)),
        path=message.get("path_redirect", "") or message.get("prefix_rewrite", ""),
        prefix="prefix_rewrite" in message,
        regex=rewrite.get("regex", ""),
        strip_query=bool(message.get("strip_query")),
    )
