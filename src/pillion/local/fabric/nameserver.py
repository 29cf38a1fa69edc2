"""Serves a `Zone` over UDP and TCP, on sockets that live in the fabric.

A name that is not the cluster's goes to an upstream server, asked from the host's namespace with the very bytes that
came, or does not exist if there is none.
"""

import asyncio
import contextlib
import socket
from typing import cast, final

from pillion.local.fabric.model import FabricSettings, family_of
from pillion.local.fabric.namespace import NetworkNamespace
from pillion.local.fabric.wire import MALFORMED, NXDOMAIN, SERVFAIL, refuse, respond
from pillion.local.fabric.zone import Zone

_PORT = 53
_PATIENCE = 2.0
"""Seconds that an upstream server has."""
_IDLE = 30.0


@final
class Nameserver:
    """The cluster's DNS server. Set `zone` at any time: the next question is answered from it."""

    def __init__(self, settings: FabricSettings, tasks: asyncio.TaskGroup) -> None:
        self.zone = Zone(domain=settings.domain)
        self._settings = settings
        self._tasks = tasks
        self._forwards: set[asyncio.Task[None]] = set()
        self._clients: set[asyncio.StreamWriter] = set()
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None

    async def start(self, namespace: NetworkNamespace) -> None:
        """Listen on the DNS address inside the fabric."""
        address = self._settings.dns_address
        family = socket.AF_INET if family_of(address) == 4 else socket.AF_INET6
        datagrams = await namespace.socket(family, socket.SOCK_DGRAM)
        datagrams.bind((address, _PORT))
        streams = await namespace.socket(family, socket.SOCK_STREAM)
        streams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        streams.bind((address, _PORT))
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=datagrams)
        self._tcp = await asyncio.start_server(self._serve_stream, sock=streams)

    def close(self) -> None:
        """Stop listening, and asking."""
        for task in self._forwards:
            task.cancel()
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        # a connection that stays open would keep the network namespace
        for client in self._clients:
            client.transport.abort()

    def received(self, query: bytes, client: tuple[str, int]) -> None:
        """Answer a datagram: at once, or later if another server must be asked."""
        response = respond(query, self.zone, self._settings.ttl, udp=True)
        if response is None:
            task = self._tasks.create_task(self._forward_datagram(query, client), name="dns upstream")
            self._forwards.add(task)
            task.add_done_callback(self._forwards.discard)
        elif response != MALFORMED:
            self._send(response, client)

    async def _forward_datagram(self, query: bytes, client: tuple[str, int]) -> None:
        self._send(await self._ask_upstream(query, udp=True), client)

    def _send(self, response: bytes, client: tuple[str, int]) -> None:
        if self._udp is not None and not self._udp.is_closing():
            self._udp.sendto(response, client)

    async def _serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            while True:
                async with asyncio.timeout(_IDLE):
                    query = await _read_message(reader)
                response = respond(query, self.zone, self._settings.ttl, udp=False)
                if response is None:
                    response = await self._ask_upstream(query, udp=False)
                if response == MALFORMED:
                    break
                _write_message(writer, response)
                await writer.drain()
        self._clients.discard(writer)
        writer.close()

    async def _ask_upstream(self, query: bytes, *, udp: bool) -> bytes:
        for server in self._settings.upstream:
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                async with asyncio.timeout(_PATIENCE):
                    return await (_ask_by_datagram if udp else _ask_by_stream)(server, query)
        return refuse(query, SERVFAIL if self._settings.upstream else NXDOMAIN)


@final
class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: Nameserver) -> None:
        self._server = server

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        self._server.received(data, cast(tuple[str, int], addr))


@final
class _OneReply(asyncio.DatagramProtocol):
    def __init__(self, query: bytes) -> None:
        self.reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._id = query[:2]

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        if data[:2] == self._id and not self.reply.done():
            self.reply.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.reply.done():
            self.reply.set_exception(exc)


async def _ask_by_datagram(server: str, query: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(lambda: _OneReply(query), remote_addr=(server, _PORT))
    try:
        transport.sendto(query)
        return await protocol.reply
    finally:
        transport.close()


async def _ask_by_stream(server: str, query: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(server, _PORT)
    try:
        _write_message(writer, query)
        return await _read_message(reader)
    finally:
        writer.close()


async def _read_message(reader: asyncio.StreamReader) -> bytes:
    length = int.from_bytes(await reader.readexactly(2))
    return await reader.readexactly(length)


def _write_message(writer: asyncio.StreamWriter, message: bytes) -> None:
    writer.write(len(message).to_bytes(2) + message)
