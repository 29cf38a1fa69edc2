"""Patches on listeners and their chains."""

from typing import Any

from envoy.config.listener.v3 import listener_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from google.protobuf.json_format import ParseDict

from pillion.envoy.patch.editing import Edits
from pillion.envoy.patch.filters import HTTP_CONNECTION_MANAGER, HttpConnectionManager
from pillion.envoy.patch.listeners import added_listeners, patch_inline_routes, patch_listener
from support.patches import edits, lua, patch

TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def socket(**fields: Any) -> dict[str, Any]:
    return {"name": "envoy.transport_sockets.tls", "typed_config": {"@type": TLS, **fields}}


def listener() -> listener_pb2.Listener:
    routes = {"name": "inbound|80||", "virtual_hosts": [{"name": "h", "domains": ["*"]}]}
    manager = {"name": HTTP_CONNECTION_MANAGER, "typed_config": {"@type": MANAGER, "route_config": routes}}
    chains = [
        {"name": "one", "filters": [manager], "transport_socket": socket(require_client_certificate=True)},
        {"name": "two", "filters": [lua("f")]},
    ]
    document = {"name": "l", "filter_chains": chains, "default_filter_chain": {"name": "rest", "filters": [lua("f")]}}
    return ParseDict(document, listener_pb2.Listener())


def patched(*patches: Any) -> tuple[listener_pb2.Listener, bool, Edits]:
    made, work = listener(), edits(*patches)
    stays = patch_listener(made, work)
    return made, stays, work


def names(made: listener_pb2.Listener) -> list[str]:
    return [each.name for each in made.filter_chains]


def test_a_listener_is_merged_with_or_removed() -> None:
    made, stays, _ = patched(patch("LISTENER", "MERGE", {"stat_prefix": "s"}, listener={"name": "l"}))
    assert stays
    assert made.stat_prefix == "s"
    assert not patched(patch("LISTENER", "REMOVE", listener={"name": "l"}))[1]
    assert patched(patch("LISTENER", "REMOVE", listener={"name": "other"}))[1]


def test_chains_are_added_merged_and_removed() -> None:
    made, _, _ = patched(
        patch("FILTER_CHAIN", "ADD", {"name": "three", "filters": [lua("f")]}),
        patch("FILTER_CHAIN", "REMOVE", listener={"filterChain": {"name": "two"}}),
        patch("FILTER_CHAIN", "MERGE", {"transport_socket_connect_timeout": "3s"}),
    )
    assert names(made) == ["one", "three"]
    assert made.filter_chains[0].transport_socket_connect_timeout.seconds == 3
    assert not made.filter_chains[1].HasField("transport_socket_connect_timeout"), "what is added is not merged with"


def test_the_default_chain_can_go() -> None:
    made, _, _ = patched(patch("FILTER_CHAIN", "REMOVE", listener={"filterChain": {"name": "rest"}}))
    assert not made.HasField("default_filter_chain")


def test_a_transport_socket_of_the_same_name_is_merged_with_and_nothing_else_is() -> None:
    value = {"name": "renamed", "transport_socket": socket(require_sni=True)}
    made, _, _ = patched(patch("FILTER_CHAIN", "MERGE", value, listener={"filterChain": {"name": "one"}}))
    chain = made.filter_chains[0]
    context = tls_pb2.DownstreamTlsContext()
    assert chain.transport_socket.typed_config.Unpack(context)
    assert context.require_client_certificate.value
    assert context.require_sni.value
    assert chain.name == "one"


def test_a_transport_socket_of_another_type_is_refused() -> None:
    raw = "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"
    value = {"transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": {"@type": raw}}}
    made, _, work = patched(patch("FILTER_CHAIN", "MERGE", value, listener={"filterChain": {"name": "one"}}))
    assert made == listener()
    assert [each.code for each in work.told] == ["patch-misfit"]


def test_a_chain_without_socket_takes_one() -> None:
    value = {"name": "both", "transport_socket": socket()}
    made, _, _ = patched(patch("FILTER_CHAIN", "MERGE", value, listener={"filterChain": {"name": "two"}}))
    assert names(made) == ["one", "both"]
    assert made.filter_chains[1].transport_socket.name == "envoy.transport_sockets.tls"


def test_routes_that_stand_in_a_listener_are_patched() -> None:
    made = listener()
    value = {"name": "mine", "domains": ["mine"]}
    at = {"portNumber": 80}
    patch_inline_routes(made, edits(patch("VIRTUAL_HOST", "ADD", value, routeConfiguration=at)))
    manager = HttpConnectionManager()
    assert made.filter_chains[0].filters[0].typed_config.Unpack(manager)
    assert [each.name for each in manager.route_config.virtual_hosts] == ["h", "mine"]


def test_listeners_are_added() -> None:
    found = added_listeners(edits(patch("LISTENER", "ADD", {"name": "new"}), patch("LISTENER", "REMOVE")))
    assert [message.name for _, message in found] == ["new"]


def test_what_is_added_without_filters_or_name_is_nothing() -> None:
    chain = patch("FILTER_CHAIN", "INSERT_FIRST", {"transport_socket_connect_timeout": "3s"})
    made, stays, _ = patched(chain)
    assert (names(made), stays) == (["one", "two"], True)
    nameless = patch("LISTENER", "INSERT_AFTER", {"per_connection_buffer_limit_bytes": 7})
    assert added_listeners(edits(nameless)) == []
