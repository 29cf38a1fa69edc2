"""Prove with a connection that capture is at work in this network namespace, as Istio's validation container does.

The connection goes to where nobody listens; capture must lead it to one of the proxy's ports, where we listen for a
moment, with its destination kept. Whoever runs as the proxy's user calls the pod's own address, which is led to the
inbound port; anybody else calls an address of documentation, which is led to the outbound port if all destinations are.
"""

import os
import socket
import struct
from contextlib import ExitStack

from pillion.capture import ranges
from pillion.capture.config import Config, seconds

SO_ORIGINAL_DST = 80
ELSEWHERE = "192.0.2.1"
"""TEST-NET-1: no real host."""


class ValidationError(Exception):
    """Capture is not at work, or cannot be proved here."""


def validate(config: Config) -> None:
    """Return if a connection is captured.

    Raises:
        ValidationError: it is not, or the config captures nothing that could prove it.
    """
    ours = str(os.geteuid()) in ranges.split(config.proxy_uid)
    port = int(config.inbound_capture_port if ours else config.proxy_port)
    if ours and not config.host_ip:
        raise ValidationError("this network namespace has no address to call")
    if not ours and config.outbound_ip_ranges_include != ranges.WILDCARD:
        raise ValidationError(f"run as the proxy's user {config.proxy_uid}: not all outbound connections are captured")
    destination = (config.host_ip if ours else ELSEWHERE, config.iptables_probe_port)
    timeout = seconds(config.probe_timeout)
    with ExitStack() as stack:
        server = stack.enter_context(_listener(":" in destination[0], port, timeout))
        client = stack.enter_context(_caller(destination, timeout))
        try:
            accepted, _ = server.accept()
        except TimeoutError:
            raise ValidationError(f"a connection to {_text(destination)} did not arrive at port {port}") from None
        stack.enter_context(accepted)
        found = original_destination(accepted)
        if found != destination:
            raise ValidationError(f"a connection to {_text(destination)} arrived as one to {_text(found)}")
        client.close()


def original_destination(connection: socket.socket) -> tuple[str, int]:
    """Return where a redirected connection was meant to go."""
    if connection.family == socket.AF_INET6:
        raw = connection.getsockopt(socket.IPPROTO_IPV6, SO_ORIGINAL_DST, 28)
        return socket.inet_ntop(socket.AF_INET6, raw[8:24]), struct.unpack(">H", raw[2:4])[0]
    raw = connection.getsockopt(socket.SOL_IP, SO_ORIGINAL_DST, 16)
    return socket.inet_ntop(socket.AF_INET, raw[4:8]), struct.unpack(">H", raw[2:4])[0]


def _listener(ipv6: bool, port: int, timeout: float) -> socket.socket:
    server = socket.socket(socket.AF_INET6 if ipv6 else socket.AF_INET)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.settimeout(timeout)
    try:
        server.bind(("::1" if ipv6 else "127.0.0.1", port))
        server.listen()
    except OSError as error:
        server.close()
        raise ValidationError(f"cannot listen on port {port}: {error.strerror}") from error
    return server


def _caller(destination: tuple[str, int], timeout: float) -> socket.socket:
    try:
        return socket.create_connection(destination, timeout=timeout)
    except OSError as error:
        raise ValidationError(f"a connection to {_text(destination)} is not captured: {error}") from error


def _text(address: tuple[str, int]) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
