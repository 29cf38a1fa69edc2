"""Ask the pod's own name servers: one after another, or all at once and the first answer wins."""

import asyncio
import random
import struct

from pillion.agent.dns.resolver import Transport

Address = tuple[str, int]


class UpstreamError(Exception):
    """No name server gave an answer."""


class Upstream:
    """The name servers of resolv.conf."""

    def __init__(self, servers: tuple[Address, ...], *, parallel: bool = False, timeout: float = 5.0) -> None:
        self._servers = servers
        self._parallel = parallel
        self._timeout = timeout

    async def ask(self, query: bytes, protocol: Transport) -> bytes:
        """Return the answer as it came.

        Raises:
            UpstreamError: there was none.
        """
        if self._parallel and len(self._servers) > 1:
            return await self._first(query, protocol)
        for server in random.sample(self._servers, len(self._servers)):
            try:
                return await self._exchange(server, query, protocol)
            except (OSError, TimeoutError, EOFError):
                continue
        raise UpstreamError("no name server answers")

    async def _first(self, query: bytes, protocol: Transport) -> bytes:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(self._attempt(server, query, protocol)) for server in self._servers]
            for done in asyncio.as_completed(asked):
                answer = await done
                if answer is not None:
                    for task in asked:
                        task.cancel()
                    return answer
        raise UpstreamError("no name server answers")

    async def _attempt(self, server: Address, query: bytes, protocol: Transport) -> bytes | None:
        try:
            return await self._exchange(server, query, protocol)
        except (OSError, TimeoutError, EOFError):
            return None

    async def _exchange(self, server: Address, query: bytes, protocol: Transport) -> bytes:
        async with asyncio.timeout(self._timeout):
            return await (_over_udp(server, query) if protocol == "udp" else _over_tcp(server, query))


class _Exchange(asyncio.DatagramProtocol):
    """One question on a socket of its own, so that its port is hard to guess."""

    def __init__(self, query: bytes) -> None:
        self._id = query[:2]
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if data[:2] == self._id and not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


async def _over_udp(server: Address, query: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    transport, exchange = await loop.create_datagram_endpoint(lambda: _Exchange(query), remote_addr=server)
    try:
        transport.sendto(query)
        return await exchange.answer
    finally:
        transport.close()


async def _over_tcp(server: Address, query: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(struct.pack(">H", len(query)) + query)
        (length,) = struct.unpack(">H", await reader.readexactly(2))
        return await reader.readexactly(length)
    finally:
        writer.close()
