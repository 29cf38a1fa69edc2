"""Whether a patch is about a listener, chain, filter, route configuration, virtual host, route or cluster.

What a match does not say matches everything. The whole that holds a part has already been matched.
"""

from collections.abc import Collection

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.listener.v3 import listener_components_pb2 as components
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2

from pillion.envoy import names
from pillion.envoy.patch.model import FilterChainMatch, Patch

_VIRTUAL = frozenset({names.VIRTUAL_INBOUND, names.VIRTUAL_OUTBOUND})
_ACTIONS = {"route": "ROUTE", "redirect": "REDIRECT", "direct_response": "DIRECT_RESPONSE"}


def is_listener(patch: Patch, listener: listener_pb2.Listener) -> bool:
    """Match a listener by name and port; in a virtual one, the port is that of a chain."""
    match = patch.match.listener
    if match is None:
        return True
    if match.name and match.name != listener.name:
        return False
    if match.port_number == 0 or (patch.apply_to != "LISTENER" and listener.name in _VIRTUAL):
        return True
    return listener.address.socket_address.port_value == match.port_number


def is_chain(patch: Patch, listener: listener_pb2.Listener, chain: components.FilterChain) -> bool:
    """Match a filter chain of a listener."""
    match = patch.match.listener
    if match is None:
        return True
    port = chain.filter_chain_match.destination_port.value
    if match.port_number and listener.name in _VIRTUAL and port != match.port_number:
        return False
    return match.filter_chain is None or _is_chain(match.filter_chain, chain)


def _is_chain(match: FilterChainMatch, chain: components.FilterChain) -> bool:
    criteria = chain.filter_chain_match
    protocols = match.application_protocols.split(",") if match.application_protocols else ()
    return (
        match.name in {"", chain.name}
        and (not match.sni or match.sni in criteria.server_names)
        and match.transport_protocol in {"", criteria.transport_protocol}
        and all(each in criteria.application_protocols for each in protocols)
        and match.destination_port in {0, criteria.destination_port.value}
    )


def is_listener_filter(patch: Patch, name: str) -> bool:
    """Match a listener filter."""
    return patch.listener_filter in {"", name}


def is_network_filter(patch: Patch, name: str) -> bool:
    """Match a filter of a chain."""
    return patch.network_filter is None or patch.network_filter.name == name


def is_http_filter(patch: Patch, name: str) -> bool:
    """Match a filter inside an HTTP connection manager."""
    return patch.http_filter is None or patch.http_filter == name


def is_route_configuration(patch: Patch, configuration: route_pb2.RouteConfiguration) -> bool:
    """Match a route configuration by name and by the port that its name says."""
    match = patch.match.route_configuration
    if match is None:
        return True
    return match.name in {"", configuration.name} and match.port_number in {0, _port_of(configuration.name)}


def _port_of(name: str) -> int | None:
    """Read the port from `inbound|8080||` or `8080`; other names say none."""
    text = cluster_parts(name)[1] if name.startswith("inbound") else name
    return int(text) if text.isdecimal() else None


def is_virtual_host(patch: Patch, host: route_components_pb2.VirtualHost) -> bool:
    """Match a virtual host by its name and one of its domains."""
    match = patch.virtual_host
    return match is None or (
        match.name in {"", host.name} and (not match.domain_name or match.domain_name in host.domains)
    )


def is_route(patch: Patch, route: route_components_pb2.Route) -> bool:
    """Match a route by name and by what it does; an action that no match can name is as good as any."""
    match = patch.route
    if match is None:
        return True
    if match.name not in {"", route.name}:
        return False
    action = _ACTIONS.get(route.WhichOneof("action") or "")
    return match.action == "ANY" or action is None or action == match.action


def is_cluster(patch: Patch, cluster: cluster_pb2.Cluster, hosts: Collection[str]) -> bool:
    """Match a cluster by its name alone, or by the parts of it; `hosts` are the services of an inbound one."""
    match = patch.match.cluster
    if match is None:
        return True
    if match.name:
        return match.name == cluster.name
    direction, port, subset, host = cluster_parts(cluster.name)
    served = hosts if direction == "inbound" and hosts else (host,)
    return (
        match.subset in {"", subset}
        and (not match.service or match.service in served)
        and (match.port_number == 0 or (port.isdecimal() and int(port) == match.port_number))
    )


def cluster_parts(name: str) -> tuple[str, str, str, str]:
    """Split `outbound|80|v1|reviews.default.svc.cluster.local`; all empty for another kind of name."""
    parts = name.split("|")
    return (parts[0], parts[1], parts[2], parts[3]) if len(parts) == 4 else ("", "", "", "")
