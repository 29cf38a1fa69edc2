"""Connection pools and outlier detection."""

from pillion.resources.istio.destination_rule import (
    ConnectionPoolSettings,
    HTTPSettings,
    OutlierDetection,
    TCPSettings,
)
from pillion.resources.validation.report import Report
from pillion.resources.validation.values import MILLISECOND, check_duration, check_natural, check_whole_percent


def check_connection_pool(pool: ConnectionPoolSettings | None, report: Report) -> None:
    """Check limits of connections and requests."""
    if pool is None:
        return
    if pool.http is None and pool.tcp is None:
        report.error("required", "a connection pool needs tcp or http")
    if pool.http is not None:
        _check_http(pool.http, report.at("http"))
    if pool.tcp is not None:
        _check_tcp(pool.tcp, report.at("tcp"))


def check_outlier_detection(outlier: OutlierDetection | None, report: Report) -> None:
    """Check when endpoints are left out."""
    if outlier is None:
        return
    check_duration(outlier.base_ejection_time, report.at("baseEjectionTime"))
    check_duration(outlier.interval, report.at("interval"))
    if outlier.consecutive_errors:
        hint = "use consecutiveGatewayErrors or consecutive5xxErrors"
        report.warn("deprecated", "consecutiveErrors is out of use", "consecutiveErrors", hint=hint)
    if not outlier.split_external_local_origin_errors and (outlier.consecutive_local_origin_failures or 0) > 0:
        hint = "set splitExternalLocalOriginErrors: true"
        message = "local failures are counted only when they are told apart"
        report.error("ignored-field", message, "consecutiveLocalOriginFailures", hint=hint)
    check_whole_percent(outlier.max_ejection_percent, report.at("maxEjectionPercent"))
    check_whole_percent(outlier.min_health_percent, report.at("minHealthPercent"))


def _check_http(http: HTTPSettings, report: Report) -> None:
    check_natural(http.http1_max_pending_requests, report, "http1MaxPendingRequests")
    check_natural(http.http2_max_requests, report, "http2MaxRequests")
    check_natural(http.max_requests_per_connection, report, "maxRequestsPerConnection")
    check_natural(http.max_retries, report, "maxRetries")
    check_natural(http.max_concurrent_streams, report, "maxConcurrentStreams")
    check_duration(http.idle_timeout, report.at("idleTimeout"))
    if http.h2_upgrade_policy == "UPGRADE" and http.use_client_protocol:
        report.error("oneof-conflict", "a request cannot keep its protocol and be upgraded", "useClientProtocol")
    if http.http2_keep_alive is not None:
        inside = report.at("http2KeepAlive")
        times = {"interval": http.http2_keep_alive.interval, "timeout": http.http2_keep_alive.timeout}
        for field, value in times.items():
            if value is None:
                inside.error("required", f"HTTP/2 keep-alive needs {field}", field)
            check_duration(value, inside.at(field))


def _check_tcp(tcp: TCPSettings, report: Report) -> None:
    check_natural(tcp.max_connections, report, "maxConnections")
    check_duration(tcp.connect_timeout, report.at("connectTimeout"))
    check_duration(tcp.max_connection_duration, report.at("maxConnectionDuration"))
    if tcp.idle_timeout is not None and abs(tcp.idle_timeout.nanoseconds) >= MILLISECOND:  # none at all is for ever
        check_duration(tcp.idle_timeout, report.at("idleTimeout"))
    if tcp.tcp_keepalive is not None:
        check_duration(tcp.tcp_keepalive.time, report.at("tcpKeepalive", "time"))
        check_duration(tcp.tcp_keepalive.interval, report.at("tcpKeepalive", "interval"))
