"""Patches on clusters."""

from typing import Any

from envoy.config.cluster.v3 import cluster_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from google.protobuf.json_format import ParseDict

from pillion.envoy.patch.clusters import added_clusters, patch_cluster
from pillion.envoy.patch.editing import Edits
from support.patches import edits, patch

TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"


def socket(name: str = "tls", **fields: Any) -> dict[str, Any]:
    return {"name": name, "typed_config": {"@type": TLS, **fields}}


def patched(document: dict[str, Any], *patches: Any) -> tuple[cluster_pb2.Cluster, bool, Edits]:
    made, work = ParseDict({"name": "a", **document}, cluster_pb2.Cluster()), edits(*patches)
    return made, patch_cluster(made, (), work), work


def context(cluster: cluster_pb2.Cluster) -> tls_pb2.UpstreamTlsContext:
    found = tls_pb2.UpstreamTlsContext()
    assert cluster.transport_socket.typed_config.Unpack(found)
    return found


def test_a_cluster_is_merged_with_or_removed() -> None:
    made, stays, work = patched({}, patch("CLUSTER", "MERGE", {"connect_timeout": "6s"}, cluster={"name": "a"}))
    assert stays
    assert made.connect_timeout.seconds == 6
    assert len(work.touched) == 1
    assert not patched({}, patch("CLUSTER", "REMOVE", cluster={"name": "a"}))[1]
    assert patched({}, patch("CLUSTER", "REMOVE", cluster={"name": "b"}))[1]


def test_its_transport_socket_is_merged_with_and_nothing_else_is() -> None:
    change = {"transport_socket": socket(sni="new"), "alt_stat_name": "lost"}
    made, _, _ = patched({"transport_socket": socket(allow_renegotiation=True)}, patch("CLUSTER", "MERGE", change))
    assert context(made).sni == "new"
    assert context(made).allow_renegotiation
    assert made.alt_stat_name == ""


def test_a_transport_socket_of_another_name_takes_its_place() -> None:
    change = {"transport_socket": socket("mine", sni="new")}
    made, _, _ = patched({"transport_socket": socket(allow_renegotiation=True)}, patch("CLUSTER", "MERGE", change))
    assert made.transport_socket.name == "mine"
    assert not context(made).allow_renegotiation


def test_one_of_several_sockets_is_merged_with_or_the_patch_is_refused() -> None:
    several = {"transport_socket_matches": [{"name": "m", "transport_socket": socket()}]}
    made, _, _ = patched(several, patch("CLUSTER", "MERGE", {"transport_socket": socket(sni="new")}))
    found = tls_pb2.UpstreamTlsContext()
    assert made.transport_socket_matches[0].transport_socket.typed_config.Unpack(found)
    assert found.sni == "new"
    made, _, work = patched(several, patch("CLUSTER", "MERGE", {"transport_socket": socket("mine")}))
    assert not made.HasField("transport_socket")
    assert [each.code for each in work.told] == ["patch-misfit"]


def test_lists_are_replaced_when_asked() -> None:
    several = {"transport_socket_matches": [{"name": "m"}]}
    change = {"transport_socket_matches": [{"name": "n"}]}
    grown, _, _ = patched(several, patch("CLUSTER", "MERGE", change))
    assert [each.name for each in grown.transport_socket_matches] == ["m", "n"]
    replaced, _, _ = patched(several, patch("CLUSTER", "MERGE_AND_REPLACE_LIST", change))
    assert [each.name for each in replaced.transport_socket_matches] == ["n"]


def test_clusters_are_added() -> None:
    every = (patch("CLUSTER", "ADD", {"name": "x"}), patch("CLUSTER", "REPLACE", {"name": "y"}))
    assert [message.name for _, message in added_clusters(edits(*every))] == ["x"]
