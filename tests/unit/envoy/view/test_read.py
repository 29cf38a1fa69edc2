import json
from typing import Any

import pytest

from pillion.envoy.view.configuration import Cluster, Configuration
from pillion.envoy.view.read import read_configuration, snake_case
from pillion.envoy.view.route import Forward

LISTENER: dict[str, Any] = {
    "name": "0.0.0.0_80",
    "address": {"socketAddress": {"address": "0.0.0.0", "portValue": 80}},
    "bindToPort": False,
}
TABLE: dict[str, Any] = {
    "name": "80",
    "virtualHosts": [
        {"name": "a", "domains": ["a.example"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c"}}]}
    ],
}
CLUSTER: dict[str, Any] = {"name": "c", "type": "EDS", "edsClusterConfig": {"serviceName": "s"}}
ASSIGNMENT: dict[str, Any] = {"clusterName": "s", "endpoints": [{"lbEndpoints": [{}, {}]}, {"lbEndpoints": [{}]}]}
ADMIN = "type.googleapis.com/envoy.admin.v3."
PLAIN = {"listeners": [LISTENER], "routes": [TABLE], "clusters": [CLUSTER], "endpoints": [ASSIGNMENT]}
DUMP = {
    "configs": [
        {"@type": ADMIN + "BootstrapConfigDump", "bootstrap": {}},
        {"@type": ADMIN + "ListenersConfigDump", "dynamicListeners": [{"activeState": {"listener": LISTENER}}]},
        {"@type": ADMIN + "RoutesConfigDump", "dynamicRouteConfigs": [{"routeConfig": TABLE}]},
        {"@type": ADMIN + "ClustersConfigDump", "dynamicActiveClusters": [{"cluster": CLUSTER}]},
        {"@type": ADMIN + "EndpointsConfigDump", "dynamicEndpointConfigs": [{"endpointConfig": ASSIGNMENT}]},
    ]
}


@pytest.mark.parametrize("document", [PLAIN, DUMP, snake_case(DUMP), {"static_resources": PLAIN}])
def test_every_form_of_a_configuration_reads_the_same(document: dict[str, Any]) -> None:
    found = read_configuration(document)
    assert found == read_configuration(json.loads(json.dumps(PLAIN)))
    assert [each.name for each in found.listeners] == ["0.0.0.0_80"]
    assert found.listeners[0].bind_to_port is False
    assert found.tables["80"].virtual_hosts[0].routes[0].action == Forward(cluster="c")
    assert found.clusters["c"] == Cluster(name="c", kind="EDS", endpoints=3)


def test_a_listener_that_was_not_accepted_is_left_out() -> None:
    waiting = {"@type": ADMIN + "ListenersConfigDump", "dynamicListeners": [{"warmingState": {"listener": LISTENER}}]}
    assert read_configuration({"configs": [waiting]}) == Configuration()


def test_clusters_say_how_many_endpoints_they_have() -> None:
    clusters = [
        {"name": "dns", "type": "STRICT_DNS", "loadAssignment": {"endpoints": [{"lbEndpoints": [{}]}]}},
        {"name": "waiting", "type": "EDS"},
        {"name": "custom", "clusterType": {"name": "envoy.clusters.dns"}},
    ]
    found = read_configuration({"clusters": clusters}).clusters
    assert found["dns"] == Cluster(name="dns", kind="STRICT_DNS", endpoints=1)
    assert found["waiting"].endpoints is None
    assert found["custom"].kind == "envoy.clusters.dns"


def test_keys_become_snake_case_and_values_stay() -> None:
    assert snake_case({"virtualHosts": [{"requireTls": "someValue"}], "a.Dotted": 1}) == {
        "virtual_hosts": [{"require_tls": "someValue"}],
        "a.Dotted": 1,
    }
