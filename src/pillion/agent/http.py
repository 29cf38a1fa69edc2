"""As much HTTP/1.1 as a status port needs: one request per connection, both ways, over TCP.

A web framework would cost every pod tens of megabytes and a tenth of a second of its start.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from pillion.value import FrozenMap, Value

if TYPE_CHECKING:
    import ssl

MAX_HEAD = 64 * 1024
MAX_BODY = 64 * 1024 * 1024
REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}


class HttpError(Exception):
    """The other side does not speak HTTP as we understand it, or not in time."""


class Request(Value):
    """What a client asks."""

    target: str
    """Path and query, as sent."""
    method: str = "GET"
    headers: FrozenMap[str] = FrozenMap()
    """Names in lower case; the last one wins."""
    peer: str = ""
    """The client's address."""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


class Response(Value):
    """An answer; also what we get from others."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


Handler = Callable[[Request], Awaitable[Response]]


class Server:
    """Answers requests with a handler; its connections are tasks of the caller's group."""

    def __init__(self, handler: Handler, group: asyncio.TaskGroup, timeout: float = 10.0) -> None:
        self._handler = handler
        self._group = group
        self._timeout = timeout
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port.

        Raises:
            OSError: the address is taken or not ours.
        """
        self._server = await asyncio.start_server(self._accept, host, port, limit=MAX_HEAD)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Stop listening; connections that are open end by themselves."""
        if self._server:
            self._server.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._group.create_task(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                request = await read_request(reader, str(writer.get_extra_info("peername", ("",))[0]))
            response = await self._handler(request)
            writer.write(_head(response) + (b"" if request.method == "HEAD" else response.body))
            await writer.drain()
        except HttpError as error:
            writer.write(_head(Response(status=400, body=str(error).encode())) + str(error).encode())
        except (OSError, TimeoutError):
            pass  # the client went away, or says nothing: nobody is left to answer
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _head(response: Response) -> bytes:
    reason = REASONS.get(response.status, "Service Unavailable" if response.status == 503 else "Status")
    return (
        f"HTTP/1.1 {response.status} {reason}\r\ncontent-type: {response.content_type}\r\n"
        f"content-length: {len(response.body)}\r\nconnection: close\r\n\r\n"
    ).encode()


async def read_request(reader: asyncio.StreamReader, peer: str) -> Request:
    """Read one request's head; its body is of no interest to a status port.

    Raises:
        HttpError: it is none.
    """
    line, headers = await _read_head(reader)
    words = line.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise HttpError("not an HTTP/1 request")
    return Request(method=words[0], target=words[1], headers=headers, peer=peer)


async def fetch(
    address: tuple[str, int],
    request: Request,
    *,
    timeout: float = 5.0,  # noqa: ASYNC109 the whole exchange has one deadline
    source: tuple[str, int] | None = None,
    tls: "ssl.SSLContext | None" = None,
) -> Response:
    """Send one request and return the answer; `source` is the address to call from.

    Raises:
        OSError: no connection.
        TimeoutError: no whole answer in time.
        HttpError: an answer that is not HTTP.
    """
    async with asyncio.timeout(timeout):
        reader, writer = await asyncio.open_connection(*address, local_addr=source, limit=MAX_HEAD, ssl=tls)
        try:
            host = request.headers.get("host") or f"{address[0]}:{address[1]}"
            fields = {"host": host, "connection": "close", "content-length": "0", **request.headers}
            lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
            writer.write(f"{request.method} {request.target} HTTP/1.1\r\n{lines}\r\n".encode())
            return await _read_response(reader)
        finally:
            writer.close()


async def _read_response(reader: asyncio.StreamReader) -> Response:
    line, headers = await _read_head(reader)
    words = line.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdecimal():
        raise HttpError("not an HTTP/1 response")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _read_chunks(reader)
    elif headers.get("content-length", "").isdecimal():
        body = await _exactly(reader, int(headers["content-length"]))
    else:
        body = await reader.read(-1)
    return Response(status=int(words[1]), body=body, content_type=headers.get("content-type", ""))


async def _read_head(reader: asyncio.StreamReader) -> tuple[str, FrozenMap[str]]:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        raise HttpError("the connection ended before the request did") from error
    except asyncio.LimitOverrunError as error:
        raise HttpError("the head is too large") from error
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if ":" in line)
    return first, FrozenMap({name.strip().lower(): value.strip() for name, _, value in pairs})


async def _exactly(reader: asyncio.StreamReader, size: int) -> bytes:
    if size > MAX_BODY:
        raise HttpError("the body is too large")
    try:
        return await reader.readexactly(size)
    except asyncio.IncompleteReadError as error:
        raise HttpError("the connection ended before the body did") from error


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    total = 0
    while True:
        try:
            size = int((await reader.readline()).split(b";")[0], 16)
        except ValueError as error:
            raise HttpError("a broken chunk") from error
        chunk = await _exactly(reader, size + 2)
        total += size
        if size == 0 or total > MAX_BODY:
            return b"".join(parts)
        parts.append(chunk[:-2])
