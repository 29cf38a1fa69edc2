"""One connection pool: what is left of it when nobody asks any more."""

import asyncio
import datetime as dt
import ssl
from pathlib import Path
from typing import cast

from pillion.pki.authority import create, issue
from pillion.sources.kubernetes.access import Access
from pillion.sources.kubernetes.client import KubernetesClient
from support.sockets import open_sockets

NOW = dt.datetime.now(dt.UTC)


class Mute(asyncio.Protocol):
    """Takes a request, and from then on neither answers nor hears."""

    def __init__(self, asked: asyncio.Event) -> None:
        self._asked = asked

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        assert data
        self.transport.pause_reading()
        self._asked.set()


async def left_open(trusted: str, context: ssl.SSLContext) -> int:
    """Ask a server that does not answer, and stop asking; how many of our sockets outlive the client."""
    asked, made = asyncio.Event(), list[Mute]()

    def connect() -> Mute:
        made.append(Mute(asked))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(connect, "127.0.0.1", 0, ssl=context)
    access = Access(server=f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", ca=trusted)
    async with server, asyncio.timeout(20):
        before = open_sockets()
        async with KubernetesClient(access) as client, asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(client.request("GET", "/api/v1/pods"))
            await asked.wait()
            asking.cancel()
        left = len(open_sockets() - before) - len(made)
        for each in made:
            each.transport.abort()
        return left


def test_a_cancelled_request_leaves_no_connection(tmp_path: Path) -> None:
    authority = create("cluster", NOW)
    leaf = issue(authority, ["127.0.0.1"], NOW)
    file = tmp_path / "leaf.pem"
    file.write_text(leaf.key + leaf.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    assert asyncio.run(left_open(authority.certificate, context)) == 0
