"""Queries to a running server; answers over both protocols are the conformance suite `agent/dns`."""

import asyncio
from collections.abc import Awaitable, Callable

from dnslib import DNSRecord

from pillion.agent.dns.server import DnsServer
from pillion.agent.dns.table import NameInfo, Place, build
from pillion.agent.dns.upstream import Upstream


class Client(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answers: asyncio.Queue[DNSRecord] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.answers.put_nowait(DNSRecord.parse(data))


def play(talk: Callable[[asyncio.DatagramTransport, Client], Awaitable[None]], *, parallel: bool = False) -> None:
    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            closed = (("127.0.0.1", 1), ("127.0.0.1", 2))
            server = DnsServer(Upstream(closed, parallel=parallel, timeout=0.5), group)
            server.table = build({"one": NameInfo(ips=("1.1.1.1",))}, Place(namespace="n", domain="d"))
            port = await server.start("127.0.0.1", 0)
            loop = asyncio.get_running_loop()
            transport, client = await loop.create_datagram_endpoint(Client, remote_addr=("127.0.0.1", port))
            async with asyncio.timeout(10):
                await talk(transport, client)
            transport.close()
            server.close()

    asyncio.run(run())


def test_noise_does_not_stop_the_server() -> None:
    async def talk(transport: asyncio.DatagramTransport, client: Client) -> None:
        transport.sendto(b"noise")
        transport.sendto(DNSRecord.question("one.").pack())
        assert str((await client.answers.get()).rr[0].rdata) == "1.1.1.1"

    play(talk)


def test_without_an_answer_from_upstream_the_query_fails() -> None:
    async def talk(transport: asyncio.DatagramTransport, client: Client) -> None:
        transport.sendto(DNSRecord.question("elsewhere.").pack())
        assert (await client.answers.get()).header.rcode == 2

    play(talk)
    play(talk, parallel=True)
