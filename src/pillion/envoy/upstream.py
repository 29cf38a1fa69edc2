"""HTTP options, circuit breakers, outlier detection: the terms on which a cluster's members are used."""

from envoy.config.cluster.v3 import circuit_breaker_pb2, cluster_pb2, outlier_detection_pb2
from envoy.config.common.matcher.v3 import matcher_pb2
from envoy.config.core.v3 import address_pb2, protocol_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.http.header_formatters.preserve_case.v3 import preserve_case_pb2
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2
from envoy.type.matcher.v3 import string_pb2
from envoy.type.v3 import percent_pb2

from pillion.envoy.messages.wellknown import duration, extension, optional_duration, optional_uint32, uint32
from pillion.ir.model.backend import Limits, TcpKeepalive, UpstreamHttp
from pillion.ir.model.balancing import Outlier
from pillion.ir.model.tls import ClientTls

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
UNLIMITED = 2**32 - 1


def http1_options(*, preserve_case: bool) -> protocol_pb2.Http1ProtocolOptions:
    """Return options of HTTP/1.1."""
    options = protocol_pb2.Http1ProtocolOptions()
    if preserve_case:
        formatter = extension("preserve_case", preserve_case_pb2.PreserveCaseFormatterConfig())
        options.header_key_format.stateful_formatter.CopyFrom(formatter)
    return options


def http_options(
    http: UpstreamHttp, tls: ClientTls, outlier: Outlier | None
) -> http_protocol_options_pb2.HttpProtocolOptions:
    """Return the HTTP options of a cluster."""
    options = http_protocol_options_pb2.HttpProtocolOptions()
    http1 = http1_options(preserve_case=http.preserve_case)
    match http.version:
        case "http2":
            http2 = protocol_pb2.Http2ProtocolOptions()
            if http.max_concurrent_streams:
                http2.max_concurrent_streams.value = http.max_concurrent_streams
            if http.keepalive_interval is not None or http.keepalive_timeout is not None:
                http2.connection_keepalive.CopyFrom(
                    protocol_pb2.KeepaliveSettings(
                        interval=optional_duration(http.keepalive_interval),
                        timeout=optional_duration(http.keepalive_timeout),
                    )
                )
            options.explicit_http_config.http2_protocol_options.CopyFrom(http2)
        case "downstream":
            options.use_downstream_protocol_config.http_protocol_options.CopyFrom(http1)
            options.use_downstream_protocol_config.http2_protocol_options.CopyFrom(protocol_pb2.Http2ProtocolOptions())
        case "http1" | "":
            options.explicit_http_config.http_protocol_options.CopyFrom(http1)
    _common(options, http)
    if tls.host_sni or tls.host_san:
        options.upstream_http_protocol_options.CopyFrom(
            protocol_pb2.UpstreamHttpProtocolOptions(auto_sni=tls.host_sni, auto_san_validation=tls.host_san)
        )
    if outlier is not None and outlier.codes:
        options.outlier_detection.error_matcher.CopyFrom(_any_code(outlier.codes))
    return options


def _common(options: http_protocol_options_pb2.HttpProtocolOptions, http: UpstreamHttp) -> None:
    common = options.common_http_protocol_options
    if http.idle_timeout is not None:
        common.idle_timeout.CopyFrom(duration(http.idle_timeout))
    if http.max_requests_per_connection:
        common.max_requests_per_connection.value = http.max_requests_per_connection
    if http.max_connection_duration is not None:
        common.max_connection_duration.CopyFrom(duration(http.max_connection_duration))


def _any_code(codes: tuple[int, ...]) -> matcher_pb2.MatchPredicate:
    rules = [
        matcher_pb2.MatchPredicate(
            http_response_headers_match=matcher_pb2.HttpHeadersMatch(
                headers=[
                    route_components_pb2.HeaderMatcher(
                        name=":status", string_match=string_pb2.StringMatcher(exact=str(code))
                    )
                ]
            )
        )
        for code in codes
    ]
    if len(rules) == 1:
        return rules[0]
    return matcher_pb2.MatchPredicate(or_match=matcher_pb2.MatchPredicate.MatchSet(rules=rules))


def circuit_breakers(limits: Limits) -> circuit_breaker_pb2.CircuitBreakers:
    """Return the limits of a cluster; what is not limited says so, for the proxy's defaults are low."""
    threshold = circuit_breaker_pb2.CircuitBreakers.Thresholds(
        max_connections=uint32(UNLIMITED if limits.connections is None else limits.connections),
        max_pending_requests=uint32(UNLIMITED if limits.pending is None else limits.pending),
        max_requests=uint32(UNLIMITED if limits.requests is None else limits.requests),
        max_retries=uint32(UNLIMITED if limits.retries is None else limits.retries),
    )
    if limits.retry_budget_percent is not None:
        threshold.retry_budget.CopyFrom(
            circuit_breaker_pb2.CircuitBreakers.Thresholds.RetryBudget(
                budget_percent=percent_pb2.Percent(value=limits.retry_budget_percent),
                min_retry_concurrency=optional_uint32(limits.retry_concurrency),
            )
        )
    return circuit_breaker_pb2.CircuitBreakers(thresholds=[threshold])


def outlier_detection(outlier: Outlier) -> outlier_detection_pb2.OutlierDetection:
    """Return when members are ejected; success rates do not count."""
    detection = outlier_detection_pb2.OutlierDetection(
        enforcing_success_rate=uint32(0),
        interval=optional_duration(outlier.interval),
        base_ejection_time=optional_duration(outlier.base_ejection),
        split_external_local_origin_errors=outlier.split_local_errors,
    )
    if outlier.consecutive_5xx is not None:
        detection.consecutive_5xx.value = outlier.consecutive_5xx
        detection.enforcing_consecutive_5xx.value = 100 if outlier.consecutive_5xx else 0
    if outlier.consecutive_gateway is not None:
        detection.consecutive_gateway_failure.value = outlier.consecutive_gateway
        detection.enforcing_consecutive_gateway_failure.value = 100 if outlier.consecutive_gateway else 0
    if outlier.max_ejection_percent:
        detection.max_ejection_percent.value = outlier.max_ejection_percent
    if outlier.split_local_errors:
        if outlier.consecutive_local:
            detection.consecutive_local_origin_failure.value = outlier.consecutive_local
            detection.enforcing_consecutive_local_origin_failure.value = 100
        detection.enforcing_local_origin_success_rate.value = 0
    return detection


def connection_options(keepalive: TcpKeepalive) -> cluster_pb2.UpstreamConnectionOptions:
    """Return keepalive probes."""
    return cluster_pb2.UpstreamConnectionOptions(
        tcp_keepalive=address_pb2.TcpKeepalive(
            keepalive_probes=optional_uint32(keepalive.probes),
            keepalive_time=optional_uint32(keepalive.time),
            keepalive_interval=optional_uint32(keepalive.interval),
        )
    )


def bind_config(sources: tuple[str, ...]) -> address_pb2.BindConfig:
    """Return the addresses that connections come from."""
    first, *others = (address_pb2.SocketAddress(address=source, port_value=0) for source in sources)
    return address_pb2.BindConfig(
        source_address=first,
        extra_source_addresses=[address_pb2.ExtraSourceAddress(address=other) for other in others],
    )
