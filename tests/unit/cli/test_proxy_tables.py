"""How an Envoy's configuration is laid out."""

from typing import Any

from pillion.cli.proxy_tables import rows_of


def table(routes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": "80", "virtual_hosts": [{"name": "cart:80", "domains": ["cart"], "routes": routes}]}


def test_routes_stand_in_the_order_in_which_envoy_tries_them_and_say_what_they_ask_for() -> None:
    canary = {
        "match": {"prefix": "/", "headers": [{"name": "x-canary", "string_match": {"exact": "yes"}}]},
        "route": {"cluster": "outbound|80|v2|cart"},
    }
    everything = {"match": {"prefix": "/"}, "route": {"cluster": "outbound|80|v1|cart"}}
    assert [line[3:] for line in rows_of([table([canary, everything])], "routes")] == [
        ("/*, x-canary=yes", "outbound|80|v2|cart"),
        ("/*", "outbound|80|v1|cart"),
    ]


def test_each_kind_of_match_is_written() -> None:
    matches = [
        {"path": "/exactly"},
        {"safe_regex": {"regex": "/v[0-9]+"}},
        {"path_separated_prefix": "/api"},
        {"prefix": "/", "headers": [{"name": "a", "present_match": True, "invert_match": True}]},
        {"prefix": "/", "headers": [{"name": "b", "string_match": {"safe_regex": {"regex": "x+"}}}]},
        {"prefix": "/", "query_parameters": [{"name": "q", "string_match": {"prefix": "z"}}]},
    ]
    routes = [{"match": each, "direct_response": {"status": 404}} for each in matches]
    assert [line[3] for line in rows_of([table(routes)], "routes")] == [
        "/exactly",
        "/v[0-9]+",
        "/api*",
        "/*, not a",
        "/*, b~x+",
        "/*, q=z*",
    ]


def test_the_other_parts_stand_by_name() -> None:
    clusters = [{"name": "outbound|80||web"}, {"name": "outbound|80||cart"}]
    assert [line[0] for line in rows_of(clusters, "clusters")] == ["cart", "web"]
