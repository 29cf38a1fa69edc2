"""How HTTP connections are treated: what MeshConfig and the workload's ProxyConfig say about headers and limits.

Mirrors `util.GetProxyHeaders`, `connection_settings.go` and `ListenerBuilder.buildHTTPConnectionManager`.
"""

from typing import Literal

from msgspec.structs import replace

from pillion.ir.model.access_log import AccessLog
from pillion.ir.model.connection import ClientCertDetails, HttpSettings
from pillion.ir.policy.pool import nanoseconds
from pillion.ir.traits import InboundTraits, OutboundTraits
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.resources.istio.mesh_proxy import (
    ConnectionSettings,
    ProxyConfig,
    ProxyHeaders,
    SetCurrentClientCertDetails,
)
from pillion.resources.protocol import Protocol, is_http2

INBOUND_SERVER = "istio-envoy"
NO_PROXY_CONFIG = ProxyConfig()
_NO_HEADERS = ProxyHeaders()
_UNDERSCORES: dict[str, Literal["", "ALLOW", "REJECT_REQUEST", "DROP_HEADER"]] = {
    "HEADERS_WITH_UNDERSCORES_UNSPECIFIED": "",
    "HEADERS_WITH_UNDERSCORES_ALLOW": "ALLOW",
    "HEADERS_WITH_UNDERSCORES_REJECT_REQUEST": "REJECT_REQUEST",
    "HEADERS_WITH_UNDERSCORES_DROP_HEADER": "DROP_HEADER",
}


def proxy_config(config: MeshConfig, traits: OutboundTraits | InboundTraits) -> ProxyConfig:
    """Return the workload's ProxyConfig, the mesh's where it has none."""
    return traits.proxy_config or config.default_config or NO_PROXY_CONFIG


def preserves_case(config: MeshConfig, traits: OutboundTraits | InboundTraits) -> bool:
    """Return whether HTTP/1 header names keep their case."""
    headers = proxy_config(config, traits).proxy_headers
    return headers is not None and headers.preserve_http1_header_case is True


def counts_attempts(config: MeshConfig, traits: OutboundTraits) -> bool:
    """Return whether a server is told how often a request was tried."""
    headers = proxy_config(config, traits).proxy_headers or _NO_HEADERS
    return headers.attempt_count is None or headers.attempt_count.disabled is not True


def forwards_host(config: MeshConfig, traits: OutboundTraits) -> bool:
    """Return whether a rewritten host is kept in `x-forwarded-host`."""
    headers = proxy_config(config, traits).proxy_headers or _NO_HEADERS
    return headers.x_forwarded_host is not None and headers.x_forwarded_host.enabled is True


def outbound_settings(config: MeshConfig, traits: OutboundTraits, logs: tuple[AccessLog, ...]) -> HttpSettings:
    """Return how a workload's own calls are treated."""
    return _settings(config, traits, HttpSettings(access_logs=logs), server="")


def inbound_settings(
    config: MeshConfig, traits: InboundTraits, logs: tuple[AccessLog, ...], protocol: Protocol
) -> HttpSettings:
    """Return how calls to a workload are treated."""
    headers = proxy_config(config, traits).proxy_headers or _NO_HEADERS
    forwarded = headers.forwarded_client_cert
    base = HttpSettings(
        access_logs=logs,
        forward_cert="APPEND_FORWARD" if forwarded == "UNDEFINED" else forwarded,
        cert_details=_details(headers.set_current_client_cert_details),
        http2=is_http2(protocol),
        grpc_web=protocol == "GRPC-Web",
    )
    return _settings(config, traits, base, server=INBOUND_SERVER)


def _details(told: SetCurrentClientCertDetails | None) -> ClientCertDetails:
    if told is None:
        return ClientCertDetails()
    return ClientCertDetails(
        subject=told.subject is not False,
        uri=told.uri is not False,
        dns=told.dns is not False,
        cert=told.cert is True,
        chain=told.chain is True,
    )


def _settings(
    config: MeshConfig, traits: OutboundTraits | InboundTraits, base: HttpSettings, *, server: str
) -> HttpSettings:
    own = proxy_config(config, traits)
    headers = own.proxy_headers or _NO_HEADERS
    pass_server = headers.server is not None and headers.server.disabled is True
    named = headers.server.value if headers.server is not None else ""
    normalization = config.path_normalization.normalization if config.path_normalization else "DEFAULT"
    merge = normalization in {"MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"}
    treated = replace(
        base,
        server_name="" if pass_server else named or server,
        pass_server=pass_server,
        generate_request_id=False if headers.request_id is not None and headers.request_id.disabled is True else None,
        suppress_debug=headers.envoy_debug_headers is not None and headers.envoy_debug_headers.disabled is True,
        forwarded_port=headers.x_forwarded_port is not None and headers.x_forwarded_port.enabled is True,
        http10=traits.http10,
        preserve_case=headers.preserve_http1_header_case is True,
        normalize_path=normalization != "NONE",
        merge_slashes=merge,
        escaped_slashes="UNESCAPE_AND_FORWARD" if normalization == "DECODE_AND_MERGE_SLASHES" else "KEEP_UNCHANGED",
        idle_timeout=traits.idle_timeout,
    )
    limits = own.connection_settings or (config.default_config and config.default_config.connection_settings)
    return _limited(treated, limits) if limits else treated


def _limited(base: HttpSettings, limits: ConnectionSettings) -> HttpSettings:
    slashes = limits.http_path_with_escaped_slashes_action
    stream_idle = nanoseconds(limits.http_stream_idle_timeout)
    idle = nanoseconds(limits.http_idle_timeout)
    return replace(
        base,
        idle_timeout=base.idle_timeout if idle is None else idle,
        max_connection_duration=nanoseconds(limits.http_max_connection_duration),
        max_stream_duration=nanoseconds(limits.http_max_stream_duration),
        stream_idle_timeout=base.stream_idle_timeout if stream_idle is None else stream_idle,
        request_timeout=nanoseconds(limits.http_request_timeout),
        request_headers_timeout=nanoseconds(limits.http_request_headers_timeout),
        drain_timeout=nanoseconds(limits.http_drain_timeout),
        max_concurrent_streams=_natural(limits.http_max_concurrent_streams),
        stream_window=_natural(limits.http2_initial_stream_window_size),
        connection_window=_natural(limits.http2_initial_connection_window_size),
        underscores=_UNDERSCORES[limits.http_headers_with_underscores_action],
        merge_slashes=base.merge_slashes if limits.http_merge_slashes is None else limits.http_merge_slashes,
        escaped_slashes=base.escaped_slashes if slashes == "PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED" else slashes,
    )


def _natural(number: int | None) -> int | None:
    return None if number is None or number < 0 else number
