from typing import Any

from google.protobuf import json_format

from pillion.envoy.routing import route_actions
from pillion.ir.model.key import BackendKey
from pillion.ir.model.route import (
    DirectResponse,
    Forward,
    Fraction,
    HashCookie,
    HashHeader,
    HashQuery,
    HashSource,
    HeaderChanges,
    HeaderValue,
    Mirror,
    Redirect,
    Retry,
    Rewrite,
    Weighted,
)

A, B = BackendKey(port=80, host="a"), BackendKey(port=80, host="b")
TO_A = Weighted(backend=A, weight=0)


def _forward(**forward: Any) -> dict[str, Any]:
    made = route_actions.forward(Forward(**({"backends": (TO_A,)} | forward)))
    return json_format.MessageToDict(made)


def test_one_cluster_without_a_timeout() -> None:
    assert _forward() == {"cluster": "outbound|80||a", "timeout": "0s", "maxGrpcTimeout": "0s"}


def test_several_clusters() -> None:
    changes = HeaderChanges(request=(HeaderValue(name="x", value="1"),), response_remove=("y",))
    backends = (Weighted(backend=A, weight=90, changes=changes, host="h"), Weighted(backend=B, weight=10))
    first, second = _forward(backends=backends, split=True)["weightedClusters"]["clusters"]
    assert (first["weight"], second["weight"]) == (90, 10)
    assert first["hostRewriteLiteral"] == "h"
    assert first["requestHeadersToAdd"][0]["appendAction"] == "OVERWRITE_IF_EXISTS_OR_ADD"


def test_the_workload_itself_ignores_callers_timeouts() -> None:
    found = _forward(inbound=True)
    assert found["maxStreamDuration"] == {"maxStreamDuration": "0s", "grpcTimeoutHeaderMax": "0s"}
    assert "maxGrpcTimeout" not in found


def test_rewrites() -> None:
    assert _forward(rewrite=Rewrite(prefix="/a", host="h"))["prefixRewrite"] == "/a"
    found = _forward(rewrite=Rewrite(regex="a", substitution="b"))["regexRewrite"]
    assert found == {"pattern": {"regex": "a"}, "substitution": "b"}


def test_mirrors_and_sticky_keys() -> None:
    share = Fraction(numerator=5, denominator=1_000_000)
    (mirror,) = _forward(mirrors=(Mirror(backend=B, share=share),))["requestMirrorPolicies"]
    assert mirror["runtimeFraction"]["defaultValue"] == {"numerator": 5, "denominator": "MILLION"}
    assert mirror["traceSampled"] is False
    keys = (
        HashHeader(name="h"),
        HashCookie(name="c", ttl=10**9, attributes=(("a", "b"),)),
        HashSource(),
        HashQuery(name="q"),
    )
    found = _forward(hash_keys=keys)["hashPolicy"]
    assert [next(iter(each)) for each in found] == ["header", "cookie", "connectionProperties", "queryParameter"]


def test_retries() -> None:
    retry = Retry(on="5xx", codes=(503,), per_try_timeout=10**9, other_hosts=True, host_attempts=5,
                  remote_localities=True, backoff=10**8)  # fmt: skip
    found = json_format.MessageToDict(route_actions.retry_policy(retry))
    assert found["retryHostPredicate"][0]["name"] == "envoy.retry_host_predicates.previous_hosts"
    assert found["retryPriority"]["typedConfig"]["updateFrequency"] == 2
    assert (found["retriableStatusCodes"], found["retryBackOff"]) == ([503], {"baseInterval": "0.100s"})


def test_other_actions() -> None:
    redirect = json_format.MessageToDict(
        route_actions.redirect(Redirect(host="h", path="/p", scheme="https", code=308))
    )
    assert redirect["responseCode"] == "PERMANENT_REDIRECT"
    assert json_format.MessageToDict(route_actions.redirect(Redirect(prefix="/q")))["prefixRewrite"] == "/q"
    raw = route_actions.direct_response(DirectResponse(status=418, raw=b"x"))
    assert (raw.status, raw.body.inline_bytes) == (418, b"x")
    assert route_actions.direct_response(DirectResponse(status=200, text="t")).body.inline_string == "t"
    assert route_actions.header_option(HeaderValue(name="a", value="b", append=True)).append_action == 0
