"""The names that a message refers to: clusters, route configurations, configurations that are discovered by name."""

from collections.abc import Iterable, Iterator

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.listener.v3 import listener_components_pb2 as components
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.filters.network.tcp_proxy.v3 import tcp_proxy_pb2
from google.protobuf.message import Message

from pillion.envoy.patch.types import unpacked
from pillion.envoy.rendered import ASSIGNMENT, CLUSTER, EXTENSION, ROUTES, Need

HttpConnectionManager = http_connection_manager_pb2.HttpConnectionManager


def references(message: Message) -> frozenset[Need]:
    """Return what a cluster, a listener or a route configuration refers to."""
    match message:
        case cluster_pb2.Cluster():
            return frozenset(_of_cluster(message))
        case listener_pb2.Listener():
            return frozenset(_of_listener(message))
        case route_pb2.RouteConfiguration():
            return frozenset(_of_routes(message))
        case _:
            return frozenset()


def _of_cluster(cluster: cluster_pb2.Cluster) -> Iterator[Need]:
    if cluster.type == cluster_pb2.Cluster.DiscoveryType.EDS:
        yield Need(ASSIGNMENT, cluster.eds_cluster_config.service_name or cluster.name)


def _of_listener(listener: listener_pb2.Listener) -> Iterator[Need]:
    yield from _discovered(listener.listener_filters)
    chains = (*listener.filter_chains, listener.default_filter_chain)
    for chain in chains:
        yield from _discovered(chain.filters)
        for each in chain.filters:
            match unpacked(each.typed_config) if each.HasField("typed_config") else None:
                case HttpConnectionManager() as manager:
                    yield from _of_manager(manager)
                case tcp_proxy_pb2.TcpProxy() as proxy:
                    yield from _of_proxy(proxy)
                case _:
                    pass


def _discovered(
    filters: Iterable[components.ListenerFilter | components.Filter | http_connection_manager_pb2.HttpFilter],
) -> Iterator[Need]:
    return (Need(EXTENSION, each.name) for each in filters if each.HasField("config_discovery"))


def _of_manager(manager: HttpConnectionManager) -> Iterator[Need]:
    if manager.HasField("rds"):
        yield Need(ROUTES, manager.rds.route_config_name)
    yield from _of_routes(manager.route_config)
    yield from _discovered(manager.http_filters)


def _of_proxy(proxy: tcp_proxy_pb2.TcpProxy) -> Iterator[Need]:
    named = (proxy.cluster, *(each.name for each in proxy.weighted_clusters.clusters))
    return (Need(CLUSTER, name) for name in named if name)


def _of_routes(configuration: route_pb2.RouteConfiguration) -> Iterator[Need]:
    for host in configuration.virtual_hosts:
        for route in host.routes:
            for name in _of_route(route.route):
                if name:
                    yield Need(CLUSTER, name)


def _of_route(action: route_components_pb2.RouteAction) -> Iterator[str]:
    yield action.cluster
    yield from (each.name for each in action.weighted_clusters.clusters)
    yield from (each.cluster for each in action.request_mirror_policies)
