"""HTTP to one API server: one connection pool, errors as the server says them."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, final
from weakref import WeakSet

import aiohttp
import msgspec

from pillion.sources.kubernetes.access import Access, AccessError
from pillion.sources.kubernetes.credentials import Credentials
from pillion.value import Value

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
LIST_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
REQUEST_TIMEOUT = 30.0
CONNECT_TIMEOUT = 10.0
CHUNK = 1 << 18
FAREWELL_TURNS = 20
"""Turns of the loop after which connections that were ended are gone."""


class StatusDetails(Value, rename="camel"):
    """What more a failure says."""

    retry_after_seconds: int | None = None


class Status(Value, rename="camel"):
    """A Kubernetes Status: how a request failed."""

    code: int = 0
    reason: str = ""
    message: str = ""
    details: StatusDetails | None = None


class ApiError(Exception):
    """The API server answered with a failure, or not at all (code 0)."""

    def __init__(self, code: int, message: str, reason: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason
        self.retry_after = retry_after
        """Seconds to wait, when the server said so."""

    def __str__(self) -> str:
        return f"{self.code} {self.message}" if self.code else self.message


_status = msgspec.json.Decoder(Status)


@final
class KubernetesClient:
    """Asks one API server. An async context manager."""

    def __init__(self, access: Access, patience: float = CONNECT_TIMEOUT) -> None:
        """Prepare; `patience` is how many seconds a connection, TLS included, or the head of an answer may take."""
        self.access = access
        self._patience = patience
        self.credentials = Credentials(access)
        self._session: aiohttp.ClientSession | None = None
        self._sockets: WeakSet[socket.socket] = WeakSet()

    async def __aenter__(self) -> "KubernetesClient":
        timeout = aiohttp.ClientTimeout(total=None, connect=self._patience)
        connector = aiohttp.TCPConnector(
            limit=0, ssl=self.credentials.tls, keepalive_timeout=60, socket_factory=self._socket
        )
        # What a cluster sends is big and near: compressing it costs more than it saves.
        headers = {"Accept-Encoding": "identity", "User-Agent": "pillion"}
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=timeout, headers=headers, read_bufsize=CHUNK, auto_decompress=True
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            await self._part()

    def _socket(self, address: tuple[int, int, int, str, Any]) -> socket.socket:
        made = socket.socket(*address[:3])
        self._sockets.add(made)
        return made

    async def _part(self) -> None:
        """Wait until no connection is left.

        A request that was cancelled before the head of its answer leaves the pool while its TLS still waits for the
        server's farewell, up to 30 s: with its socket shut down it has nothing to wait for.
        """
        for each in self._open():
            with suppress(OSError):  # which is not connected any more, or not yet
                each.shutdown(socket.SHUT_RDWR)
        for _ in range(FAREWELL_TURNS):
            await asyncio.sleep(0)

    def _open(self) -> list[socket.socket]:
        return [each for each in self._sockets if each.fileno() != -1]

    async def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        kind: str = JSON,
        accept: str = JSON,
    ) -> bytes:
        """Ask, and return the whole answer. Raises `ApiError`."""
        timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT, connect=self._patience)
        async with self._asked(method, path, query, (body, kind, accept), timeout) as response:
            try:
                return await response.read()
            except (aiohttp.ClientError, TimeoutError, OSError) as problem:
                raise _cut(problem) from problem

    @asynccontextmanager
    async def stream(
        self, path: str, query: Mapping[str, str], accept: str = JSON
    ) -> AsyncGenerator[aiohttp.StreamReader]:
        """Offer an answer while it comes. Raises `ApiError` when there is none; reading raises aiohttp's errors."""
        timeout = aiohttp.ClientTimeout(total=None, connect=self._patience)
        async with self._asked("GET", path, query, (None, JSON, accept), timeout) as response:
            yield response.content

    @asynccontextmanager
    async def websocket(
        self, path: str, query: Mapping[str, str], protocol: str
    ) -> AsyncGenerator[aiohttp.ClientWebSocketResponse[bool]]:
        """Offer a WebSocket. Raises `ApiError` when there is none; reading and writing raise aiohttp's errors."""
        if self._session is None:
            raise RuntimeError("the client was not entered")
        try:
            headers = await self.credentials.headers()
        except AccessError as problem:
            raise ApiError(401, str(problem)) from problem
        try:
            async with asyncio.timeout(2 * self._patience):
                connection = await self._session.ws_connect(
                    self.access.server + path,
                    params=query,
                    protocols=(protocol,),
                    headers=headers,
                    server_hostname=self.access.server_name or None,
                    max_msg_size=0,
                )
        except aiohttp.WSServerHandshakeError as refused:
            raise await self._refusal(path, query, refused) from refused
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise _cut(problem) from problem
        async with connection:
            yield connection

    async def _refusal(self, path: str, query: Mapping[str, str], refused: aiohttp.WSServerHandshakeError) -> ApiError:
        """Say why there is no WebSocket: the server's words are lost with the handshake, so it is asked plainly."""
        try:
            await self.request("GET", path, query)
        except ApiError as problem:
            if problem.code != 400:  # which is about the missing handshake
                return problem
        return ApiError(refused.status, refused.message)

    @asynccontextmanager
    async def _asked(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        content: tuple[Any, str, str],
        limits: aiohttp.ClientTimeout,
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        if self._session is None:
            raise RuntimeError("the client was not entered")
        body, kind, accept = content
        try:
            headers = {"Accept": accept, **await self.credentials.headers()}
        except AccessError as problem:
            raise ApiError(401, str(problem)) from problem
        data = None if body is None else msgspec.json.encode(body)
        if data is not None:
            headers["Content-Type"] = kind
        try:
            async with asyncio.timeout(limits.total or 2 * self._patience):
                response = await self._session.request(
                    method,
                    self.access.server + path,
                    params=query,
                    data=data,
                    headers=headers,
                    timeout=limits,
                    server_hostname=self.access.server_name or None,
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise _cut(problem) from problem
        try:
            if response.status >= 300:
                raise await self._failure(response)
            yield response
        finally:
            _let_go(response)

    async def _failure(self, response: aiohttp.ClientResponse) -> ApiError:
        if response.status == 401:
            self.credentials.refused()
        try:
            body = await response.read()
            status = _status.decode(body)
        except (aiohttp.ClientError, TimeoutError, OSError, msgspec.MsgspecError):
            status = Status(message=response.reason or "")
        said = response.headers.get("Retry-After", "")
        seconds = float(said) if said.isdigit() else None
        if seconds is None and status.details is not None and status.details.retry_after_seconds:
            seconds = float(status.details.retry_after_seconds)
        return ApiError(response.status, status.message or response.reason or "", status.reason, seconds)


def _let_go(response: aiohttp.ClientResponse) -> None:
    """Give a connection back; one whose answer was not read to its end cannot be used again, and is not mourned."""
    if response.content.at_eof():
        response.release()
        return
    connection = response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()
    response.close()


def _cut(problem: Exception) -> ApiError:
    if isinstance(problem, TimeoutError):
        return ApiError(0, "the API server does not answer in time")
    return ApiError(0, f"the API server is not reached: {problem}")
