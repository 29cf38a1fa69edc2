from typing import Any

import pytest
from envoy.config.route.v3 import route_pb2
from google.protobuf import json_format

from pillion.envoy.routing.routes import inline_configuration, route_configuration
from pillion.ir.memo import Memo
from pillion.ir.model.key import BackendKey, TableKey
from pillion.ir.model.match import HeaderMatch, QueryMatch, RouteMatch, StringMatch
from pillion.ir.model.route import Cors, DirectResponse, Fault, Fraction, NoAction, Redirect, Route
from pillion.ir.model.table import InlineTable, RouteTable, VirtualHost

ANSWER = DirectResponse(status=200)


def _table(*routes: Route, **table: Any) -> dict[str, Any]:
    host = VirtualHost(name="a", port=80, domains=("a", "b"), routes=routes, attempt_count=True)
    made = route_configuration(RouteTable(key=TableKey(port=80), hosts=(host,), **table), Memo())
    return json_format.MessageToDict(route_pb2.RouteConfiguration.FromString(made))


def _route(**route: Any) -> dict[str, Any]:
    return _table(Route(**({"action": ANSWER} | route)))["virtualHosts"][0]["routes"][0]


def test_a_table() -> None:
    found = _table(Route(action=ANSWER))
    assert (found["name"], found["ignorePortInHostMatching"], found["validateClusters"]) == ("80", True, False)
    assert found["maxDirectResponseBodySizeBytes"] == 1024 * 1024
    host = found["virtualHosts"][0]
    assert (host["name"], host["domains"], host["includeRequestAttemptCount"]) == ("a:80", ["a", "b"], True)


def test_the_bytes_are_those_of_the_whole_message() -> None:
    host = VirtualHost(name="a", port=80, domains=("a",), routes=(Route(action=ANSWER),))
    made = route_configuration(RouteTable(key=TableKey(port=80), hosts=(host, host)), Memo())
    parsed = route_pb2.RouteConfiguration.FromString(made)
    assert parsed.SerializeToString(deterministic=True) == made


@pytest.mark.parametrize(
    ("match", "wanted"),
    [
        (RouteMatch(), {"prefix": "/"}),
        (
            RouteMatch(path=StringMatch(kind="exact", value="/a"), ignore_case=True),
            {"path": "/a", "caseSensitive": False},
        ),
        (RouteMatch(path=StringMatch(kind="regex", value=".")), {"safeRegex": {"regex": "."}}),
        (
            RouteMatch(headers=(HeaderMatch(name="x", match=StringMatch(kind="present"), inverted=True),)),
            {"prefix": "/", "headers": [{"name": "x", "presentMatch": True, "invertMatch": True}]},
        ),
        (
            RouteMatch(headers=(HeaderMatch(name="x", match=StringMatch(kind="prefix", value="p")),)),
            {"prefix": "/", "headers": [{"name": "x", "stringMatch": {"prefix": "p"}}]},
        ),
        (
            RouteMatch(query=(QueryMatch(name="q", match=StringMatch(kind="present")),)),
            {"prefix": "/", "queryParameters": [{"name": "q", "presentMatch": True}]},
        ),
        (
            RouteMatch(query=(QueryMatch(name="q", match=StringMatch(kind="exact", value="1")),)),
            {"prefix": "/", "queryParameters": [{"name": "q", "stringMatch": {"exact": "1"}}]},
        ),
    ],
)
def test_matches(match: RouteMatch, wanted: dict[str, Any]) -> None:
    assert _route(match=match)["match"] == wanted


def test_actions_and_where_they_came_from() -> None:
    found = _route(action=Redirect(host="h"), origin="shop/v", operation="o", statistics="s")
    assert found["redirect"]["hostRedirect"] == "h"
    assert found["metadata"]["filterMetadata"]["istio"]["config"].endswith("/shop/virtual-service/v")
    assert (found["decorator"], found["statPrefix"]) == ({"operation": "o"}, "s")
    assert set(_route(action=NoAction())) == {"match"}


def test_faults_and_origins() -> None:
    share = Fraction(numerator=50)
    fault = Fault(delay=10**9, delay_share=share, abort_status=503, abort_share=share)
    config = _route(fault=fault)["typedPerFilterConfig"]["envoy.filters.http.fault"]
    assert config["delay"] == {"fixedDelay": "1s", "percentage": {"numerator": 50}}
    assert config["abort"] == {"httpStatus": 503, "percentage": {"numerator": 50}}
    grpc = _route(fault=Fault(abort_grpc=14))["typedPerFilterConfig"]["envoy.filters.http.fault"]
    assert grpc["abort"] == {"grpcStatus": 14}
    cors = Cors(origins=(StringMatch(kind="exact", value="a"),), methods="GET", credentials=True)
    config = _route(cors=cors)["typedPerFilterConfig"]["envoy.filters.http.cors"]
    assert (config["allowMethods"], config["allowCredentials"], config["forwardNotMatchingPreflights"]) == (
        "GET", True, True,
    )  # fmt: skip


def test_inline() -> None:
    made = inline_configuration(InlineTable(backend=BackendKey(kind="inbound", port=8080)))
    assert made.name == "inbound|8080||"
    assert inline_configuration(InlineTable(name="x", outbound=True)).HasField("max_direct_response_body_size_bytes")
