"""Patches on filters: listener filters, network filters, filters of an HTTP connection manager."""

from typing import Any

from envoy.config.listener.v3 import listener_pb2
from envoy.extensions.filters.http.lua.v3 import lua_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from google.protobuf.json_format import ParseDict

from pillion.envoy.messages.wellknown import packed
from pillion.envoy.patch.editing import Edits
from pillion.envoy.patch.filters import HTTP_CONNECTION_MANAGER, patch_listener_filters, patch_network_filters
from support.patches import edits, lua, patch

MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
HttpConnectionManager = http_connection_manager_pb2.HttpConnectionManager


def listener() -> listener_pb2.Listener:
    manager = {
        "name": HTTP_CONNECTION_MANAGER,
        "typed_config": {"@type": MANAGER, "stat_prefix": "p", "http_filters": [lua("a"), lua("router")]},
    }
    chain = {"name": "chain", "filters": [lua("first"), manager]}
    document = {"name": "l", "listener_filters": [lua("one"), {"name": "bare"}], "filter_chains": [chain]}
    return ParseDict(document, listener_pb2.Listener())


def inside(made: listener_pb2.Listener) -> HttpConnectionManager:
    found = HttpConnectionManager()
    assert made.filter_chains[0].filters[-1].typed_config.Unpack(found)
    return found


def at(name: str = HTTP_CONNECTION_MANAGER, inner: str = "") -> dict[str, Any]:
    return {"filterChain": {"filter": {"name": name, **({"subFilter": {"name": inner}} if inner else {})}}}


def patched(*patches: Any) -> tuple[listener_pb2.Listener, Edits]:
    made, work = listener(), edits(*patches)
    patch_listener_filters(made, work)
    patch_network_filters(made, made.filter_chains[0], work)
    return made, work


def test_an_http_filter_goes_where_it_is_said() -> None:
    made, work = patched(patch("HTTP_FILTER", "INSERT_BEFORE", lua("new"), listener=at(inner="router")))
    assert [each.name for each in inside(made).http_filters] == ["a", "new", "router"]
    assert len(work.touched) == 1


def test_patches_see_what_those_before_them_did() -> None:
    made, _ = patched(
        patch("HTTP_FILTER", "INSERT_FIRST", lua("new"), listener=at()),
        patch("HTTP_FILTER", "INSERT_AFTER", lua("newer"), listener=at(inner="new")),
        patch("HTTP_FILTER", "REMOVE", listener=at(inner="a")),
    )
    assert [each.name for each in inside(made).http_filters] == ["new", "newer", "router"]


def test_a_merge_changes_configuration_and_name() -> None:
    change = lua("renamed", "new")
    made, _ = patched(patch("HTTP_FILTER", "MERGE", change, listener=at(inner="a")))
    first = inside(made).http_filters[0]
    assert first.name == "renamed"
    found = lua_pb2.Lua()
    assert first.typed_config.Unpack(found)
    assert found.default_source_code.inline_string == "new"


def test_a_merge_into_another_type_is_refused_and_told() -> None:
    router = {
        "name": "",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    }
    made, work = patched(patch("HTTP_FILTER", "MERGE", router, listener=at(inner="a")))
    assert inside(made) == inside(listener())
    assert [each.code for each in work.told] == ["patch-misfit"]


def test_a_filter_of_another_network_filter_is_none_of_these() -> None:
    made, work = patched(patch("HTTP_FILTER", "ADD", lua("new"), listener=at("envoy.filters.network.tcp_proxy")))
    assert made == listener()
    assert not work.touched


def test_the_manager_is_merged_with() -> None:
    value = {"typed_config": {"@type": MANAGER, "server_name": "mine"}}
    made, _ = patched(patch("NETWORK_FILTER", "MERGE", value, listener=at()))
    assert inside(made).server_name == "mine"
    assert inside(made).stat_prefix == "p"
    assert made.filter_chains[0].filters[-1].name == HTTP_CONNECTION_MANAGER


def test_network_filters_are_inserted_and_removed() -> None:
    made, _ = patched(
        patch("NETWORK_FILTER", "INSERT_BEFORE", lua("new"), listener=at()),
        patch("NETWORK_FILTER", "REMOVE", listener=at("first")),
    )
    assert [each.name for each in made.filter_chains[0].filters] == ["new", HTTP_CONNECTION_MANAGER]


def test_listener_filters_are_merged_by_name_and_keep_theirs() -> None:
    made, _ = patched(
        patch("LISTENER_FILTER", "MERGE", lua("renamed", "new"), listener={"listenerFilter": "one"}),
        patch("LISTENER_FILTER", "MERGE", lua("x", "lost"), listener={"listenerFilter": "bare"}),
        patch("LISTENER_FILTER", "MERGE", lua("x", "lost")),
        patch("LISTENER_FILTER", "ADD", {"name": "last"}),
    )
    assert [each.name for each in made.listener_filters] == ["one", "bare", "last"]
    merged = lua_pb2.Lua()
    assert made.listener_filters[0].typed_config.Unpack(merged)
    assert made.listener_filters[0].typed_config == packed(merged)
    assert merged.default_source_code.inline_string == "new"
    assert not made.listener_filters[1].HasField("typed_config")
