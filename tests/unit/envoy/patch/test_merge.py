"""Merging: scalars replace, messages merge, lists grow, durations and entries of maps are replaced whole."""

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.extensions.filters.http.lua.v3 import lua_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from google.protobuf import any_pb2
from google.protobuf.json_format import ParseDict

from pillion.envoy.messages.wellknown import packed
from pillion.envoy.patch.merge import merge, merged_any

Cluster = cluster_pb2.Cluster


def cluster(**fields: object) -> Cluster:
    return ParseDict(fields, Cluster())


def test_scalars_replace_and_what_is_not_set_stays() -> None:
    target = cluster(name="a", alt_stat_name="old")
    merge(target, cluster(alt_stat_name="new"))
    assert target == cluster(name="a", alt_stat_name="new")


def test_a_duration_is_replaced_as_a_whole() -> None:
    target = cluster(connect_timeout="1.5s")
    merge(target, cluster(connect_timeout="2s"))
    assert target == cluster(connect_timeout="2s")


def test_messages_are_merged_field_by_field() -> None:
    target = cluster(upstream_connection_options={"tcp_keepalive": {"keepalive_time": 5}})
    merge(target, cluster(upstream_connection_options={"tcp_keepalive": {"keepalive_probes": 2}}))
    wanted = {"tcp_keepalive": {"keepalive_time": 5, "keepalive_probes": 2}}
    assert target == cluster(upstream_connection_options=wanted)


def test_an_empty_message_that_is_set_is_set() -> None:
    target = cluster(name="a")
    merge(target, cluster(upstream_connection_options={}))
    assert target.HasField("upstream_connection_options")


def test_a_oneof_changes_its_member() -> None:
    target = cluster(round_robin_lb_config={})
    merge(target, cluster(ring_hash_lb_config={"minimum_ring_size": 3}))
    assert target.WhichOneof("lb_config") == "ring_hash_lb_config"


def test_lists_grow_or_are_replaced() -> None:
    target = cluster(transport_socket_matches=[{"name": "a"}])
    merge(target, cluster(transport_socket_matches=[{"name": "b"}]))
    assert [each.name for each in target.transport_socket_matches] == ["a", "b"]
    merge(target, cluster(transport_socket_matches=[{"name": "c"}]), replace_lists=True)
    assert [each.name for each in target.transport_socket_matches] == ["c"]


def test_entries_of_maps_are_replaced() -> None:
    target = cluster(metadata={"filter_metadata": {"istio": {"a": 1}, "other": {}}})
    merge(target, cluster(metadata={"filter_metadata": {"istio": {"b": 2}}}))
    assert target == cluster(metadata={"filter_metadata": {"istio": {"b": 2}, "other": {}}})


def test_what_any_holds_is_merged() -> None:
    old = packed(lua_pb2.Lua(inline_code="old", stat_prefix="kept"))
    found = merged_any(old, packed(lua_pb2.Lua(inline_code="new")))
    assert found == packed(lua_pb2.Lua(inline_code="new", stat_prefix="kept"))


def test_other_types_are_not_merged() -> None:
    assert merged_any(packed(lua_pb2.Lua()), packed(router_pb2.Router())) is None
    assert merged_any(packed(lua_pb2.Lua()), any_pb2.Any(type_url="type.googleapis.com/acme.Unknown")) is None


def test_a_source_is_not_shared() -> None:
    target, source = listener_pb2.Listener(), ParseDict({"listener_filters": [{"name": "a"}]}, listener_pb2.Listener())
    merge(target, source)
    target.listener_filters[0].name = "b"
    assert source.listener_filters[0].name == "a"
