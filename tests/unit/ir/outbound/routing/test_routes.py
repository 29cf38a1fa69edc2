from typing import Any

from pillion.ir.model.key import BackendKey
from pillion.ir.model.route import Forward, HashHeader, Mirror, Redirect, Rewrite, Route
from pillion.ir.outbound.routing.routes import Registry, RouteContext, destinations, http_routes
from pillion.value import FrozenMap
from support.scopes import rule, service, virtual_service

WEB = service("web", {80: "HTTP"})
TO_WEB = {"destination": {"host": WEB.hostname}}
CONTEXT = RouteContext(port=80, namespace="shop", labels=FrozenMap({"app": "me"}))


def _routes(*http: dict[str, Any], registry: Registry | None = None) -> tuple[Route, ...]:
    spec = {"hosts": [WEB.hostname], "http": list(http)}
    return http_routes(virtual_service(spec), CONTEXT, registry or Registry(services=FrozenMap({WEB.hostname: WEB})))


def _forward(route: Route) -> Forward:
    assert isinstance(route.action, Forward)
    return route.action


def test_nothing_comes_after_what_catches_everything() -> None:
    routes = _routes(
        {"name": "a", "match": [{"uri": {"prefix": "/a"}}, {"name": "all", "uri": {"prefix": "/"}}], "route": [TO_WEB]},
        {"name": "never", "route": [TO_WEB]},
    )
    assert [route.name for route in routes] == ["a", "a.all"]
    assert len(_routes({"route": [TO_WEB]}, {"route": [TO_WEB]})) == 1


def test_matches_for_others_are_left_out() -> None:
    assert _routes({"match": [{"port": 81}, {"sourceLabels": {"app": "other"}}], "route": [TO_WEB]}) == ()


def test_one_destination() -> None:
    (route,) = _routes(
        {"timeout": "3s", "route": [TO_WEB | {"headers": {"request": {"set": {"Host": "h", "x": "1"}}}}]}
    )
    forward = _forward(route)
    assert forward.backends[0].backend == BackendKey(port=80, host=WEB.hostname)
    assert (forward.split, forward.timeout, forward.rewrite) == (False, 3 * 10**9, Rewrite(host="h"))
    assert route.changes.request[0].name == "x"
    assert route.operation == f"{WEB.hostname}:80/*"


def test_several_destinations_by_weight() -> None:
    (route,) = _routes(
        {"route": [TO_WEB | {"weight": 0}, {"destination": {"host": "b"}, "weight": 7}, TO_WEB | {"weight": 3}]}
    )
    forward = _forward(route)
    assert forward.split
    assert [(each.backend.host, each.weight) for each in forward.backends] == [("b", 7), (WEB.hostname, 3)]
    assert route.operation == "x:80/*"


def test_rewrites() -> None:
    plain, pattern = _routes(
        {"match": [{"uri": {"prefix": "/a"}}], "rewrite": {"uri": "/b", "authority": "h"}, "route": [TO_WEB]},
        {"rewrite": {"uriRegexRewrite": {"match": "a", "rewrite": "b"}}, "route": [TO_WEB]},
    )
    assert _forward(plain).rewrite == Rewrite(prefix="/b", host="h")
    assert _forward(pattern).rewrite == Rewrite(regex="a", substitution="b")


def test_mirrors() -> None:
    (route,) = _routes({
        "route": [TO_WEB], "mirror": {"host": "m"}, "mirrorPercentage": {"value": 0},
        "mirrors": [{"destination": {"host": "n"}, "percentage": {"value": 1}}, {"destination": {"host": "o"}}],
    })  # fmt: skip
    mirrors: tuple[Mirror, ...] = _forward(route).mirrors
    assert [(each.backend.host, each.share.numerator) for each in mirrors] == [("n", 10_000), ("o", 100)]


def test_sticky_destinations_may_come_back_to_a_member() -> None:
    sticky = rule(
        {"host": "w", "trafficPolicy": {"loadBalancer": {"consistentHash": {"httpHeaderName": "x"}}}}
    ).rule.spec
    registry = Registry(sticky_rules=FrozenMap({WEB.hostname: sticky}))
    forward = _forward(_routes({"route": [TO_WEB]}, registry=registry)[0])
    assert forward.hash_keys == (HashHeader(name="x"),)
    assert forward.retry is not None
    assert not forward.retry.other_hosts


def test_other_actions() -> None:
    (route,) = _routes({"redirect": {"uri": "/x"}})
    assert isinstance(route.action, Redirect)
    assert route.operation == "x:80/*"


def test_every_host_that_is_sent_to() -> None:
    spec = {"hosts": ["a"], "http": [{"route": [TO_WEB], "mirror": {"host": "m"}}]}
    assert list(destinations(virtual_service(spec))) == [WEB.hostname, "m"]
