from pillion.ir.memo import Memo
from pillion.ir.model.route import Forward, HashHeader
from pillion.ir.outbound.routing.defaults import Defaults, Naming, default_hosts
from pillion.ir.traits import OutboundTraits
from pillion.value import FrozenMap
from support.scopes import rule, service

SHARED = Defaults(naming=Naming(proxy_domain="shop.svc.cluster.local", traits=OutboundTraits()))
WEB = service("web", {80: "HTTP", 5432: "TCP"})
STICKY = rule({"host": "w", "trafficPolicy": {"loadBalancer": {"consistentHash": {"httpHeaderName": "x"}}}}).rule.spec


def test_http_ports_have_a_host() -> None:
    found = default_hosts(FrozenMap({WEB.hostname: WEB}), FrozenMap(), SHARED, Memo())
    (candidate,) = found.candidates
    assert (candidate.host.name, candidate.host.port) == (WEB.hostname, 80)
    assert "web" in candidate.shortened
    assert WEB.hostname in found.full_names


def test_another_name_has_none() -> None:
    alias = service("alias", {80: "HTTP"}, resolution="ALIAS")
    assert default_hosts(FrozenMap({"a": alias}), FrozenMap(), SHARED, Memo()).candidates == ()


def test_sticky_services() -> None:
    found = default_hosts(FrozenMap({"w": WEB}), FrozenMap({WEB.hostname: STICKY}), SHARED, Memo())
    action = found.candidates[0].host.routes[0].action
    assert isinstance(action, Forward)
    assert action.hash_keys == (HashHeader(name="x"),)


def test_each_service_is_made_once() -> None:
    memo = Memo()
    other = service("other", {80: "HTTP"})
    default_hosts(FrozenMap({"w": WEB}), FrozenMap(), SHARED, memo)
    default_hosts(FrozenMap({"w": WEB, "o": other}), FrozenMap(), SHARED, memo)
    assert (memo.hits, memo.misses) == (1, 2)
