from typing import Any

import pytest

from pillion.analysis.call import Call
from pillion.analysis.routes import choose_route, location_of
from pillion.envoy.view.matcher import HeaderMatch, QueryMatch, StringMatch, Unread
from pillion.envoy.view.route import PathMatch, Redirect, Route, RouteMatch, VirtualHost
from pillion.value import FrozenMap

ROOT = PathMatch(how="prefix", text="/")
CALL = Call(address="10.0.0.1", port=80, host="shop.example", method="POST", headers=FrozenMap({"x-user": "ann"}))


def _chosen(path: str, *matches: RouteMatch, call: Call = CALL) -> tuple[str, tuple[str, ...]]:
    routes = tuple(Route(name=f"r{place}", match=match) for place, match in enumerate(matches))
    found = choose_route(VirtualHost(name="v", domains=("*",), routes=routes), call, path, "envoy")
    return found.route.name if found.route else "", found.notes


def _takes(path: str, match: RouteMatch) -> bool:
    return _chosen(path, match)[0] == "r0"


@pytest.mark.parametrize(
    ("match", "fits", "misses"),
    [
        (PathMatch(how="prefix", text="/a"), "/ab?x", "/b"),
        (PathMatch(how="prefix", text="/A", ignore_case=True), "/ab", "/b"),
        (PathMatch(how="path", text="/a"), "/a?x=1", "/a/"),
        (PathMatch(how="path_separated_prefix", text="/a"), "/a/b", "/ab"),
        (PathMatch(how="path_separated_prefix", text="/a"), "/a", "/"),
        (PathMatch(how="regex", text="/r[0-9]+"), "/r12?x", "/r12/x"),
    ],
)
def test_paths_are_compared_without_the_query(match: PathMatch, fits: str, misses: str) -> None:
    assert _takes(fits, RouteMatch(path=match))
    assert not _takes(misses, RouteMatch(path=match))


def test_every_condition_must_hold() -> None:
    user = HeaderMatch(name="x-user", match=StringMatch(how="exact", text="ann"))
    method = HeaderMatch(name=":method", match=StringMatch(how="exact", text="POST"))
    query = QueryMatch(name="q", match=StringMatch(how="exact", text="1"))
    match = RouteMatch(path=ROOT, headers=(user, method), query=(query,))
    assert _takes("/?q=1", match)
    assert not _takes("/?q=2", match)
    assert _chosen("/?q=1", match, call=Call(address="10.0.0.1", port=80))[0] == ""
    assert not _takes("/", RouteMatch(path=ROOT, grpc=True))
    assert not _takes("/", RouteMatch(path=PathMatch(how="connect")))


def test_the_first_route_wins() -> None:
    assert (
        _chosen("/a", RouteMatch(path=PathMatch(how="path", text="/b")), RouteMatch(path=ROOT), RouteMatch(path=ROOT))[
            0
        ]
        == "r1"
    )


def test_a_share_of_the_requests_is_noted() -> None:
    found, notes = _chosen("/", RouteMatch(path=ROOT, fraction=0.0), RouteMatch(path=ROOT, fraction=0.25))
    assert found == "r1"
    assert notes == ("25 % of requests go to route r1, the others to the routes after it",)


def test_what_cannot_be_judged_is_passed_over_and_noted() -> None:
    unread = RouteMatch(path=ROOT, unread=("tls_context",))
    found, notes = _chosen("/", RouteMatch(path=Unread(kind="path_match_policy")), unread, RouteMatch(path=ROOT))
    assert found == "r2"
    assert notes == (
        "route r0 was passed over: path_match_policy is not judged here",
        "route r1 was passed over: tls_context is not judged here",
    )


@pytest.mark.parametrize(
    ("redirect", "host", "path", "expected"),
    [
        ({}, "a:81", "/x?y", "301 http://a:81/x?y"),
        ({"scheme": "https", "status": 302}, "a:80", "/x", "302 https://a/x"),
        ({"host": "b", "path": "/new"}, "a:81", "/x?y", "301 http://b/new?y"),
        ({"host": "b:82", "path": "/new?z"}, "a", "/x?y", "301 http://b:82/new?z"),
        ({"port": 8443, "scheme": "https"}, "a", "/x", "301 https://a:8443/x"),
        ({"path": "/v2", "prefix": True, "strip_query": True}, "a", "/v1/x?y", "301 http://a/v2/x"),
    ],
)
def test_where_a_redirect_leads(redirect: dict[str, Any], host: str, path: str, expected: str) -> None:
    match = RouteMatch(path=PathMatch(how="prefix", text="/v1"))
    call = Call(address="10.0.0.1", port=80, host=host)
    assert location_of(Redirect(**redirect), match, call, path) == expected
