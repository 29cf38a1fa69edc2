"""Pods ask for names and get the mesh's answers."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator

import dnslib
import pytest

from local.pods import BarePod
from local.worlds import World, in_world
from pillion.local.fabric.model import ClusterService, FabricSettings, HostRecord, Member, ServicePort

pytestmark = pytest.mark.root

HOST = f"127.53.{os.getpid() >> 8 & 0xFF}.{os.getpid() & 0xFF}"
"""An address of the host's that nobody else uses, on which a test plays the upstream server."""
ALL_NAMES = "all.default.svc.cluster.local"


async def lookup(pod: BarePod, name: str, kind: str = "A") -> dnslib.DNSRecord:
    loop = asyncio.get_running_loop()
    with await pod.socket(socket.SOCK_DGRAM) as asking:
        await loop.sock_connect(asking, ("10.96.0.10", 53))
        await loop.sock_sendall(asking, bytes(dnslib.DNSRecord.question(name, kind).pack()))
        async with asyncio.timeout(20):
            return dnslib.DNSRecord.parse(await loop.sock_recv(asking, 4096))


async def addresses(pod: BarePod, name: str, kind: str = "A") -> list[str]:
    return [str(record.rdata) for record in (await lookup(pod, name, kind)).rr]


@in_world(pods=2)
async def test_names_of_services_follow_the_services(it: World) -> None:
    pod, other = it.pods
    members = tuple(Member(address=one.address, hostname=f"h{number}") for number, one in enumerate(it.pods))
    ports = (ServicePort(port=80, name="http", targets=((other.address, 8080),)),)
    services = [
        ClusterService(namespace="default", name="echo", cluster_ips=("10.96.7.7",), ports=ports),
        ClusterService(namespace="default", name="all", headless=True, members=members),
        ClusterService(namespace="default", name="alias", external_name="echo.default.svc.cluster.local"),
    ]
    await it.fabric.set_services(services, [HostRecord(host="api.example.com", addresses=("240.0.0.1",))])
    assert await addresses(pod, "echo.default.svc.cluster.local") == ["10.96.7.7"]
    assert await addresses(pod, ALL_NAMES) == [one.address for one in it.pods]
    assert await addresses(pod, f"h1.{ALL_NAMES}") == [other.address]
    assert await addresses(pod, "alias.default.svc.cluster.local") == ["echo.default.svc.cluster.local.", "10.96.7.7"]
    assert await addresses(pod, "api.example.com") == ["240.0.0.1"]
    await it.fabric.set_services(services[:1])
    assert (await lookup(pod, ALL_NAMES)).header.rcode == 3


@in_world(pods=1)
async def test_a_long_answer_comes_by_tcp(it: World) -> None:
    (pod,) = it.pods
    members = tuple(Member(address=f"10.244.9.{number}") for number in range(1, 200))
    await it.fabric.set_services([ClusterService(namespace="default", name="all", headless=True, members=members)])
    assert (await lookup(pod, ALL_NAMES)).header.tc
    connection = await pod.connect("10.96.0.10", 53)
    for _ in range(2):
        query = bytes(dnslib.DNSRecord.question(ALL_NAMES).pack())
        connection.writer.write(len(query).to_bytes(2) + query)
        length = int.from_bytes(await connection.reader.readexactly(2))
        answer = dnslib.DNSRecord.parse(await connection.reader.readexactly(length))
        assert len(answer.rr) == len(members)
    await connection.close()


@in_world(pods=1)
async def test_without_an_upstream_other_names_do_not_exist(it: World) -> None:
    assert (await lookup(it.pods[0], "example.com")).header.rcode == 3


@in_world(pods=0)
async def test_the_first_datagram_of_a_pod_is_answered(it: World) -> None:
    """Nobody sends it again: a resolver would wait for five seconds."""
    for number in range(40):
        pod = await BarePod(f"default/new-{number}", it.fabric).join()
        try:
            assert (await lookup(pod, "example.com")).header.rcode == 3
        finally:
            pod.end()


@contextlib.asynccontextmanager
async def upstream_server() -> AsyncIterator[None]:
    class Answers(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
            reply = dnslib.DNSRecord.parse(data).reply()
            reply.add_answer(dnslib.RR(reply.q.qname, dnslib.QTYPE.A, rdata=dnslib.A("192.0.2.9")))
            transport.sendto(bytes(reply.pack()), addr)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Answers, local_addr=(HOST, 53))
    try:
        yield
    finally:
        transport.close()


@in_world(pods=1, settings=FabricSettings(upstream=(HOST,)))
async def test_an_upstream_is_asked_from_the_hosts_side(it: World) -> None:
    (pod,) = it.pods
    async with upstream_server():
        assert await addresses(pod, "example.com") == ["192.0.2.9"]
        assert (await lookup(pod, "none.default.svc.cluster.local")).header.rcode == 3
    assert (await lookup(pod, "example.com")).header.rcode == 2


@in_world(pods=0)
async def test_a_pods_resolver_looks_in_its_own_namespace_first(it: World) -> None:
    assert it.fabric.resolv_conf("prod-us1").splitlines() == [
        "search prod-us1.svc.cluster.local svc.cluster.local cluster.local",
        "nameserver 10.96.0.10",
        "options ndots:5",
    ]
