"""HTTP connection managers and the HTTP filters inside them."""

from envoy.config.core.v3 import protocol_pb2
from envoy.extensions.filters.http.cors.v3 import cors_pb2
from envoy.extensions.filters.http.dynamic_forward_proxy.v3 import dynamic_forward_proxy_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2
from envoy.extensions.filters.http.grpc_stats.v3 import config_pb2 as grpc_stats_pb2
from envoy.extensions.filters.http.grpc_web.v3 import grpc_web_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as hcm
from envoy.extensions.request_id.uuid.v3 import uuid_pb2
from google.protobuf import any_pb2
from google.protobuf.message import Message

from pillion.envoy import names, upstream
from pillion.envoy.access_log import loggers
from pillion.envoy.capabilities import Capabilities
from pillion.envoy.clusters import dns_cache
from pillion.envoy.messages.wellknown import ads, boolean, duration, optional_duration, packed, typed_struct, uint32
from pillion.envoy.routing import routes
from pillion.ir.model.backend import Dns
from pillion.ir.model.connection import ClientCertDetails, HttpSettings
from pillion.ir.model.listener import Http

NAME = "envoy.filters.network.http_connection_manager"
GRPC_STATS, GRPC_WEB, ROUTER = (
    "envoy.filters.http.grpc_stats",
    "envoy.filters.http.grpc_web",
    "envoy.filters.http.router",
)
DYNAMIC_PROXY = "envoy.filters.http.dynamic_forward_proxy"
_ALPN_OVERRIDES: list[dict[str, object]] = [
    {"alpn_override": ["istio-http/1.0", "istio", "http/1.0"]},
    {"upstream_protocol": "HTTP11", "alpn_override": ["istio-http/1.1", "istio", "http/1.1"]},
    {"upstream_protocol": "HTTP2", "alpn_override": ["istio-h2", "istio", "h2"]},
]
"""What an upstream protocol is called within the mesh's TLS, so that the server can tell it."""


def connection_manager(handler: Http, statistics: str, capabilities: Capabilities) -> hcm.HttpConnectionManager:
    """Return the manager of a chain's HTTP connections."""
    settings = handler.settings
    made = hcm.HttpConnectionManager(
        stat_prefix=names.statistics(handler.statistics or statistics),
        server_name=settings.server_name,
        use_remote_address=boolean(False),
        normalize_path=boolean(settings.normalize_path),
        merge_slashes=settings.merge_slashes,
        path_with_escaped_slashes_action=settings.escaped_slashes,
        upgrade_configs=[hcm.HttpConnectionManager.UpgradeConfig(upgrade_type="websocket")],
        stream_idle_timeout=duration(settings.stream_idle_timeout),
        request_timeout=optional_duration(settings.request_timeout),
        request_headers_timeout=optional_duration(settings.request_headers_timeout),
        drain_timeout=optional_duration(settings.drain_timeout),
        access_log=loggers(settings.access_logs),
        append_x_forwarded_port=settings.forwarded_port,
        proxy_100_continue=settings.continue_100,
        http_filters=_filters(handler, capabilities),
    )
    made.request_id_extension.typed_config.CopyFrom(
        packed(uuid_pb2.UuidRequestIdConfig(use_request_id_for_trace_sampling=boolean(True)))
    )
    _route(made, handler)
    _headers(made, settings)
    _protocols(made, settings)
    return made


def _route(made: hcm.HttpConnectionManager, handler: Http) -> None:
    if handler.table is not None:
        made.rds.CopyFrom(hcm.Rds(config_source=ads(), route_config_name=names.route_table(handler.table)))
    elif handler.inline is not None:
        made.route_config.CopyFrom(routes.inline_configuration(handler.inline))


def _headers(made: hcm.HttpConnectionManager, settings: HttpSettings) -> None:
    if settings.pass_server:
        made.server_header_transformation = hcm.HttpConnectionManager.PASS_THROUGH
    if settings.generate_request_id is not None:
        made.generate_request_id.CopyFrom(boolean(settings.generate_request_id))
    if settings.forward_cert:
        made.MergeFrom(hcm.HttpConnectionManager(forward_client_cert_details=settings.forward_cert))
    if settings.cert_details is not None:
        made.set_current_client_cert_details.CopyFrom(_details(settings.cert_details))


