"""The protocol of a port, from its name, its `appProtocol` or an Istio port's `protocol`.

Mirrors Istio's `pkg/config/protocol` and `pkg/config/kube`.
"""

from typing import Literal

Protocol = Literal[
    "GRPC", "GRPC-Web", "HTTP", "HTTP_PROXY", "HTTP2", "HTTPS", "TCP", "TLS", "UDP", "Mongo", "Redis", "MySQL", "HBONE",
    "Unsupported",
]  # fmt: skip
"""`Unsupported` stands for a protocol that nobody named: it is found out by sniffing."""

_BY_WORD: dict[str, Protocol] = {
    "tcp": "TCP",
    "udp": "UDP",
    "grpc": "GRPC",
    "grpc-web": "GRPC-Web",
    "http": "HTTP",
    "http_proxy": "HTTP_PROXY",
    "http2": "HTTP2",
    "https": "HTTPS",
    "tls": "TLS",
    "mongo": "Mongo",
    "redis": "Redis",
    "mysql": "MySQL",
}
_BY_KUBERNETES_WORD: dict[str, Protocol] = {
    "kubernetes.io/h2c": "HTTP2",
    "kubernetes.io/ws": "HTTP",
    "kubernetes.io/wss": "HTTPS",
}
_SERVER_SPEAKS_FIRST = frozenset({25, 53, 3306, 27017})
"""SMTP, DNS, MySQL, MongoDB: sniffing would wait for a client that waits for the server."""


def parse_protocol(text: str) -> Protocol:
    """Read a protocol's name, whatever its case; `Unsupported` when it is none."""
    return _BY_WORD.get(text.lower(), "Unsupported")


def service_protocol(port: int, name: str, transport: str, app_protocol: str | None) -> Protocol:
    """Find the protocol of a Kubernetes service port: `appProtocol` first, then the name's prefix (`http-admin`)."""
    if transport == "UDP":
        return "UDP"
    word = name if app_protocol is None else app_protocol
    if app_protocol is not None and app_protocol in _BY_KUBERNETES_WORD:
        return _BY_KUBERNETES_WORD[app_protocol]
    if word.lower().startswith("grpc-web"):
        return "GRPC-Web"
    protocol = parse_protocol(word.partition("-")[0])
    return "TCP" if protocol == "Unsupported" and port in _SERVER_SPEAKS_FIRST else protocol


def is_http(protocol: Protocol) -> bool:
    """Return whether HTTP, of any version, runs on such a port."""
    return protocol in {"HTTP", "HTTP2", "HTTP_PROXY", "GRPC", "GRPC-Web"}


def is_http2(protocol: Protocol) -> bool:
    """Return whether HTTP/2 runs on such a port."""
    return protocol in {"HTTP2", "GRPC", "GRPC-Web"}


def is_grpc(protocol: Protocol) -> bool:
    """Return whether gRPC runs on such a port."""
    return protocol in {"GRPC", "GRPC-Web"}


def is_tcp(protocol: Protocol) -> bool:
    """Return whether such a port carries a stream that is not read as HTTP."""
    return protocol in {"TCP", "HTTPS", "TLS", "Mongo", "Redis", "MySQL"}


def is_tls(protocol: Protocol) -> bool:
    """Return whether clients open TLS on such a port."""
    return protocol in {"HTTPS", "TLS"}


def is_sniffed(protocol: Protocol) -> bool:
    """Return whether the first bytes decide what such a port carries."""
    return protocol == "Unsupported"
