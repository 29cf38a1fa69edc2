"""What a match says must hold, and what it does not say always holds."""

from typing import Any

import pytest
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.listener.v3 import listener_components_pb2 as components
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2
from google.protobuf.json_format import ParseDict

from pillion.envoy.patch import matches
from support.patches import patch

LISTENER = ParseDict(
    {"name": "0.0.0.0_80", "address": {"socket_address": {"address": "0.0.0.0", "port_value": 80}}},
    listener_pb2.Listener(),
)
VIRTUAL = ParseDict(
    {"name": "virtualInbound", "address": {"socket_address": {"address": "0.0.0.0", "port_value": 15006}}},
    listener_pb2.Listener(),
)
CHAIN = ParseDict(
    {
        "name": "chain",
        "filter_chain_match": {
            "destination_port": 8080,
            "server_names": ["a.example"],
            "transport_protocol": "tls",
            "application_protocols": ["istio", "h2"],
        },
    },
    components.FilterChain(),
)


@pytest.mark.parametrize(
    ("match", "wanted"),
    [
        ({}, True),
        ({"name": "0.0.0.0_80"}, True),
        ({"name": "other"}, False),
        ({"portNumber": 80}, True),
        ({"portNumber": 81}, False),
    ],
)
def test_listeners(match: dict[str, Any], wanted: bool) -> None:
    assert matches.is_listener(patch("LISTENER", "REMOVE", listener=match), LISTENER) is wanted
    assert matches.is_listener(patch("LISTENER", "REMOVE"), LISTENER)


def test_in_a_virtual_listener_the_port_is_a_chains() -> None:
    for port, wanted in ((8080, True), (9090, False)):
        made = patch("FILTER_CHAIN", "REMOVE", listener={"portNumber": port})
        assert matches.is_listener(made, VIRTUAL)
        assert matches.is_chain(made, VIRTUAL, CHAIN) is wanted
    assert not matches.is_listener(patch("LISTENER", "REMOVE", listener={"portNumber": 8080}), VIRTUAL)
    assert matches.is_listener(patch("LISTENER", "REMOVE", listener={"portNumber": 15006}), VIRTUAL)


@pytest.mark.parametrize(
    ("match", "wanted"),
    [
        ({}, True),
        ({"name": "chain"}, True),
        ({"name": "x"}, False),
        ({"sni": "a.example"}, True),
        ({"sni": "b.example"}, False),
        ({"transportProtocol": "tls"}, True),
        ({"transportProtocol": "raw_buffer"}, False),
        ({"applicationProtocols": "h2,istio"}, True),
        ({"applicationProtocols": "h2,h3"}, False),
        ({"destinationPort": 8080}, True),
        ({"destinationPort": 80}, False),
    ],
)
def test_filter_chains(match: dict[str, Any], wanted: bool) -> None:
    made = patch("FILTER_CHAIN", "REMOVE", listener={"filterChain": match})
    assert matches.is_chain(made, LISTENER, CHAIN) is wanted


def test_filters() -> None:
    inner = {"filterChain": {"filter": {"name": "manager", "subFilter": {"name": "router"}}}}
    made = patch("HTTP_FILTER", "REMOVE", listener={**inner, "listenerFilter": "inspector"})
    assert matches.is_listener_filter(made, "inspector")
    assert not matches.is_listener_filter(made, "other")
    assert matches.is_network_filter(made, "manager")
    assert not matches.is_network_filter(made, "other")
    assert matches.is_http_filter(made, "router")
    assert not matches.is_http_filter(made, "other")
    anything = patch("HTTP_FILTER", "REMOVE")
    assert matches.is_listener_filter(anything, "x")
    assert matches.is_network_filter(anything, "x")
    assert matches.is_http_filter(anything, "x")


@pytest.mark.parametrize(
    ("name", "match", "wanted"),
    [
        ("80", {"portNumber": 80}, True),
        ("80", {"portNumber": 81}, False),
        ("inbound|8080||", {"portNumber": 8080}, True),
        ("a.example:80", {"portNumber": 80}, False),
        ("a.example:80", {"name": "a.example:80"}, True),
        ("80", {"name": "8080"}, False),
        ("80", {}, True),
    ],
)
def test_route_configurations(name: str, match: dict[str, Any], wanted: bool) -> None:
    made = patch("ROUTE_CONFIGURATION", "MERGE", {}, route_configuration=None, routeConfiguration=match)
    assert matches.is_route_configuration(made, route_pb2.RouteConfiguration(name=name)) is wanted


def test_virtual_hosts_and_routes() -> None:
    host = route_components_pb2.VirtualHost(name="h", domains=["a", "b"])
    direct = ParseDict({"name": "r", "direct_response": {"status": 200}}, route_components_pb2.Route())
    for vhost, is_host in (({"name": "h", "domainName": "b"}, True), ({"domainName": "c"}, False)):
        made = patch("VIRTUAL_HOST", "REMOVE", routeConfiguration={"vhost": vhost})
        assert matches.is_virtual_host(made, host) is is_host
    for route, is_route in (
        ({"name": "r"}, True),
        ({"name": "x"}, False),
        ({"action": "DIRECT_RESPONSE"}, True),
        ({"action": "ROUTE"}, False),
        ({}, True),
    ):
        made = patch("HTTP_ROUTE", "REMOVE", routeConfiguration={"vhost": {"route": route}})
        assert matches.is_route(made, direct) is is_route


@pytest.mark.parametrize(
    ("name", "match", "wanted"),
    [
        ("outbound|80|v1|a.example", {"service": "a.example", "subset": "v1", "portNumber": 80}, True),
        ("outbound|80|v1|a.example", {"service": "b.example"}, False),
        ("outbound|80||a.example", {"subset": "v1"}, False),
        ("outbound|80||a.example", {"portNumber": 81}, False),
        ("outbound|80||a.example", {"name": "outbound|80||a.example", "portNumber": 81}, True),
        ("inbound|8080||", {"service": "mine.example", "portNumber": 8080}, True),
        ("inbound|8080||", {"service": "other.example"}, False),
        ("BlackHoleCluster", {"portNumber": 80}, False),
        ("BlackHoleCluster", {}, True),
    ],
)
def test_clusters(name: str, match: dict[str, Any], wanted: bool) -> None:
    made = patch("CLUSTER", "REMOVE", cluster=match)
    assert matches.is_cluster(made, cluster_pb2.Cluster(name=name), ("mine.example",)) is wanted
