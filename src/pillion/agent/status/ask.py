"""Ask the application how it is, for the kubelet, which cannot speak to a captured application directly.

The agent calls from 127.0.0.6 (::6), the address whose traffic is never captured.
"""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pillion.agent import http
from pillion.agent.probes import HttpGet, Probe, TcpSocket
from pillion.agent.status import grpc_health
from pillion.value import FrozenMap

if TYPE_CHECKING:
    import ssl

SOURCES = {4: "127.0.0.6", 6: "::6"}
MAX_ANSWER = 10240
"""Bytes of the application's answer that are handed on."""


async def ask(probe: Probe, pod_ip: str, headers: Mapping[str, str]) -> http.Response:
    """Ask the application, and return the answer for the kubelet."""
    timeout = float(max(probe.timeout_seconds, 1))
    try:
        if probe.http_get:
            return await _http(probe.http_get, pod_ip, headers, timeout)
        if probe.tcp_socket:
            return await _tcp(probe.tcp_socket, pod_ip, timeout)
        if probe.grpc:
            asked = probe.grpc
            return await grpc_health.check(pod_ip, asked.port, asked.service, timeout, _source(pod_ip))
    except TimeoutError:
        return http.Response(status=500, body=f"no answer in {timeout:g} s\n".encode())
    except (OSError, http.HttpError) as error:
        return http.Response(status=500, body=f"{error}\n".encode())
    return http.Response(status=500, body=b"a probe without an action\n")


async def _http(get: HttpGet, pod_ip: str, headers: Mapping[str, str], timeout: float) -> http.Response:  # noqa: ASYNC109
    sent = {name: value for name, value in headers.items() if name in {"user-agent", "accept"}}
    sent |= {header.name.lower(): header.value for header in get.http_headers}
    host = get.host or pod_ip
    path = get.path if get.path.startswith("/") else f"/{get.path}"
    sent.setdefault("host", f"{host}:{get.port}")
    tls = _no_verification() if get.scheme.upper() == "HTTPS" else None
    asked = http.Request(target=path, headers=FrozenMap(sent))
    answer = await http.fetch((host, get.port), asked, timeout=timeout, source=_source(host), tls=tls)
    return http.Response(status=answer.status, body=answer.body[:MAX_ANSWER])


def _no_verification() -> "ssl.SSLContext":
    """Return what the kubelet uses for HTTPS probes: encryption without a look at the certificate."""
    import ssl  # noqa: PLC0415 few pods have such a probe

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _tcp(socket: TcpSocket, pod_ip: str, timeout: float) -> http.Response:  # noqa: ASYNC109
    host = socket.host or pod_ip
    async with asyncio.timeout(timeout):
        _, writer = await asyncio.open_connection(host, socket.port, local_addr=_source(host))
    writer.close()
    return http.Response()


def _source(host: str) -> tuple[str, int] | None:
    if host in {"localhost", "127.0.0.1", "::1"}:
        return None
    return (SOURCES[6 if ":" in host else 4], 0)
