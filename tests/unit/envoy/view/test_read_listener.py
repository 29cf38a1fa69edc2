from typing import Any

from pillion.envoy.view.listener import (
    Always,
    ChainMatch,
    Every,
    Http,
    ListenerFilter,
    Not,
    PortRange,
    Some,
    Tcp,
    Tls,
)
from pillion.envoy.view.read_listener import read_listener
from pillion.envoy.view.route import Weight

TYPE = "type.googleapis.com/envoy.extensions."
MANAGER = TYPE + "filters.network.http_connection_manager.v3.HttpConnectionManager"
PROXY = TYPE + "filters.network.tcp_proxy.v3.TcpProxy"


def _handled(config: dict[str, Any]) -> object:
    chain = {"filters": [{"name": "first"}, {"name": "last", "typed_config": config}]}
    return read_listener({"filter_chains": [chain]}).chains[0].handler


def test_sockets_are_read_and_other_addresses_left_out() -> None:
    def socket(address: str, **more: object) -> dict[str, Any]:
        return {"address": {"socket_address": {"address": address, "port_value": 80, **more}}}

    addresses = [socket("::", ipv4_compat=True), {"address": {"pipe": {"path": "/x"}}}, socket("::1", protocol="UDP")]
    found = read_listener({**socket("10.0.0.1"), "additional_addresses": addresses})
    assert found.addresses == (("10.0.0.1", 80), ("::", 80), ("0.0.0.0", 80))
    assert found.bind_to_port


def test_predicates_of_listener_filters() -> None:
    bounds = {"destination_port_range": {"end": 10}}
    predicates: list[tuple[dict[str, Any], object]] = [
        (bounds, PortRange(start=0, end=10)),
        ({"not_match": bounds}, Not(rule=PortRange(start=0, end=10))),
        ({"or_match": {"rules": [bounds]}}, Some(rules=(PortRange(start=0, end=10),))),
        ({"and_match": {"rules": [bounds]}}, Every(rules=(PortRange(start=0, end=10),))),
        ({"any_match": True}, Always()),
        ({"any_match": False}, Some(rules=())),
    ]
    for message, predicate in predicates:
        found = read_listener({"listener_filters": [{"name": "f", "filter_disabled": message}]})
        assert found.filters == (ListenerFilter(name="f", disabled=predicate),)  # type: ignore[arg-type]
    assert read_listener({"listener_filters": [{"name": "f"}]}).filters == (ListenerFilter(name="f"),)


def test_what_a_chain_matches() -> None:
    match = {
        "destination_port": 443,
        "prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}],
        "server_names": ["*.example"],
        "transport_protocol": "tls",
        "application_protocols": ["h2"],
        "source_type": "EXTERNAL",
        "source_ports": [1],
    }
    assert read_listener({"filter_chains": [{"filter_chain_match": match}]}).chains[0].match == ChainMatch(
        port=443,
        prefixes=("10.0.0.0/8",),
        server_names=("*.example",),
        transport="tls",
        application_protocols=("h2",),
        source_type="EXTERNAL",
        source_ports=(1,),
    )


def test_the_last_filter_that_is_read_handles_the_connection() -> None:
    assert _handled({"@type": PROXY, "cluster": "c"}) == Tcp(cluster="c")
    weights = {"clusters": [{"name": "a", "weight": 1}, {"name": "b", "weight": 2}]}
    assert _handled({"@type": PROXY, "weighted_clusters": weights}) == Tcp(
        weighted=(Weight(cluster="a", weight=1), Weight(cluster="b", weight=2))
    )
    assert _handled({"@type": "another.Filter", "cluster": "c"}) is None
    assert _handled({"@type": MANAGER, "rds": {"route_config_name": "80"}, "normalize_path": True}) == Http(
        route_config="80", normalize_path=True
    )
    assert _handled({"@type": MANAGER, "scoped_routes": {}, "strip_matching_host_port": True}) == Http(
        unread="scoped_routes", strip_port="matching"
    )


def test_tls_and_plain_sockets() -> None:
    config = {
        "@type": TYPE + "transport_sockets.tls.v3.DownstreamTlsContext",
        "require_client_certificate": True,
        "common_tls_context": {"tls_certificate_sds_secret_configs": [{"name": "default"}], "alpn_protocols": ["h2"]},
    }
    plain = {
        "name": "envoy.transport_sockets.raw_buffer",
        "typed_config": {"@type": TYPE + "transport_sockets.raw_buffer.v3.RawBuffer"},
    }
    sockets = [{"name": "envoy.transport_sockets.tls", "typed_config": config}, plain, None]
    chains = [{"transport_socket": each} if each else {} for each in sockets]
    assert [each.tls for each in read_listener({"filter_chains": chains}).chains] == [
        Tls(certificates=("default",), require_client_certificate=True, alpn=("h2",)),
        None,
        None,
    ]
