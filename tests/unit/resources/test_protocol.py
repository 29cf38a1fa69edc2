import pytest

from pillion.resources import protocol


@pytest.mark.parametrize(
    ("port", "name", "transport", "app_protocol", "expected"),
    [
        (80, "http", "TCP", None, "HTTP"),
        (80, "http-admin", "TCP", None, "HTTP"),
        (80, "HTTP2-x", "TCP", None, "HTTP2"),
        (80, "httpadmin", "TCP", None, "Unsupported"),
        (80, "grpc-web-x", "TCP", None, "GRPC-Web"),
        (80, "grpc-x", "TCP", None, "GRPC"),
        (80, "", "TCP", None, "Unsupported"),
        (3306, "", "TCP", None, "TCP"),
        (3306, "http", "TCP", None, "HTTP"),
        (53, "http", "UDP", None, "UDP"),
        (80, "tcp", "TCP", "http", "HTTP"),
        (80, "tcp", "TCP", "kubernetes.io/h2c", "HTTP2"),
        (80, "tcp", "TCP", "kubernetes.io/ws", "HTTP"),
        (80, "tcp", "TCP", "kubernetes.io/wss", "HTTPS"),
        (80, "tcp", "TCP", "", "Unsupported"),
        (80, "mongo", "TCP", None, "Mongo"),
    ],
)
def test_the_protocol_of_a_service_port(
    port: int, name: str, transport: str, app_protocol: str | None, expected: str
) -> None:
    assert protocol.service_protocol(port, name, transport, app_protocol) == expected


def test_families() -> None:
    assert protocol.is_http("GRPC")
    assert protocol.is_http2("GRPC")
    assert protocol.is_grpc("GRPC-Web")
    assert not protocol.is_http("HTTPS")
    assert protocol.is_tcp("HTTPS")
    assert protocol.is_tls("TLS")
    assert not protocol.is_tcp("Unsupported")
    assert protocol.is_sniffed("Unsupported")
    assert protocol.parse_protocol("Https") == "HTTPS"
    assert protocol.parse_protocol("spdy") == "Unsupported"
