from typing import Any

from google.protobuf import json_format

from pillion.envoy import upstream
from pillion.ir.model.backend import Limits, TcpKeepalive, UpstreamHttp
from pillion.ir.model.balancing import Outlier
from pillion.ir.model.tls import PLAIN, ClientTls

SECOND = 10**9


def _options(http: UpstreamHttp, tls: ClientTls = PLAIN, outlier: Outlier | None = None) -> dict[str, Any]:
    return json_format.MessageToDict(upstream.http_options(http, tls, outlier))


def test_versions() -> None:
    two = _options(UpstreamHttp(version="http2", max_concurrent_streams=7, keepalive_interval=SECOND))
    assert two["explicitHttpConfig"]["http2ProtocolOptions"] == {
        "maxConcurrentStreams": 7, "connectionKeepalive": {"interval": "1s"},
    }  # fmt: skip
    assert set(_options(UpstreamHttp(version="downstream"))) == {"useDownstreamProtocolConfig"}
    one = _options(UpstreamHttp(version="http1", preserve_case=True))
    assert "headerKeyFormat" in one["explicitHttpConfig"]["httpProtocolOptions"]


def test_common_options() -> None:
    found = _options(
        UpstreamHttp(idle_timeout=SECOND, max_requests_per_connection=2, max_connection_duration=3 * SECOND)
    )
    assert found["commonHttpProtocolOptions"] == {
        "idleTimeout": "1s", "maxRequestsPerConnection": 2, "maxConnectionDuration": "3s",
    }  # fmt: skip


def test_names_from_the_request_and_codes_that_count_as_errors() -> None:
    checked = _options(
        UpstreamHttp(), ClientTls(mode="simple", host_sni=True, host_san=True), Outlier(codes=(418, 500))
    )
    assert checked["upstreamHttpProtocolOptions"] == {"autoSni": True, "autoSanValidation": True}
    assert len(checked["outlierDetection"]["errorMatcher"]["orMatch"]["rules"]) == 2


def test_what_is_not_limited_says_so() -> None:
    (threshold,) = upstream.circuit_breakers(Limits(connections=3, retry_budget_percent=20.0)).thresholds
    assert (threshold.max_connections.value, threshold.max_requests.value) == (3, 2**32 - 1)
    assert threshold.retry_budget.budget_percent.value == 20.0


def test_outliers() -> None:
    found = json_format.MessageToDict(
        upstream.outlier_detection(Outlier(consecutive_5xx=0, consecutive_gateway=2, split_local_errors=True,
                                           consecutive_local=4, interval=SECOND, max_ejection_percent=10))
    )  # fmt: skip
    assert found["enforcingConsecutive5xx"] == 0
    assert found["enforcingConsecutiveGatewayFailure"] == 100
    assert found["consecutiveLocalOriginFailure"] == 4
    assert found["enforcingSuccessRate"] == 0


def test_connections() -> None:
    assert upstream.connection_options(TcpKeepalive(time=3)).tcp_keepalive.keepalive_time.value == 3
    bound = upstream.bind_config(("127.0.0.6", "::6"))
    assert bound.source_address.address == "127.0.0.6"
    assert bound.extra_source_addresses[0].address.address == "::6"
