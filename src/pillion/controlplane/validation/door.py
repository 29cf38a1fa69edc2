"""Where reviews come in: the webhook's server with the judge behind it."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import prometheus_client as prometheus
from aiohttp import web

from pillion.controlplane.validation.judge import Judge
from pillion.controlplane.validation.post import LIMITS, ValidationPost
from pillion.controlplane.webhook.server import Server

FAREWELL = 1.0


@asynccontextmanager
async def judging(
    address: tuple[str, int], tls: ssl.SSLContext, registry: prometheus.CollectorRegistry, leaving: Callable[[], bool]
) -> AsyncGenerator[int]:
    """Serve `/validate` while the body runs; yields the port. Raises `OSError` when it is taken."""
    pages = {"/readyz": lambda: web.Response(status=503 if leaving() else 200)}
    async with Judge() as judge:
        server = Server({"/validate": ValidationPost(judge, registry)}, pages, LIMITS, leaving)
        port = await server.start(*address, tls)
        try:
            yield port
        finally:
            await asyncio.shield(server.stop(FAREWELL))
