"""HTTP to a port of a pod, the loopback of the pod included, through the API server: `pods/portforward`.

The API server decides who may (`get` and `create` of `pods/portforward`), and nothing in the pod needs to listen to
strangers. The wire is the kubelet's `v4.channel.k8s.io` over a WebSocket: the first byte of a message names its channel
(0 data, 1 errors), and the first message of a channel is the port, which we know.
"""

import asyncio
import http.client
import io

import aiohttp

from pillion.sources.kubernetes.client import ApiError, KubernetesClient
from pillion.value import Value

PROTOCOL = "v4.channel.k8s.io"
DATA, ERROR = 0, 1
TIMEOUT = 30.0


class Place(Value):
    """A port of a pod."""

    namespace: str
    pod: str
    port: int

    def __str__(self) -> str:
        """`port 8080 of pod istio-system/istiod-1`."""
        return f"port {self.port} of pod {self.namespace}/{self.pod}"


class Page(Value):
    """An HTTP answer."""

    status: int
    body: bytes


async def fetch(client: KubernetesClient, place: Place, path: str, patience: float = TIMEOUT) -> Page:
    """Ask for a page with GET. Raises `ApiError`, with code 0 when the pod itself does not answer."""
    pod = f"/api/v1/namespaces/{place.namespace}/pods/{place.pod}/portforward"
    ask = f"GET {path} HTTP/1.1\r\nHost: localhost:{place.port}\r\nConnection: close\r\n\r\n"
    try:
        async with (
            asyncio.timeout(patience),
            client.websocket(pod, {"ports": str(place.port)}, PROTOCOL) as connection,
        ):
            await connection.send_bytes(bytes([DATA]) + ask.encode())
            return parsed(await _answer(connection, place), place)
    except (aiohttp.ClientError, OSError) as problem:
        raise ApiError(0, f"{place} is not reached: {problem or 'it does not answer in time'}") from problem


async def _answer(connection: aiohttp.ClientWebSocketResponse[bool], place: Place) -> bytes:
    """Collect what comes until the answer is whole, or the other side has no more."""
    answer = bytearray()
    begun: set[int] = set()
    async for message in connection:
        if not isinstance(message.data, bytes) or not message.data:
            continue
        channel, content = message.data[0], message.data[1:]
        if channel not in begun:
            begun.add(channel)
        elif channel == DATA:
            answer += content
            if is_whole(bytes(answer)):
                break
        elif content:
            raise ApiError(0, f"{place} is not reached: {content.decode('utf-8', 'replace')}")
    return bytes(answer)


def is_whole(answer: bytes) -> bool:
    """Return whether an HTTP answer has come to its end by its own account."""
    head, gap, body = answer.partition(b"\r\n\r\n")
    if not gap:
        return False
    for line in head.lower().split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return len(body) >= int(value)
        if name == b"transfer-encoding" and b"chunked" in value:
            return body.endswith(b"\r\n0\r\n\r\n") or body == b"0\r\n\r\n"
    return False


def parsed(answer: bytes, place: Place) -> Page:
    """Read an HTTP answer. Raises `ApiError` for one that is none, or was cut."""
    response = http.client.HTTPResponse(_Received(answer))  # pyright: ignore[reportArgumentType]  # it only reads
    try:
        response.begin()
        return Page(status=response.status, body=response.read())
    except (http.client.HTTPException, ValueError) as problem:
        raise ApiError(0, f"{place} answers with something else than HTTP: {problem!r}") from problem


class _Received:
    """Stands in for the socket that `HTTPResponse` reads from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._content)
