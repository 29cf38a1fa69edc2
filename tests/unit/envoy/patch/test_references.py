"""The names that messages refer to."""

from typing import Any

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from google.protobuf.json_format import ParseDict

from pillion.envoy.patch.references import references
from pillion.envoy.rendered import ASSIGNMENT, CLUSTER, EXTENSION, ROUTES, Need

NETWORK = "type.googleapis.com/envoy.extensions.filters.network"


def test_a_cluster_refers_to_its_assignment() -> None:
    def cluster(**fields: Any) -> cluster_pb2.Cluster:
        return ParseDict({"name": "a", **fields}, cluster_pb2.Cluster())

    assert references(cluster(type="EDS")) == {Need(ASSIGNMENT, "a")}
    assert references(cluster(type="EDS", eds_cluster_config={"service_name": "s"})) == {Need(ASSIGNMENT, "s")}
    assert references(cluster(type="STATIC")) == frozenset()


def test_routes_refer_to_clusters() -> None:
    weighted = {"weighted_clusters": {"clusters": [{"name": "b", "weight": 1}, {"name": "c", "weight": 1}]}}
    routes = [
        {"match": {"prefix": "/"}, "route": {"cluster": "a", "request_mirror_policies": [{"cluster": "m"}]}},
        {"match": {"prefix": "/"}, "route": weighted},
        {"match": {"prefix": "/"}, "direct_response": {"status": 200}},
    ]
    made = ParseDict(
        {"virtual_hosts": [{"name": "h", "domains": ["*"], "routes": routes}]}, route_pb2.RouteConfiguration()
    )
    assert references(made) == {Need(CLUSTER, name) for name in "abcm"}


def test_a_listener_refers_to_tables_clusters_and_discovered_configurations() -> None:
    found = {"name": "acme.ext", "config_discovery": {"config_source": {"ads": {}}}}
    manager = {"rds": {"route_config_name": "80"}, "http_filters": [found]}
    proxies = [{"cluster": "a"}, {"weighted_clusters": {"clusters": [{"name": "b", "weight": 1}]}}]
    filters = [
        {
            "name": "m",
            "typed_config": {"@type": f"{NETWORK}.http_connection_manager.v3.HttpConnectionManager", **manager},
        },
        *({"name": "t", "typed_config": {"@type": f"{NETWORK}.tcp_proxy.v3.TcpProxy", **each}} for each in proxies),
    ]
    listener = {
        "name": "l",
        "listener_filters": [{**found, "name": "acme.first"}],
        "filter_chains": [{"filters": filters}],
    }
    names = {Need(ROUTES, "80"), Need(CLUSTER, "a"), Need(CLUSTER, "b")}
    extensions = {Need(EXTENSION, "acme.ext"), Need(EXTENSION, "acme.first")}
    assert references(ParseDict(listener, listener_pb2.Listener())) == names | extensions
