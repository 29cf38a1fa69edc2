"""The agent's DNS port, over UDP and TCP."""

import asyncio
import contextlib
import random
import struct
from typing import cast

from pillion.agent.dns.message import failure, fitted
from pillion.agent.dns.resolver import Answer, Transport, resolve
from pillion.agent.dns.table import LookupTable
from pillion.agent.dns.upstream import Upstream, UpstreamError

PORT = 15053
MAX_PENDING = 1000
"""Queries that wait for upstream at a time; more are dropped, as a resolver asks again."""
IDLE = 8.0
"""Seconds after which a silent TCP connection is closed."""


class DnsServer:
    """Answers queries from its table, and by way of upstream."""

    def __init__(self, upstream: Upstream, group: asyncio.TaskGroup) -> None:
        self.table: LookupTable | None = None
        """What the mesh has; None until the control plane has said it."""
        self._upstream = upstream
        self._group = group
        self._pending = 0
        self._transports: list[asyncio.BaseTransport] = []
        self._servers: list[asyncio.Server] = []

    async def start(self, host: str, port: int = PORT) -> int:
        """Listen on both protocols of one port, and return it.

        Raises:
            OSError: the port is taken.
        """
        server = await asyncio.start_server(self._accept, host, port)
        self._servers.append(server)
        port = int(server.sockets[0].getsockname()[1])
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(host, port))
        self._transports.append(transport)
        return port

    def close(self) -> None:
        """Stop listening."""
        for each in (*self._transports, *self._servers):
            each.close()

    def receive(self, query: bytes, client: object, transport: asyncio.DatagramTransport) -> None:
        """Take a query that came by UDP."""
        if self._pending < MAX_PENDING:
            self._group.create_task(self._reply(query, client, transport))

    async def _reply(self, query: bytes, client: object, transport: asyncio.DatagramTransport) -> None:
        answer = await self._answer(query, "udp")
        if answer and not transport.is_closing():
            transport.sendto(answer, cast(tuple[str, int], client))

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._group.create_task(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                async with asyncio.timeout(IDLE):
                    (length,) = struct.unpack(">H", await reader.readexactly(2))
                    query = await reader.readexactly(length)
                if not (answer := await self._answer(query, "tcp")):
                    return
                writer.write(struct.pack(">H", len(answer)) + answer)
                await writer.drain()
        except (OSError, TimeoutError, EOFError):
            pass  # the client has what it wanted, or went away
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, query: bytes, protocol: Transport) -> bytes:
        found = resolve(query, self.table, random.shuffle, protocol)
        if isinstance(found, Answer):
            return found.data
        self._pending += 1
        try:
            return fitted(await self._upstream.ask(query, protocol), found.size)
        except UpstreamError:
            return failure(query)
        finally:
            self._pending -= 1


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        if self._transport:
            self._server.receive(data, addr, self._transport)
