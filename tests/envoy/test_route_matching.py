"""Virtual hosts, paths, headers and queries: every kind of condition that the simulator judges, against real Envoy."""

import random
from pathlib import Path
from typing import Any

import pytest
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from google.protobuf import json_format

from pillion.analysis.call import Call, Result
from pillion.analysis.simulate import simulate
from pillion.envoy.rendered import CLUSTER, LISTENER, ROUTES, Rendered
from pillion.envoy.text import to_json
from pillion.envoy.view.read import read_configuration
from pillion.value import FrozenMap
from support.replay import Seen, replaying

ENVOY = Path(pytest.__file__).parents[1] / "envoy" / "_bin" / "envoy"
ROUTER = f"type.googleapis.com/{router_pb2.Router.DESCRIPTOR.full_name}"
MANAGER = f"type.googleapis.com/{http_connection_manager_pb2.HttpConnectionManager.DESCRIPTOR.full_name}"
DOMAINS = ["a.example", "*.example", "*.b.example", "a.*", "A.B.*", "x.example:81", "y.example", "*-b.example", "*"]
HOSTS = [
    "a.example",
    "A.EXAMPLE",
    "x.example",
    "x.example:81",
    "y.example.",
    "y.example:80",
    "q.b.example",
    "a-b.example",
]
HOSTS += [".example", "a.org", "a.b.org", "b.org", "a.", "a.example:82", "[::1]:80"]
PATHS = [
    "/",
    "/a",
    "/A",
    "/a/",
    "/ab",
    "/a/b?q=1",
    "/a?q=1&p",
    "/a?p=%31&q=",
    "/a//b",
    "/a/./b/../c",
    "/..",
    "/%61%2Fb",
]
PATHS += [
    "/item/7",
    "/item/7/",
    "/a%5Cb",
    r"/a\b",
    "/a/%2e%2e/b",
    "/x?q=2&q=1",
    "/x?Q=1",
    "/a%20b",
    "/~a",
    "/%7ea",
    "/a?q=a%20b",
]
VALUES = ["ann", "Ann", "", "12", "-3", "9x", "bob,ann"]
PATH_MATCHES: list[dict[str, Any]] = [
    {"prefix": "/"}, {"prefix": "/a"}, {"prefix": "/A", "case_sensitive": False}, {"path": "/a"}, {"path": "/a/b"},
    {"path": "/A/C", "case_sensitive": False}, {"path_separated_prefix": "/a"}, {"safe_regex": {"regex": "/item/\\d+"}},
    {"safe_regex": {"regex": "/[[:alpha:]]+"}}, {"prefix": "/a/b"}, {"prefix": "/%61"}, {"path": "/a%20b"},
]  # fmt: skip
CONDITIONS: list[dict[str, Any]] = [
    {"present_match": True}, {"present_match": False}, {"range_match": {"start": -5, "end": 12}},
    {"range_match": {"start": 12, "end": 13}}, {"string_match": {"exact": "ann"}}, {"string_match": {"prefix": "a"}},
    {"string_match": {"exact": "ANN", "ignore_case": True}}, {"string_match": {"suffix": "n"}},
    {"string_match": {"contains": "N", "ignore_case": True}}, {"string_match": {"safe_regex": {"regex": "[a-z]+"}}},
    {"string_match": {"exact": ""}},
]  # fmt: skip
QUERIES: list[dict[str, Any]] = [
    {"name": "q", "present_match": True}, {"name": "p", "present_match": True}, {"name": "p", "present_match": False},
    {"name": "q", "string_match": {"exact": "1"}}, {"name": "p", "string_match": {"exact": "1"}},
    {"name": "q", "string_match": {"prefix": "1"}}, {"name": "q", "string_match": {"safe_regex": {"regex": "a.*b"}}},
]  # fmt: skip
REDIRECTS: list[dict[str, Any]] = [
    {"https_redirect": True}, {"host_redirect": "new.example", "path_redirect": "/new"}, {"path_redirect": "/new?x=1"},
    {"prefix_rewrite": "/p", "strip_query": True}, {"port_redirect": 8443, "scheme_redirect": "https"},
    {"port_redirect": 80, "response_code": "FOUND"}, {"host_redirect": "h:99", "response_code": "PERMANENT_REDIRECT"},
    {"prefix_rewrite": "/"},
]  # fmt: skip


