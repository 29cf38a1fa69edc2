from typing import Any

import pytest

from pillion.envoy.view.matcher import HeaderMatch, NumberRange, Present, QueryMatch, StringMatch, Unread
from pillion.envoy.view.read_route import read_table
from pillion.envoy.view.route import (
    Action,
    DirectResponse,
    Fault,
    Forward,
    Mirror,
    PathMatch,
    Redirect,
    Route,
    RouteMatch,
    Unforwarded,
    Weight,
)


def _route(message: dict[str, Any]) -> Route:
    return (
        read_table({"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [message]}]}).virtual_hosts[0].routes[0]
    )


def _match(**message: object) -> RouteMatch:
    return _route({"match": message}).match


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ({"prefix": "/a", "case_sensitive": False}, PathMatch(how="prefix", text="/a", ignore_case=True)),
        ({"path": "/a"}, PathMatch(how="path", text="/a")),
        ({"path_separated_prefix": "/a"}, PathMatch(how="path_separated_prefix", text="/a")),
        ({"safe_regex": {"regex": "/.*"}}, PathMatch(how="regex", text="/.*")),
        ({"connect_matcher": {}}, PathMatch(how="connect")),
        ({"path_match_policy": {}}, Unread(kind="path_match_policy")),
        ({}, PathMatch(how="prefix")),
    ],
)
def test_paths(message: dict[str, Any], path: PathMatch | Unread) -> None:
    assert _match(**message).path == path


@pytest.mark.parametrize(
    ("message", "condition"),
    [
        ({"string_match": {"exact": "x", "ignore_case": True}}, StringMatch(how="exact", text="x", ignore_case=True)),
        ({"string_match": {"safe_regex": {"regex": "x+"}}}, StringMatch(how="regex", text="x+")),
        ({"string_match": {"custom": {}}}, Unread(kind="custom")),
        ({"string_match": {}}, StringMatch(how="exact", text="")),
        ({"present_match": False}, Present(wanted=False)),
        ({"range_match": {"start": "-1", "end": "5"}}, NumberRange(start=-1, end=5)),
        ({"safe_regex_match": {"regex": "x"}}, StringMatch(how="regex", text="x")),
        ({"suffix_match": "x"}, StringMatch(how="suffix", text="x")),
        ({}, Present()),
    ],
)
def test_headers(message: dict[str, Any], condition: object) -> None:
    found = _match(headers=[{"name": "X-User", "invert_match": True, **message}]).headers
    assert found == (HeaderMatch(name="x-user", match=condition, invert=True),)  # type: ignore[arg-type]


def test_other_conditions() -> None:
    found = _match(
        query_parameters=[{"name": "q", "string_match": {"exact": "1"}}, {"name": "p", "present_match": True}],
        grpc={},
        runtime_fraction={"default_value": {"numerator": 250_000, "denominator": "MILLION"}},
        tls_context={},
    )
    assert found.query == (QueryMatch(name="q", match=StringMatch(how="exact", text="1")), QueryMatch(name="p"))
    assert (found.grpc, found.fraction, found.unread) == (True, 0.25, ("tls_context",))


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ({"route": {"cluster": "c"}}, Forward(cluster="c")),
        ({"route": {"cluster_header": "X-Where"}}, Forward(cluster_header="x-where")),
        (
            {"route": {"weighted_clusters": {"clusters": [{"name": "a", "weight": 3}, {"name": "b"}]}}},
            Forward(weighted=(Weight(cluster="a", weight=3), Weight(cluster="b", weight=0))),
        ),
        ({"route": {"cluster_specifier_plugin": "p"}}, Forward(unread="cluster_specifier_plugin")),
        ({"redirect": {"https_redirect": True}}, Redirect(scheme="https")),
        (
            {"redirect": {"response_code": "FOUND", "prefix_rewrite": "/new", "port_redirect": 8443}},
            Redirect(status=302, path="/new", prefix=True, port=8443),
        ),
        ({"direct_response": {"status": 418}}, DirectResponse(status=418)),
        ({"filter_action": {}}, Unforwarded()),
    ],
)
def test_actions(message: dict[str, Any], action: Action) -> None:
    assert _route(message).action == action


FAULT = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        (
            {"abort": {"http_status": 503, "percentage": {"numerator": 1000000, "denominator": "MILLION"}}},
            Fault(filter="f", abort="status 503", aborted=1.0),
        ),
        (
            {"abort": {"grpc_status": 14, "percentage": {"numerator": 5}}},
            Fault(filter="f", abort="gRPC status 14", aborted=0.05),
        ),
        ({"abort": {"http_status": 503, "percentage": {}}}, Fault(filter="f", abort="status 503")),
        ({"abort": {"http_status": 503}}, Fault(filter="f", abort="status 503")),
        (
            {"delay": {"fixed_delay": "3s", "percentage": {"numerator": 100}}, "headers": [{"name": "x"}]},
            Fault(filter="f", delay="3s", delayed=1.0, unread=("headers",)),
        ),
        (
            {"abort": {"header_abort": {}, "percentage": {"numerator": 100}}},
            Fault(filter="f", unread=("header_abort",)),
        ),
    ],
)
def test_faults(config: dict[str, Any], fault: Fault) -> None:
    assert _route({"typed_per_filter_config": {"g": {"@type": "other"}, "f": {"@type": FAULT} | config}}).fault == fault


def test_mirrors() -> None:
    half = {"default_value": {"numerator": 50}}
    policies = [{"cluster": "a"}, {"cluster_header": "x", "runtime_fraction": half}]
    found = _route({"route": {"cluster": "c", "request_mirror_policies": policies}}).action
    assert found == Forward(cluster="c", mirrors=(Mirror(cluster="a"), Mirror(cluster="", fraction=0.5)))
