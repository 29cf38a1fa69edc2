"""HTTP around posts: what is left of connections at the end."""

import asyncio
import ssl
from pathlib import Path

from aiohttp import web

from pillion.controlplane.webhook.limits import Limits
from pillion.controlplane.webhook.server import Server
from support.sockets import open_sockets
from support.webhook import trusting, write_certificate


async def left_open(tls: ssl.SSLContext) -> int:
    """Stop a server whose client does not take leave; how many sockets of it are left."""
    server = Server({}, {"/hello": lambda: web.Response(text="hello")}, Limits(), lambda: False)
    before = open_sockets()
    reader, writer = await asyncio.open_connection("127.0.0.1", await server.start("127.0.0.1", 0, tls), ssl=trusting())
    writer.write(b"GET /hello HTTP/1.1\r\nHost: here\r\n\r\n")
    await reader.readuntil(b"hello")
    writer.transport.pause_reading()
    async with asyncio.timeout(20):
        await server.stop(1.0)
    left = len(open_sockets() - before) - 1  # the client's own
    writer.transport.abort()
    return left


def test_no_connection_outlives_its_server(tmp_path: Path) -> None:
    chain, key = write_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain, key)
    assert asyncio.run(left_open(tls)) == 0
