"""The server over real gRPC on loopback: what a client of the protocol sees."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from envoy.service.discovery.v3.discovery_pb2 import (
    DeltaDiscoveryRequest,
    DeltaDiscoveryResponse,
    DiscoveryRequest,
    DiscoveryResponse,
)

from pillion.xds.cache import Cache
from pillion.xds.provider import UnauthenticatedError
from pillion.xds.server import SERVICE, Server
from support.xds import SHORT, res, see


class Client:
    """One delta stream."""

    def __init__(self, call: Any) -> None:
        self.call = call

    async def say(self, kind: str, *names: str, **more: Any) -> None:
        request = DeltaDiscoveryRequest(type_url=SHORT[kind], resource_names_subscribe=names, **more)
        request.node.id = more.pop("node", "sidecar~10.0.0.1~a.b~b.svc.cluster.local")
        await self.call.write(request.SerializeToString())

    async def hear(self, *, ack: bool = True) -> tuple[str, list[str], list[str]]:
        response = DeltaDiscoveryResponse.FromString(await self.call.read())
        if ack:
            answer = DeltaDiscoveryRequest(type_url=response.type_url, response_nonce=response.nonce)
            await self.call.write(answer.SerializeToString())
        kind = next(kind for kind, url in SHORT.items() if url == response.type_url)
        return kind, [each.name for each in response.resources], list(response.removed_resources)


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[tuple[Cache, Server, Callable[..., Client]]]:
    cache = Cache(lambda _node, _peer: "all")
    server = Server(cache, **options)
    port = server.listen("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        delta = channel.stream_stream(f"/{SERVICE}/DeltaAggregatedResources")
        try:
            yield cache, server, lambda: Client(delta())
        finally:
            await server.stop()


def play(act: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(20):
            await act()

    asyncio.run(limited())


def test_a_change_reaches_every_client_and_nothing_else_is_sent() -> None:
    async def act() -> None:
        async with serving() as (cache, server, connect):
            assert cache.publish("all", see(CDS="a b", EDS="a b")) == ()
            clients = [connect() for _ in range(5)]
            for client in clients:
                await client.say("CDS")
                assert await client.hear() == ("CDS", ["a", "b"], [])
                await client.say("EDS", "a", "b")
                assert await client.hear() == ("EDS", ["a", "b"], [])
            cache.publish("all", see(CDS="a b", EDS="a:2 b"))
            for client in clients:
                assert await client.hear() == ("EDS", ["a"], [])
            assert len(server.status()) == 5
            assert server.status()[0].node == "sidecar~10.0.0.1~a.b~b.svc.cluster.local"

    play(act)


def test_state_of_the_world_on_the_same_port() -> None:
    async def act() -> None:
        cache = Cache(lambda node, _: node.id)
        cache.publish("n", see(LDS="l", RDS="l"))
        server = Server(cache)
        port = server.listen("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            call: Any = channel.stream_stream(f"/{SERVICE}/StreamAggregatedResources")()
            request = DiscoveryRequest(type_url=SHORT["LDS"])
            request.node.id = "n"
            await call.write(request.SerializeToString())
            response = DiscoveryResponse.FromString(await call.read())
            assert [each.value for each in response.resources] == [res("LDS", "l").body]
            assert response.version_info
        await server.stop()

    play(act)


@pytest.mark.parametrize("data", [b"\xff\xff", b"", DeltaDiscoveryRequest(type_url=SHORT["CDS"]).SerializeToString()])
def test_a_client_that_does_not_say_who_it_is_is_sent_away(data: bytes) -> None:
    async def act() -> None:
        async with serving() as (_, server, connect):
            call = connect().call
            await call.write(data)
            assert await call.code() == grpc.StatusCode.INVALID_ARGUMENT
            assert server.status() == ()

    play(act)


def test_an_unknown_peer_is_sent_away() -> None:
    async def act() -> None:
        async with serving(identify=lambda _: None) as (_, _, connect):
            assert await connect().call.code() == grpc.StatusCode.PERMISSION_DENIED

    play(act)


def test_a_caller_is_admitted_by_what_the_call_says() -> None:
    async def admit(peer: str, metadata: Mapping[str, str]) -> str:
        assert peer.startswith("ipv4:127.0.0.1:")
        if metadata.get("authorization") != "Bearer good":
            raise UnauthenticatedError("no token")
        return "known"

    async def act() -> None:
        seen: list[str] = []
        cache = Cache(lambda _node, peer: seen.append(peer) or "all")
        cache.publish("all", see(CDS="a", EDS="a"))
        server = Server(cache, admit=admit)
        port = server.listen("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            delta = channel.stream_stream(f"/{SERVICE}/DeltaAggregatedResources")
            refused = delta()
            assert await refused.code() == grpc.StatusCode.UNAUTHENTICATED
            assert await refused.details() == "no token"
            client = Client(delta(metadata=(("authorization", "Bearer good"),)))
            await client.say("CDS")
            assert await client.hear() == ("CDS", ["a"], [])
        await server.stop()
        assert seen == ["known"]

    play(act)


def test_stopping_ends_streams_and_forgets_them() -> None:
    async def act() -> None:
        async with serving() as (cache, server, connect):
            cache.publish("all", see(CDS="a", EDS="a"))
            client = connect()
            await client.say("CDS")
            await client.hear()
            assert cache.attached("all") == 1
            await server.stop()
            assert await client.call.code() == grpc.StatusCode.OK
            assert cache.attached("all") == 0

    play(act)


def test_a_client_that_does_not_read_costs_only_itself() -> None:
    async def act() -> None:
        big = "x" * 200_000
        async with serving() as (cache, server, connect):
            cache.publish("all", see(CDS="a", EDS="a:0"))
            slow, quick = connect(), connect()
            for client in (slow, quick):
                await client.say("EDS", "a")
            assert await quick.hear() == ("EDS", ["a"], [])
            for number in range(1, 101):
                cache.publish("all", see(CDS="a", EDS=f"a:{number}{big}"))
                assert await quick.hear() == ("EDS", ["a"], [])
            told = {status.types[0].sent_nonce for status in server.status()}
            assert "101" in told
            assert min(int(nonce) for nonce in told) < 60, "the slow client's pushes merge"

    play(act)
