from typing import Any

import pytest

from pillion.ir.model.backend import Limits, UpstreamHttp
from pillion.ir.policy.pool import connect_timeout, keepalive, limits, upgrades_to_http2, upstream_http
from pillion.resources.istio.destination_rule import ConnectionPoolSettings, RetryBudget
from pillion.resources.protocol import Protocol
from support.scopes import CONFIG, rule

SECOND = 10**9


def _pool(**settings: Any) -> ConnectionPoolSettings:
    policy = rule({"host": "a", "trafficPolicy": {"connectionPool": settings}}).rule.spec.traffic_policy
    assert policy is not None
    assert policy.connection_pool is not None
    return policy.connection_pool


def _http(protocol: Protocol, pool: ConnectionPoolSettings | None, upgrade: bool = False) -> UpstreamHttp | None:
    return upstream_http(protocol, pool, upgrade=upgrade, preserve_case=False, error_codes=False)


def test_what_is_not_limited_is_unlimited() -> None:
    pool = _pool(tcp={"maxConnections": 1}, http={"http1MaxPendingRequests": 2, "http2MaxRequests": 3, "maxRetries": 4})
    assert limits(pool) == Limits(connections=1, pending=2, requests=3, retries=4)
    assert limits(None) == Limits()


def test_a_retry_budget_has_defaults() -> None:
    found = limits(None, RetryBudget())
    assert (found.retry_budget_percent, found.retry_concurrency) == (20.0, 3)


def test_the_pools_timeout_counts_before_the_meshs() -> None:
    assert connect_timeout(CONFIG, None) == 10 * SECOND
    assert connect_timeout(CONFIG, _pool(tcp={"connectTimeout": "3s"})) == 3 * SECOND


def test_keepalive_is_laid_over_the_meshs() -> None:
    assert keepalive(CONFIG, None) is None
    found = keepalive(CONFIG, _pool(tcp={"tcpKeepalive": {"probes": 3, "time": "75.9s"}}))
    assert found is not None
    assert (found.probes, found.time, found.interval) == (3, 75, None)


@pytest.mark.parametrize(
    ("protocol", "version"), [("HTTP", None), ("TCP", None), ("HTTP2", "http2"), ("GRPC", "http2"),
                              ("Unsupported", "downstream")]
)  # fmt: skip
def test_the_protocol_decides_the_version(protocol: Protocol, version: str | None) -> None:
    found = _http(protocol, None)
    assert (found.version if found else None) == version


def test_upgrades() -> None:
    assert upgrades_to_http2(CONFIG, "HTTP", _pool(http={"h2UpgradePolicy": "UPGRADE"}))
    assert not upgrades_to_http2(CONFIG, "HTTP", _pool(http={"h2UpgradePolicy": "UPGRADE", "useClientProtocol": True}))
    assert not upgrades_to_http2(CONFIG, "HTTP", None)
    found = _http("HTTP", None, upgrade=True)
    assert found is not None
    assert found.version == "http2"


def test_the_clients_protocol_may_be_kept() -> None:
    found = _http("HTTP2", _pool(http={"useClientProtocol": True, "maxConcurrentStreams": 3}))
    assert found is not None
    assert (found.version, found.max_concurrent_streams) == ("downstream", 0)


def test_options_alone_make_it_plain_http1() -> None:
    found = _http("HTTP", _pool(http={"idleTimeout": "3s", "maxRequestsPerConnection": 2}, tcp={"idleTimeout": "9s"}))
    assert found == UpstreamHttp(version="http1", idle_timeout=3 * SECOND, max_requests_per_connection=2)
