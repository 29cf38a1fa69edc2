"""Patches on a cluster."""

from collections.abc import Collection

from envoy.config.cluster.v3 import cluster_pb2

from pillion.envoy.patch.editing import Edits
from pillion.envoy.patch.listeners import merge_socket
from pillion.envoy.patch.matches import is_cluster
from pillion.envoy.patch.merge import merge
from pillion.envoy.patch.model import Patch

Cluster = cluster_pb2.Cluster


def patch_cluster(cluster: Cluster, hosts: Collection[str], edits: Edits) -> bool:
    """Patch a cluster in place; return whether it is still there. `hosts` are the services of an inbound one."""
    for patch in edits.of("CLUSTER"):
        if not is_cluster(patch, cluster, hosts):
            continue
        if patch.operation == "REMOVE":
            edits.touch(patch)
            return False
        if patch.merges:
            edits.touch(patch)
            _merge(cluster, patch, edits)
    return True


def added_clusters(edits: Edits) -> list[tuple[Patch, Cluster]]:
    """Return the clusters that patches add."""
    return [(each, Cluster.FromString(each.value or b"")) for each in edits.of("CLUSTER") if each.operation == "ADD"]


def _merge(cluster: Cluster, patch: Patch, edits: Edits) -> None:
    """Merge into a cluster; a patch with a transport socket is about that socket alone.

    It is merged into the one of that name, takes the place of one with another name, and is dropped when the cluster
    has several sockets to choose from and none of that name: a cluster cannot have both.
    """
    source = Cluster.FromString(patch.value or b"")
    if not source.HasField("transport_socket"):
        merge(cluster, source, replace_lists=patch.operation == "MERGE_AND_REPLACE_LIST")
        return
    wanted = source.transport_socket
    sockets = [each.transport_socket for each in cluster.transport_socket_matches if each.HasField("transport_socket")]
    if not cluster.transport_socket_matches and cluster.HasField("transport_socket"):
        sockets = [cluster.transport_socket]
    found = next((each for each in sockets if each.name == wanted.name), None)
    if found is not None:
        merge_socket(found, wanted, patch, edits)
    elif cluster.transport_socket_matches:
        edits.refuse(patch, f"cluster {cluster.name} has no transport socket called {wanted.name}")
    else:
        cluster.transport_socket.CopyFrom(wanted)
