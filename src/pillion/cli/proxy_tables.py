"""Parts of an Envoy's configuration dump, as `istioctl proxy-config` lays them out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Message = Mapping[str, Any]
Rows = Callable[[Message], Iterator[tuple[str, ...]]]
NOTHING: Message = {}
PREFIX = "type.googleapis.com/envoy.admin.v3."


def section(dump: Message, part: str) -> Any:
    """Give one part of a dump: the bootstrap, or a list of messages, static and dynamic."""
    if part == "bootstrap":
        return _of_type(dump, "BootstrapConfigDump").get("bootstrap", NOTHING)
    return list(_SECTIONS[part](dump))


def rows_of(messages: Iterable[Message], part: str) -> list[tuple[str, ...]]:
    """Lay out the messages of a part, by name; routes of one host stay in the order in which Envoy tries them."""
    _, row = TABLES[part]
    if part != "routes":
        return sorted(line for each in messages for line in row(each))
    return [line for each in sorted(messages, key=_name) for line in row(each)]


def _name(message: Message) -> str:
    return str(message.get("name", ""))


def _of_type(dump: Message, name: str) -> Message:
    return next((each for each in dump.get("configs", ()) if each.get("@type") == PREFIX + name), NOTHING)


def _clusters(dump: Message) -> Iterator[Message]:
    found = _of_type(dump, "ClustersConfigDump")
    for kind in ("static_clusters", "dynamic_active_clusters"):
        yield from (each["cluster"] for each in found.get(kind, ()))


def _listeners(dump: Message) -> Iterator[Message]:
    found = _of_type(dump, "ListenersConfigDump")
    yield from (each["listener"] for each in found.get("static_listeners", ()))
    for each in found.get("dynamic_listeners", ()):
        if "active_state" in each:
            yield each["active_state"]["listener"]


def _routes(dump: Message) -> Iterator[Message]:
    found = _of_type(dump, "RoutesConfigDump")
    for kind in ("static_route_configs", "dynamic_route_configs"):
        yield from (each["route_config"] for each in found.get(kind, ()))


def _endpoints(dump: Message) -> Iterator[Message]:
    found = _of_type(dump, "EndpointsConfigDump")
    for kind in ("static_endpoint_configs", "dynamic_endpoint_configs"):
        yield from (each["endpoint_config"] for each in found.get(kind, ()))


_SECTIONS: Mapping[str, Callable[[Message], Iterator[Message]]] = {
    "clusters": _clusters,
    "listeners": _listeners,
    "routes": _routes,
    "endpoints": _endpoints,
}


def _cluster_row(cluster: Message) -> Iterator[tuple[str, ...]]:
    name = str(cluster.get("name", ""))
    direction, port, subset, host = (
        (*name.split("|"), "", "", "", "")[:4] if name.count("|") == 3 else ("", "", "", name)
    )
    kind = (cluster.get("cluster_type") or NOTHING).get("name") or cluster.get("type", "STATIC")
    yield host or "-", port or "-", subset or "-", direction or "-", str(kind)


def _listener_row(listener: Message) -> Iterator[tuple[str, ...]]:
    address, port = _address(listener.get("address") or {})
    chains = [*listener.get("filter_chains", ()), *filter(None, [listener.get("default_filter_chain")])]
    for chain in chains:
        yield address, port, _match(chain.get("filter_chain_match") or {}), _destination(chain)


def _match(match: Message) -> str:
    words = [f"{key}: {value}" for key, value in sorted(match.items())]
    return "; ".join(words) or "ALL"


def _destination(chain: Message) -> str:
    for each in chain.get("filters", ()):
        config: Message = each.get("typed_config") or {}
        if "rds" in config:
            return f"Route: {config['rds'].get('route_config_name', '')}"
        if "route_config" in config:
            return f"Inline Route: {config['route_config'].get('name', '')}"
        if "cluster" in config:
            return f"Cluster: {config['cluster']}"
        if "weighted_clusters" in config:
            return "Weighted clusters"
    return "-"


def _route_row(table: Message) -> Iterator[tuple[str, ...]]:
    for host in sorted(table.get("virtual_hosts", ()), key=_name):
        domains = host.get("domains", ())
        shown = ", ".join(domains[:2]) + (f" + {len(domains) - 2} more" if len(domains) > 2 else "")
        for route in host.get("routes", ()):
            action: Message = route.get("route") or {}
            target = action.get("cluster") or ("weighted" if "weighted_clusters" in action else "-")
            if "direct_response" in route:
                target = f"direct response {route['direct_response'].get('status', '')}"
            asked = _route_match(route.get("match") or {})
            yield str(table.get("name", "-")), str(host.get("name", "")), shown, asked, str(target)


def _route_match(match: Message) -> str:
    """Write which requests a route takes, short: its path as it begins, and what else it asks for by name."""
    path = next((f"{match[key]}*" for key in ("prefix", "path_separated_prefix") if key in match), "*")
    path = str(match.get("path", path))
    if "safe_regex" in match:
        path = str(match["safe_regex"].get("regex", path))
    others = [*match.get("headers", ()), *match.get("query_parameters", ())]
    return ", ".join([path, *(_condition(each) for each in others)])


def _condition(matcher: Message) -> str:
    text: Message = matcher.get("string_match") or {}
    words = {"exact": "={}", "prefix": "={}*", "suffix": "=*{}", "contains": "=*{}*"}
    said = next((form.format(text[key]) for key, form in words.items() if key in text), "")
    if "safe_regex" in text:
        said = f"~{text['safe_regex'].get('regex', '')}"
    return f"{'not ' if matcher.get('invert_match') else ''}{matcher.get('name', '')}{said}"


def _endpoint_row(assignment: Message) -> Iterator[tuple[str, ...]]:
    for group in assignment.get("endpoints", ()):
        for each in group.get("lb_endpoints", ()):
            address, port = _address((each.get("endpoint") or NOTHING).get("address") or NOTHING)
            health = str(each.get("health_status", "HEALTHY"))
            yield f"{address}:{port}" if port else address, health, str(assignment.get("cluster_name", ""))


def _address(address: Message) -> tuple[str, str]:
    if "pipe" in address:
        return f"unix:{address['pipe'].get('path', '')}", ""
    found: Message = address.get("socket_address") or {}
    return str(found.get("address", "-")), str(found.get("port_value", ""))


TABLES: Mapping[str, tuple[tuple[str, ...], Rows]] = {
    "clusters": (("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE"), _cluster_row),
    "listeners": (("ADDRESS", "PORT", "MATCH", "DESTINATION"), _listener_row),
    "routes": (("NAME", "VHOST NAME", "DOMAINS", "MATCH", "TARGET"), _route_row),
    "endpoints": (("ENDPOINT", "STATUS", "CLUSTER"), _endpoint_row),
}
