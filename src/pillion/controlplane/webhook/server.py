"""HTTP around posts: paths, limits, and clients that take their time.

A client that sends slowly holds its own connection and nothing else; when its time is up it is told so and left.
"""

import asyncio
import logging
import re
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from pillion.controlplane.binding import binding
from pillion.controlplane.webhook.limits import Limits
from pillion.controlplane.webhook.post import Post, Posted, UnansweredError

Page = Callable[[], web.Response]

_TIMEOUT = re.compile(r"([0-9]{1,4})s")
_MARGIN = 0.5
"""Seconds before the API server gives up."""
FAREWELL_TIMEOUT = 1.0
"""Seconds that a client may take to say goodbye by TLS."""
RETRY_AFTER = "1"
"""Seconds; the API server asks again, within the time that it has, only if it is told when."""


class Server:
    """Answers over HTTPS."""

    def __init__(
        self, posts: Mapping[str, Post], pages: Mapping[str, Page], limits: Limits, is_draining: Callable[[], bool]
    ) -> None:
        """Set a server up.

        Args:
            posts: who answers at a path, and below it.
            pages: what is shown at a path.
            limits: how much may be asked.
            is_draining: whether it is about to end.
        """
        self._posts = posts
        self._pages = pages
        self._limits = limits
        self._is_draining = is_draining
        self._reviews = 0
        self._held = 0
        """Bytes of bodies that arrived and are not answered yet."""
        self._silent: set[web.RequestHandler] = set()
        """Connections that have not asked anything yet."""
        self._http: web.Server | None = None
        self._listening: asyncio.Server | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext) -> int:
        """Listen, and return the port; raises `BindingError`."""
        loop = asyncio.get_running_loop()
        self._http = web.Server(
            self._handle,
            request_factory=self._request,
            access_log=None,
            logger=_logger(),
            keepalive_timeout=120.0,
            lingering_time=2.0,
        )
        with binding(host, port):
            self._listening = await loop.create_server(
                self._accept,
                host,
                port,
                ssl=tls,
                ssl_handshake_timeout=self._limits.head_seconds,
                ssl_shutdown_timeout=FAREWELL_TIMEOUT,
                backlog=1024,
            )
        return int(self._listening.sockets[0].getsockname()[1])

    async def stop(self, seconds: float) -> None:
        """Take no more connections, answer what was asked within this time, and end when no connection is left."""
        if self._listening and self._http:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listening.wait_closed())
                await asyncio.sleep(0)  # Python 3.11 waits for connections only if it waits before it closes
                self._listening.close()
                self._http.pre_shutdown()
                await self._http.shutdown(seconds)

    def _accept(self) -> asyncio.Protocol:
        assert self._http is not None  # noqa: S101 it is what listens
        if len(self._http.connections) >= self._limits.connections:
            return _TurnedAway()
        handler = self._http()
        self._silent.add(handler)

        def expire() -> None:
            if handler in self._silent:
                self._silent.discard(handler)
                handler.force_close()

        asyncio.get_running_loop().call_later(self._limits.head_seconds * 2, expire)
        return handler

    def _request(self, *parts: Any) -> web.BaseRequest:
        message, payload, protocol, writer, task = parts
        loop = asyncio.get_running_loop()
        return web.BaseRequest(message, payload, protocol, writer, task, loop)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self._silent.discard(request.protocol)
        path = request.path
        for root, post in self._posts.items():
            if path == root or path.startswith(f"{root}/"):
                return await self._answer(request, post)
        page = self._pages.get(path)
        if page is None:
            *first, last = [*self._posts, *self._pages]
            return _said(404, f"there are {', '.join(first)} and {last}")
        return page() if request.method in {"GET", "HEAD"} else _said(405, f"{path} takes GET")

    async def _answer(self, request: web.BaseRequest, post: Post) -> web.StreamResponse:
        began, body = time.perf_counter(), bytearray()
        try:
            return await self._answer_to(request, post, began, body)
        finally:
            self._held -= len(body)

    async def _answer_to(
        self, request: web.BaseRequest, post: Post, began: float, body: bytearray
    ) -> web.StreamResponse:
        refused = await self._receive(request, body)
        if refused is not None:
            post.refused(refused.status, began)
            return refused
        self._reviews += 1
        try:
            left = self._seconds(request) - (time.perf_counter() - began)
            content = await post.answer(Posted(bytes(body), request.path, began, left))
        except UnansweredError as problem:
            post.refused(504, began)
            return _said(504, str(problem))
        finally:
            self._reviews -= 1
        response = web.Response(body=content, content_type="application/json")
        if self._is_draining():
            response.force_close()  # the client must not send its next request this way
        return response

    async def _receive(self, request: web.BaseRequest, body: bytearray) -> web.Response | None:
        """Receive a body; return why it is not taken."""
        if request.method != "POST":
            return _said(405, f"{request.path} takes POST")
        if request.content_type != "application/json":
            return _said(415, f"Content-Type is {request.content_type}, expected application/json")
        if (request.content_length or 0) > self._limits.body:
            return self._too_large()
        try:
            async with asyncio.timeout(self._seconds(request)):
                refused = await self._read(request, body)
        except TimeoutError:
            return _said(408, "the body did not arrive in time")
        except (web.RequestPayloadError, ConnectionResetError) as error:
            return _said(400, f"the body cannot be read: {error}")
        if refused is not None:
            return refused
        if not body:
            return _said(400, "no body found, expected an AdmissionReview")
        if self._reviews >= self._limits.waiting:
            return _said(503, f"{self._limits.waiting} reviews are waiting already")
        return None

    async def _read(self, request: web.BaseRequest, body: bytearray) -> web.Response | None:
        """Read to the end of a body, or until it, or all bodies together, are too large."""
        while chunk := await request.content.readany():
            if len(body) + len(chunk) > self._limits.body:
                return self._too_large()
            if self._held + len(chunk) > self._limits.held:
                return _said(503, f"the reviews that are waiting already have {self._limits.held} bytes")
            body.extend(chunk)
            self._held += len(chunk)
        return None

    def _too_large(self) -> web.Response:
        return _said(413, f"the body is larger than the limit of {self._limits.body} bytes")

    def _seconds(self, request: web.BaseRequest) -> float:
        """How long a request may take: the API server says how long it waits, in `?timeout=10s`."""
        found = _TIMEOUT.fullmatch(request.query.get("timeout", "")) if request.query_string else None
        return min(self._limits.seconds, max(int(found.group(1)) - _MARGIN, _MARGIN)) if found else self._limits.seconds


class _OneLine(logging.Formatter):
    """Tells a client's mistake in a line: where our code stood is no help with it, and a client could fill a disk."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 logging's name
        """Write an exception."""
        error = ei[1]
        return " ".join(str(error).split()) if isinstance(error, HttpProcessingError) else super().formatException(ei)


def _logger() -> logging.Logger:
    logger = logging.Logger("webhook")  # noqa: LOG001 this server's own: a handler on a shared one would stay
    handler = logging.StreamHandler()
    handler.setFormatter(_OneLine("webhook: %(message)s"))
    logger.addHandler(handler)
    return logger


class _TurnedAway(asyncio.Protocol):
    """What becomes of a connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _said(code: int, text: str) -> web.Response:
    response = web.Response(status=code, text=text + "\n")
    if code in {408, 413, 503}:
        response.force_close()
    if code == 503:
        response.headers["Retry-After"] = RETRY_AFTER
    return response