def _details(details: ClientCertDetails) -> hcm.HttpConnectionManager.SetCurrentClientCertDetails:
    return hcm.HttpConnectionManager.SetCurrentClientCertDetails(
        subject=boolean(details.subject), uri=details.uri, dns=details.dns, cert=details.cert, chain=details.chain
    )


def _protocols(made: hcm.HttpConnectionManager, settings: HttpSettings) -> None:
    if settings.http10 or settings.preserve_case or settings.absolute_url:
        options = upstream.http1_options(preserve_case=settings.preserve_case)
        options.accept_http_10 = settings.http10
        if settings.absolute_url:
            options.allow_absolute_url.CopyFrom(boolean(True))
        made.http_protocol_options.CopyFrom(options)
    sizes = (settings.max_concurrent_streams, settings.stream_window, settings.connection_window)
    if settings.http2 or any(size is not None for size in sizes):
        http2 = protocol_pb2.Http2ProtocolOptions()
        if settings.max_concurrent_streams is not None:
            http2.max_concurrent_streams.CopyFrom(uint32(settings.max_concurrent_streams))
        if settings.stream_window is not None:
            http2.initial_stream_window_size.CopyFrom(uint32(settings.stream_window))
        if settings.connection_window is not None:
            http2.initial_connection_window_size.CopyFrom(uint32(settings.connection_window))
        made.http2_protocol_options.CopyFrom(http2)
    common = protocol_pb2.HttpProtocolOptions(
        idle_timeout=optional_duration(settings.idle_timeout),
        max_connection_duration=optional_duration(settings.max_connection_duration),
        max_stream_duration=optional_duration(settings.max_stream_duration),
        headers_with_underscores_action=settings.underscores or None,
    )
    if common.ByteSize():
        made.common_http_protocol_options.CopyFrom(common)


def http_filter(name: str, config: Message | any_pb2.Any) -> hcm.HttpFilter:
    """Return a named HTTP filter."""
    return hcm.HttpFilter(name=name, typed_config=config if isinstance(config, any_pb2.Any) else packed(config))


def _filters(handler: Http, capabilities: Capabilities) -> list[hcm.HttpFilter]:
    filters: list[hcm.HttpFilter] = []
    if capabilities.metadata_exchange:
        filters.append(http_filter("istio.metadata_exchange", _peer_metadata(outbound=handler.outbound)))
    if handler.settings.grpc_web:
        filters.append(http_filter(GRPC_WEB, grpc_web_pb2.GrpcWeb()))
    stats = grpc_stats_pb2.FilterConfig(emit_filter_state=True, stats_for_all_methods=boolean(False))
    filters.append(http_filter(GRPC_STATS, stats))
    if capabilities.alpn and handler.outbound:
        overrides = typed_struct(
            "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig", {"alpn_override": _ALPN_OVERRIDES}
        )
        filters.append(http_filter("istio.alpn", overrides))
    filters.append(http_filter(routes.FAULT, fault_pb2.HTTPFault()))
    filters.append(http_filter(routes.CORS, cors_pb2.Cors()))
    if capabilities.statistics:
        filters.append(http_filter("istio.stats", typed_struct("stats.PluginConfig", {})))
    filters += [_dynamic(dns) for dns in handler.dynamic]
    filters.append(http_filter(ROUTER, router_pb2.Router(suppress_envoy_headers=handler.settings.suppress_debug)))
    return filters


def _dynamic(dns: Dns) -> hcm.HttpFilter:
    config = dynamic_forward_proxy_pb2.FilterConfig(dns_cache_config=dns_cache(dns))
    return http_filter(DYNAMIC_PROXY, config)


def _peer_metadata(*, outbound: bool) -> any_pb2.Any:
    discovery: list[dict[str, object]] = [{"istio_headers": {}}, {"workload_discovery": {}}]
    side = "upstream" if outbound else "downstream"
    values: dict[str, object] = {f"{side}_discovery": discovery, f"{side}_propagation": [{"istio_headers": {}}]}
    return typed_struct("io.istio.http.peer_metadata.Config", values)
