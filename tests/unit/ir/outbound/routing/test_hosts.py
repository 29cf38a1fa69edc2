from typing import Any

from pillion.ir.memo import Memo
from pillion.ir.model.table import VirtualHost
from pillion.ir.outbound.routing.defaults import Defaults, Naming
from pillion.ir.outbound.routing.hosts import HostInputs, Rivalry, rivalry, virtual_hosts
from pillion.ir.outbound.routing.routes import Registry, RouteContext
from pillion.ir.traits import OutboundTraits
from pillion.mesh.service import Service
from pillion.resources.istio.virtual_service import VirtualService
from pillion.resources.meta import ref_of
from pillion.value import NO_LABELS, FrozenMap
from support.scopes import entry, service, virtual_service

WEB, OTHER = service("web", {80: "HTTP"}), service("other", {80: "HTTP"}, "10.96.0.2")
ROUTE = {"route": [{"destination": {"host": "other.shop.svc.cluster.local"}}]}


def _inputs(*services: Service, rules: tuple[VirtualService, ...] = (), port: int = 80, **more: Any) -> HostInputs:
    return HostInputs(
        context=RouteContext(port=port, namespace="shop", labels=NO_LABELS),
        registry=Registry(services=FrozenMap({each.hostname: each for each in services})),
        shared=Defaults(
            naming=Naming(proxy_domain="shop.svc.cluster.local", traits=OutboundTraits(), with_port=port == 0)
        ),
        virtual_services=rules,
        **more,
    )


def _hosts(*services: Service, **more: Any) -> dict[str, VirtualHost]:
    return {f"{host.name}:{host.port}": host for host in virtual_hosts(_inputs(*services, **more), Memo())}


def _rivalry(*rules: VirtualService, **more: Any) -> Rivalry:
    return rivalry(_inputs(WEB, OTHER, rules=rules, **more), Memo())


def test_services_by_themselves() -> None:
    found = _hosts(WEB, OTHER)
    assert list(found) == ["other.shop.svc.cluster.local:80", "web.shop.svc.cluster.local:80"]
    assert "web" in found["web.shop.svc.cluster.local:80"].domains


def test_a_rule_claims_its_service() -> None:
    claimed = virtual_service({"hosts": [WEB.hostname], "http": [ROUTE]})
    found = _hosts(WEB, OTHER, rules=(claimed,))
    assert found["web.shop.svc.cluster.local:80"].routes[0].origin == "shop/x"
    assert found["other.shop.svc.cluster.local:80"].routes[0].origin == ""


def test_the_first_of_two_rules_for_a_host_counts() -> None:
    rules = tuple(virtual_service({"hosts": [WEB.hostname], "http": [ROUTE]}, name) for name in ("first", "second"))
    assert _hosts(WEB, rules=rules)["web.shop.svc.cluster.local:80"].routes[0].origin == "shop/first"


def test_names_without_a_service_count_on_port_80_alone() -> None:
    named = virtual_service({"hosts": ["WWW.example"], "http": [ROUTE]})
    assert _hosts(WEB, rules=(named,))["www.example:80"].domains == ("www.example",)
    assert _hosts(service("a", {81: "HTTP"}), rules=(named,), port=81).keys() == {"a.shop.svc.cluster.local:81"}


def test_the_most_specific_wildcard_counts() -> None:
    wide = virtual_service({"hosts": ["*.local"], "http": [ROUTE]}, "wide")
    narrow = virtual_service({"hosts": ["*.cluster.local"], "http": [ROUTE]}, "narrow")
    best = FrozenMap({WEB.hostname: ref_of(narrow)})
    found = _hosts(WEB, rules=(wide, narrow), most_specific=best)
    assert found["web.shop.svc.cluster.local:80"].routes[0].origin == "shop/narrow"


def test_a_shortened_name_does_not_hide_a_service_of_that_name() -> None:
    short = entry("web", {80: "HTTP"})
    found = _hosts(WEB, short)
    assert "web" in found["web:80"].domains
    assert "web" not in found["web.shop.svc.cluster.local:80"].domains


def test_all_ports_by_names_that_carry_the_port() -> None:
    found = _hosts(service("a", {80: "HTTP", 81: "HTTP"}), port=0)
    assert "a" in found["a.shop.svc.cluster.local:80"].domains
    assert all(":" in name for name in found["a.shop.svc.cluster.local:81"].domains)


def test_rules_that_concern_others_add_nothing() -> None:
    other = virtual_service({"hosts": ["a.example"], "http": [{"match": [{"port": 9}], **ROUTE}]})
    assert "a.example:80" not in _hosts(WEB, rules=(other,))


def test_a_rule_whose_hosts_are_all_taken_is_shadowed() -> None:
    first = virtual_service({"hosts": [WEB.hostname], "http": [ROUTE]}, "first")
    third = virtual_service({"hosts": ["a.example"], "http": [ROUTE]}, "third")
    last = virtual_service({"hosts": ["A.example", WEB.hostname], "http": [ROUTE]}, "last")
    found = _rivalry(first, third, last)
    assert dict(found.shadowed) == {"VirtualService shop/last": (ref_of(third), ref_of(first))}
    assert found.heard == {ref_of(first), ref_of(third)}


def test_a_rule_with_one_host_left_is_heard() -> None:
    first = virtual_service({"hosts": [WEB.hostname], "http": [ROUTE]}, "first")
    wider = virtual_service({"hosts": [WEB.hostname, OTHER.hostname], "http": [ROUTE]}, "wider")
    twice = virtual_service({"hosts": ["a.example", "a.example"], "http": [ROUTE]}, "twice")
    assert _rivalry(first, wider, twice) == Rivalry(heard=frozenset(map(ref_of, (first, wider, twice))))


def test_a_rule_without_routes_here_shadows_nobody() -> None:
    elsewhere = virtual_service({"hosts": [WEB.hostname], "http": [{"match": [{"port": 81}], **ROUTE}]}, "elsewhere")
    second = virtual_service({"hosts": [WEB.hostname], "http": [ROUTE]}, "second")
    assert _rivalry(elsewhere, second) == Rivalry(heard=frozenset({ref_of(second)}))


def test_an_exact_host_leaves_the_rest_of_a_wildcard() -> None:
    exact = virtual_service({"hosts": [WEB.hostname], "http": [ROUTE]}, "exact")
    wide = virtual_service({"hosts": ["*.cluster.local"], "http": [ROUTE]}, "wide")
    found = _rivalry(exact, wide, most_specific=FrozenMap({each.hostname: ref_of(wide) for each in (WEB, OTHER)}))
    assert dict(found.shadowed) == {}
