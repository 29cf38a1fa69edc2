"""A view in the form of Envoy's dump."""

from envoy.config.cluster.v3.cluster_pb2 import Cluster

from pillion.controlplane.serve.dump import config_dump
from pillion.xds.resource import View, versioned
from pillion.xds.type_urls import CLUSTER


def test_shows_a_cluster_with_its_version() -> None:
    resource = versioned(CLUSTER, "a", Cluster(name="a").SerializeToString(deterministic=True))
    shown = config_dump(View.of([resource]))["configs"]
    assert [each["@type"].rpartition(".")[2] for each in shown] == [
        "ClustersConfigDump",
        "ListenersConfigDump",
        "RoutesConfigDump",
        "EndpointsConfigDump",
    ]
    assert shown[0]["dynamicActiveClusters"] == [
        {"versionInfo": resource.version, "cluster": {"@type": CLUSTER, "name": "a"}}
    ]
