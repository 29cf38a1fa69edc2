"""Patches on route configurations, virtual hosts and routes."""

from typing import Any

import pytest
from envoy.config.route.v3 import route_pb2
from google.protobuf.json_format import ParseDict

from pillion.envoy.patch.routes import patch_routes
from support.patches import edits, patch


def route(name: str, status: int = 200) -> dict[str, Any]:
    return {"name": name, "match": {"prefix": "/"}, "direct_response": {"status": status}}


def configuration() -> route_pb2.RouteConfiguration:
    hosts = [
        {"name": "a", "domains": ["a.example"], "routes": [route("one"), route("two")]},
        {"name": "b", "domains": ["b.example"], "routes": [route("one")]},
    ]
    return ParseDict({"name": "80", "virtual_hosts": hosts}, route_pb2.RouteConfiguration())


def patched(*patches: Any) -> route_pb2.RouteConfiguration:
    made = configuration()
    patch_routes(made, edits(*patches))
    return made


def at(host: str, **route_match: str) -> dict[str, Any]:
    return {"vhost": {"name": host, **({"route": route_match} if route_match else {})}}


def routes(made: route_pb2.RouteConfiguration, host: int = 0) -> list[str]:
    return [each.name for each in made.virtual_hosts[host].routes]


def test_a_configuration_is_only_merged_with() -> None:
    value = {"internal_only_headers": ["x"]}
    assert patched(patch("ROUTE_CONFIGURATION", "MERGE", value)).internal_only_headers == ["x"]
    for operation in ("ADD", "REMOVE", "REPLACE"):
        assert patched(patch("ROUTE_CONFIGURATION", operation, value)) == configuration()
    assert patched(patch("ROUTE_CONFIGURATION", "MERGE", value, routeConfiguration={"name": "81"})) == configuration()


def test_virtual_hosts_are_added_removed_replaced_and_merged_with() -> None:
    new = {"name": "new", "domains": ["new.example"]}
    made = patched(
        patch("VIRTUAL_HOST", "ADD", new),
        patch("VIRTUAL_HOST", "REMOVE", routeConfiguration=at("a")),
        patch(
            "VIRTUAL_HOST", "MERGE", {"domains": ["more"]}, routeConfiguration={"vhost": {"domainName": "b.example"}}
        ),
    )
    assert [each.name for each in made.virtual_hosts] == ["b", "new"]
    assert made.virtual_hosts[0].domains == ["b.example", "more"]
    replaced = patched(patch("VIRTUAL_HOST", "REPLACE", new, routeConfiguration=at("a")))
    assert [each.name for each in replaced.virtual_hosts] == ["new", "b"]


def test_a_host_that_is_added_under_a_removed_name_goes_too() -> None:
    again = {"name": "a", "domains": ["again"]}
    made = patched(patch("VIRTUAL_HOST", "REMOVE", routeConfiguration=at("a")), patch("VIRTUAL_HOST", "ADD", again))
    assert [each.name for each in made.virtual_hosts] == ["b"]


@pytest.mark.parametrize(
    ("operation", "match", "after"),
    [
        ("ADD", {}, ["one", "two", "new"]),
        ("INSERT_BEFORE", {"name": "two"}, ["one", "new", "two"]),
        ("INSERT_AFTER", {"name": "one"}, ["one", "new", "two"]),
        ("INSERT_FIRST", {"name": "two"}, ["new", "one", "two"]),
        ("INSERT_FIRST", {"name": "three"}, ["one", "two"]),
        ("INSERT_BEFORE", {"name": "three"}, ["one", "two"]),
        ("INSERT_FIRST", {}, ["new", "one", "two"]),
        ("INSERT_BEFORE", {}, ["new", "one", "two"]),
        ("INSERT_AFTER", {}, ["one", "two", "new"]),
    ],
)
def test_routes_are_inserted(operation: str, match: dict[str, str], after: list[str]) -> None:
    made = patched(patch("HTTP_ROUTE", operation, route("new"), routeConfiguration=at("a", **match)))
    assert routes(made) == after
    assert routes(made, 1) == ["one"]


def test_routes_are_removed_and_merged_with() -> None:
    made = patched(
        patch("HTTP_ROUTE", "REMOVE", routeConfiguration=at("a", name="one")),
        patch("HTTP_ROUTE", "MERGE", {"direct_response": {"status": 204}}, routeConfiguration=at("a", name="two")),
    )
    assert routes(made) == ["two"]
    assert made.virtual_hosts[0].routes[0].direct_response.status == 204
    assert made.virtual_hosts[1].routes[0].direct_response.status == 200


def test_nothing_is_inserted_beside_a_removed_route() -> None:
    made = patched(
        patch("HTTP_ROUTE", "REMOVE", routeConfiguration=at("a", name="one")),
        patch("HTTP_ROUTE", "INSERT_AFTER", route("new"), routeConfiguration=at("a", name="one")),
    )
    assert routes(made) == ["two"]
