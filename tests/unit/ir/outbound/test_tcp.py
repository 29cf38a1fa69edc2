from typing import Any

from pillion.ir.model.key import BackendKey
from pillion.ir.model.listener import Chain, Tcp
from pillion.ir.outbound.listener_slice import listener_slice
from pillion.ir.outbound.tcp import TcpContext, TcpPlace, tcp_chains
from pillion.ir.traits import OutboundTraits
from pillion.mesh.destination_rules import ConsolidatedRule
from pillion.mesh.service import Service
from support.scopes import entry, rule, scope, service, virtual_service

DB = service("db", {5432: "TCP", 27017: "Mongo"})
SECURE = entry("a.example", {443: "TLS"}, resolution="DNS")


def _chains(
    of: Service,
    port: int = 0,
    *,
    rules: tuple[ConsolidatedRule, ...] = (),
    spec: dict[str, Any] | None = None,
    **more: Any,
) -> list[Chain]:
    services = virtual_service({"hosts": [of.hostname]} | spec) if spec else None
    made = scope([DB, SECURE], rules=rules, virtual_services=(services,) if services else ())
    cut = listener_slice(made, OutboundTraits())
    context = TcpContext(cut=cut, virtual_services=cut.egress[0].virtual_services)
    return tcp_chains(TcpPlace(service=of, port=of.ports[port], **more), context)


def _tcp(chain: Chain) -> Tcp:
    assert isinstance(chain.handler, Tcp)
    return chain.handler


def test_a_service_has_one_chain_of_its_own() -> None:
    (chain,) = _chains(DB)
    assert [target.backend for target in _tcp(chain).targets] == [BackendKey(port=5432, host=DB.hostname)]
    assert _tcp(_chains(DB, 1)[0]).inspect == "mongo"


def test_tls_without_an_address_is_told_apart_by_name() -> None:
    (anywhere,) = _chains(SECURE, binds=("0.0.0.0",))
    assert anywhere.match is not None
    assert anywhere.match.server_names == ("a.example",)
    (member,) = _chains(SECURE, binds=("0.0.0.0",), per_member=True)
    assert member.match is not None
    assert member.match.server_names == ()


def test_a_tcp_route_replaces_the_service() -> None:
    route = {"destination": {"host": "a.example", "port": {"number": 1}}}
    (chain,) = _chains(DB, spec={"tcp": [{"route": [route]}]})
    assert _tcp(chain).targets[0].backend == BackendKey(port=1, host="a.example")
    assert chain.origin == "shop/x"


def test_a_tcp_route_for_some_addresses_stands_beside_it() -> None:
    route = {"destination": {"host": "a.example"}}
    spec = {"tcp": [{"match": [{"destinationSubnets": ["10.1.0.0/16"]}], "route": [route]}]}
    first, second = _chains(DB, spec=spec)
    assert first.match is not None
    assert first.match.prefixes == ("10.1.0.0/16",)
    assert _tcp(second).targets[0].backend.host == DB.hostname
    assert len(_chains(DB, spec=spec, prefixes=("10.1.0.0/16",))) == 1


def test_a_route_for_another_port_does_not_count() -> None:
    spec = {"tcp": [{"match": [{"port": 1}], "route": [{"destination": {"host": "a.example"}}]}]}
    assert _tcp(_chains(DB, spec=spec)[0]).targets[0].backend.host == DB.hostname


def test_weights() -> None:
    routes = [{"destination": {"host": "a.example"}, "weight": 90}, {"destination": {"host": "b"}, "weight": 0}]
    spec = {"tcp": [{"route": [*routes, {"destination": {"host": "c"}, "weight": 10}]}]}
    proxy = _tcp(_chains(DB, spec=spec)[0])
    assert proxy.split
    assert [target.weight for target in proxy.targets] == [90, 10]
    assert proxy.statistics == "x.shop"


def test_tls_routes_go_by_server_name_each_once() -> None:
    matches = [{"sniHosts": ["a.example"]}, {"sniHosts": ["a.example"]}, {"sniHosts": ["b"], "port": 9}]
    spec = {"tls": [{"match": matches, "route": [{"destination": {"host": "a.example"}}]}]}
    (chain,) = _chains(SECURE, spec=spec)
    assert chain.match is not None
    assert chain.match.server_names == ("a.example",)


def test_a_rule_shapes_the_stream() -> None:
    pool = {"tcp": {"idleTimeout": "3s", "maxConnectionDuration": "4s"}}
    policy = {
        "connectionPool": pool,
        "loadBalancer": {"consistentHash": {"useSourceIp": True}},
        "tunnel": {"protocol": "POST", "targetHost": "t", "targetPort": 9},
    }
    proxy = _tcp(_chains(DB, rules=(rule({"host": DB.hostname, "trafficPolicy": policy}),))[0])
    assert (proxy.idle_timeout, proxy.max_duration, proxy.hash_source) == (3 * 10**9, 4 * 10**9, True)
    assert (proxy.tunnel_target, proxy.tunnel_post) == ("t:9", True)


def test_a_wildcard_is_resolved_for_whoever_asks() -> None:
    wild = entry("*.example", {443: "TLS"}, resolution="DYNAMIC_DNS")
    proxy = _tcp(_chains(wild)[0])
    assert (proxy.sni_port, proxy.sni_names.cache) == (443, "*.example-dfp-dns-cache")
