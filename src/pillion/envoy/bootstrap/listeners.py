"""Static listeners: metrics for Prometheus, and readiness, which is the agent's to answer."""

from collections.abc import Mapping

from pillion.envoy.bootstrap.document import TYPE, Json, address, given, secret
from pillion.envoy.bootstrap.model import Bootstrap, HostPort

HTTP_CONNECTION_MANAGER = "envoy.filters.network.http_connection_manager"
COMPRESSED = (
    "text/plain",
    "application/vnd.google.protobuf",
    "application/openmetrics-text",
    "application/openmetrics-protobuf",
)


def listeners(bootstrap: Bootstrap) -> list[Json]:
    """Return all static listeners."""
    everywhere = bootstrap.addresses.wildcard
    metrics = bootstrap.addresses.localhost if bootstrap.stats.localhost_only else everywhere
    stats = {"/stats/prometheus": "prometheus_stats"}
    merged = {"/stats/prometheus": "agent", "/metrics": "agent"}
    compressors = [_compressor(name) for name in ("brotli", "zstd", "gzip")] if bootstrap.stats.compression else []
    found = [_listener(metrics, bootstrap.prometheus_port, _chain("stats", stats, compressors))]
    for port, prefix, routes in (
        (bootstrap.secure_metrics_port, "secure_stats", stats),
        (bootstrap.secure_merged_metrics_port, "secure_merged_stats", merged),
    ):
        if port:
            chain = {**_chain(prefix, routes), **_mutual_tls()}
            inspector = _filter("envoy.filters.listener.tls_inspector", "listener.tls_inspector.v3.TlsInspector", {})
            found.append(_listener(everywhere[:1], port, chain, {"listener_filters": [inspector]}))
    more: Json = {}
    if bootstrap.proxy_protocol:
        allow = {"allow_requests_without_proxy_protocol": True}
        proxy = _filter("envoy.listener.proxy_protocol", "listener.proxy_protocol.v3.ProxyProtocol", allow)
        more = {"listener_filters": [proxy]}
    ready = _chain("agent", {"/healthz/ready": "agent"})
    found.append(_listener(everywhere, bootstrap.status_port, ready, more))
    return found


def _listener(hosts: tuple[str, ...], port: int, chain: Json, more: Json | None = None) -> Json:
    first, *others = (address(HostPort(host=host, port=port), protocol=True) for host in hosts)
    return {
        "name": f"{hosts[0]}_{port}",
        "address": first,
        "ignore_global_conn_limit": True,
        "bypass_overload_manager": True,
        **given("additionalAddresses", [{"address": other} for other in others]),
        **(more or {}),
        "filter_chains": [chain],
    }


def _filter(name: str, message: str, value: Json) -> Json:
    return {"name": name, "typed_config": {"@type": f"{TYPE}envoy.extensions.filters.{message}", **value}}


def _chain(prefix: str, routes: Mapping[str, str], filters: list[Json] | None = None) -> Json:
    host = {
        "name": "backend",
        "domains": ["*"],
        "routes": [{"match": {"prefix": path}, "route": {"cluster": name}} for path, name in routes.items()],
    }
    manager = {
        "codec_type": "AUTO",
        "stat_prefix": prefix,
        "route_config": {"virtual_hosts": [host]},
        "http_filters": [*(filters or ()), _filter("envoy.filters.http.router", "http.router.v3.Router", {})],
    }
    message = "network.http_connection_manager.v3.HttpConnectionManager"
    return {"filters": [_filter(HTTP_CONNECTION_MANAGER, message, manager)]}


def _compressor(name: str) -> Json:
    library = {"@type": f"{TYPE}envoy.extensions.compression.{name}.compressor.v3.{name.capitalize()}"}
    value = {
        "compressor_library": {"name": f"stats_{name}", "typed_config": library},
        "response_direction_config": {"common_config": {"content_type": list(COMPRESSED)}},
    }
    return _filter(f"envoy.filters.http.compressor.{name}", "http.compressor.v3.Compressor", value)


def _mutual_tls() -> Json:
    common: Json = {
        "tls_certificate_sds_secret_configs": [secret("default")],
        "combined_validation_context": {
            "default_validation_context": {},
            "validation_context_sds_secret_config": secret("ROOTCA"),
        },
    }
    context: Json = {
        "@type": f"{TYPE}envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        "require_client_certificate": True,
        "common_tls_context": common,
    }
    return {
        "filter_chain_match": {"transport_protocol": "tls"},
        "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": context},
    }