def _table(dice: random.Random) -> dict[str, Any]:
    domains = dice.sample(DOMAINS, dice.randint(2, len(DOMAINS)))
    hosts = [
        {
            "name": f"v{place}",
            "domains": [domain],
            "routes": [_route(dice, f"v{place}-r{number}") for number in range(dice.randint(1, 6))],
        }
        for place, domain in enumerate(domains)
    ]
    return {"name": "t", "virtual_hosts": hosts, "ignore_port_in_host_matching": dice.random() < 0.5}


def _route(dice: random.Random, name: str) -> dict[str, Any]:
    match: dict[str, Any] = {**dice.choice(PATH_MATCHES)}
    if dice.random() < 0.5:
        header = {
            "name": dice.choice(["x-user", "X-Other", ":method", ":authority", ":scheme"]),
            **dice.choice(CONDITIONS),
        }
        match["headers"] = [header | dice.choice([{}, {"invert_match": True}, {"treat_missing_header_as_empty": True}])]
    if dice.random() < 0.3:
        match["query_parameters"] = [dice.choice(QUERIES)]
    if dice.random() < 0.3:
        return {"name": name, "match": match, "redirect": dice.choice(REDIRECTS)}
    return {"name": name, "match": match, "direct_response": {"status": 200}}


def _manager(dice: random.Random) -> dict[str, Any]:
    actions = ["KEEP_UNCHANGED", "REJECT_REQUEST", "UNESCAPE_AND_FORWARD", "UNESCAPE_AND_REDIRECT"]
    router = {"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}
    return {
        "@type": MANAGER,
        "stat_prefix": "x",
        "rds": {"route_config_name": "t", "config_source": {"ads": {}}},
        "http_filters": [router],
        "normalize_path": dice.random() < 0.7,
        "merge_slashes": dice.random() < 0.5,
        "path_with_escaped_slashes_action": dice.choice(actions),
        "strip_trailing_host_dot": dice.random() < 0.3,
        **dice.choice([{}, {"strip_matching_host_port": True}, {"strip_any_host_port": True}]),
    }


def _rendered(dice: random.Random) -> list[Rendered]:
    manager = {"name": "envoy.filters.network.http_connection_manager", "typed_config": _manager(dice)}
    listener = {
        "name": "virtualOutbound",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 15001}},
        "filter_chains": [{"filters": [manager]}],
    }
    body = json_format.ParseDict(listener, listener_pb2.Listener()).SerializeToString()
    table = json_format.ParseDict(_table(dice), route_pb2.RouteConfiguration()).SerializeToString()
    return [
        Rendered(type_url=CLUSTER, name="c", body=b""),
        Rendered(type_url=LISTENER, name="virtualOutbound", body=body),
        Rendered(type_url=ROUTES, name="t", body=table),
    ]


def _call(dice: random.Random) -> Call:
    headers = {name: dice.choice(VALUES) for name in ("x-user", "x-other") if dice.random() < 0.5}
    return Call(
        address="10.0.0.1",
        port=80,
        host=dice.choice(HOSTS),
        path=dice.choice(PATHS),
        method=dice.choice(["GET", "POST"]),
        headers=FrozenMap(headers),
    )


@pytest.mark.envoy
@pytest.mark.parametrize("seed", range(6))
def test_requests_take_the_route_that_envoy_takes(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    rendered = _rendered(dice)
    config = read_configuration(to_json(each for each in rendered if each.type_url != CLUSTER))
    wrong: list[tuple[Call, Result, Seen]] = []
    with replaying(rendered, ENVOY, tmp_path) as envoy:
        for _ in range(150):
            call = _call(dice)
            result, seen = simulate(config, call), envoy.call(call)
            if _expected(result) != (seen.get("route", ""), f"{seen['status']} {seen.get('location', '')}".strip()):
                wrong.append((call, result, seen))
    assert wrong == [], f"{len(wrong)} differ"


def _expected(result: Result) -> tuple[str, str]:
    if result.error is not None:
        return "", "404"
    return result.route, result.redirect or str(result.direct_response)
