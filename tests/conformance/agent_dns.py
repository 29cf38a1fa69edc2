"""Istio's recorded cases of the agent's DNS proxy, asked over UDP and TCP of a running one."""

import asyncio
import json
import struct
from pathlib import Path
from typing import Any

import msgspec
from dnslib import EDNS0, QTYPE, RR, A, DNSRecord

from conformance.outcome import Outcome, tally
from pillion.agent.dns.server import DnsServer
from pillion.agent.dns.table import NameInfo, Place, build
from pillion.agent.dns.upstream import Upstream

GIANT = "aaaaaaaaaaaa.aaaaaa."


def run(data: Path) -> dict[str, Outcome]:
    suite = json.loads((data / "agent" / "dns.json").read_text())
    return {"agent/dns": tally(asyncio.run(_play(suite)))}


async def _play(suite: dict[str, Any]) -> list[tuple[str, bool]]:
    names = msgspec.convert(suite["name_table"]["table"], dict[str, NameInfo])
    where = suite["server"]
    place = Place(
        namespace=where["proxy_namespace"], domain=where["proxy_domain"], search=tuple(where["search_domains"])
    )
    async with asyncio.TaskGroup() as group:
        world = _World(where["upstream"])
        server = DnsServer(Upstream((("127.0.0.1", await world.start()),)), group)
        server.table = build(names, place)
        port = await server.start("127.0.0.1", 0)
        results = [(case["name"], await _alike(case, port)) for case in suite["cases"]]
        server.close()
        world.close()
    return results


async def _alike(case: dict[str, Any], port: int) -> bool:
    query = DNSRecord.question(case["host"], case["query"])
    if size := case.get("edns_udp_size"):
        query.add_ar(EDNS0(udp_len=size))
    networks = [case["network"]] if case["network"] else ["udp", "tcp"]
    return all([_expected(case, await _ask(query.pack(), network, port)) for network in networks])


def _expected(case: dict[str, Any], answer: DNSRecord) -> bool:
    if case["external"]:
        return answer.header.rcode == 0
    if case["rcode"] and answer.header.rcode != case["rcode"]:
        return False
    got = [(QTYPE.get(record.rtype), str(record.rname), record.ttl, str(record.rdata)) for record in answer.rr]
    want = [(each["type"], each["name"], each["ttl"], each["value"]) for each in case["expected"] or ()]
    return sorted(got) == sorted(want) if case["id"] else got == want


async def _ask(query: bytes, network: str, port: int) -> DNSRecord:
    async with asyncio.timeout(10):
        if network == "udp":
            loop = asyncio.get_running_loop()
            answer = loop.create_future()
            transport, _ = await loop.create_datagram_endpoint(lambda: _Once(answer), remote_addr=("127.0.0.1", port))
            transport.sendto(query)
            data = await answer
            transport.close()
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(struct.pack(">H", len(query)) + query)
            data = await reader.readexactly(struct.unpack(">H", await reader.readexactly(2))[0])
            writer.close()
            await writer.wait_closed()
    return DNSRecord.parse(data)


class _Once(asyncio.DatagramProtocol):
    def __init__(self, answer: "asyncio.Future[bytes]") -> None:
        self._answer = answer

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self._answer.done():
            self._answer.set_result(data)


class _World(asyncio.DatagramProtocol):
    """The name server upstream: the few names that the suite says it knows."""

    def __init__(self, known: dict[str, str]) -> None:
        self._known = known
        self._server: asyncio.Server | None = None
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", port))
        return port

    def close(self) -> None:
        for each in (self._server, self._transport):
            if each:
                each.close()

    def datagram_received(self, data: bytes, addr: object) -> None:
        assert self._transport
        self._transport.sendto(self._answer(data), addr)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack(">H", await reader.readexactly(2))
        answer = self._answer(await reader.readexactly(length))
        writer.write(struct.pack(">H", len(answer)) + answer)
        writer.close()
        await writer.wait_closed()

    def _answer(self, query: bytes) -> bytes:
        asked = DNSRecord.parse(query)
        reply = asked.reply()
        name = str(asked.q.qname)
        if name not in self._known:
            reply.header.rcode = 3
        elif name.startswith("giant"):
            for index in range(64):
                reply.add_answer(RR(GIANT, QTYPE.A, ttl=30, rdata=A(f"240.0.0.{index}")))
        else:
            reply.add_answer(RR(name, QTYPE.A, ttl=30, rdata=A(self._known[name])))
        return reply.pack()
