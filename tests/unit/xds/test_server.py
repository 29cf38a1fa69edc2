"""What the server does with calls that are none of its own, and with callers whom it does not know yet."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import grpc
import grpc.aio
import pytest

from pillion.xds.cache import Cache
from pillion.xds.provider import RefusedError
from pillion.xds.server import SERVICE, Server
from support.asking import asked, question
from support.xds import see

DELTA = f"/{SERVICE}/DeltaAggregatedResources"


def play(act: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(20):
            await act()

    asyncio.run(limited())


def cache() -> Cache:
    made = Cache(lambda _node, _peer: "all")
    made.publish("all", see(CDS="a", EDS="a"))
    return made


def test_an_unknown_method_is_not_there() -> None:
    async def act() -> None:
        server = Server(cache())
        port = server.listen("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.stream_stream(f"/{SERVICE}/Other")()
            assert await call.code() == grpc.StatusCode.UNIMPLEMENTED
        await server.stop()

    play(act)


@pytest.mark.parametrize("address", ["unix:{folder}/s", "[::1]:0", ":0"])
def test_listens_where_it_is_told(address: str, tmp_path: Path) -> None:
    async def act() -> None:
        server = Server(cache())
        place = address.format(folder=tmp_path)
        port = server.listen(place)
        await server.start()
        target = place if place.startswith("unix:") else f"[::1]:{port}"
        async with grpc.aio.insecure_channel(target) as channel:
            assert await asked(channel.stream_stream(DELTA)()) == ["a"]
        await server.stop()

    play(act)


def test_a_taken_address_is_told() -> None:
    async def act() -> None:
        server = Server(cache())
        port = server.listen("127.0.0.1:0")
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"):
            server.listen(f"127.0.0.1:{port}")
        await server.stop()

    play(act)


def test_a_caller_who_leaves_is_not_admitted_any_more() -> None:
    async def act() -> None:
        came, gone = asyncio.Event(), asyncio.Event()

        async def admit(_peer: str, _metadata: Mapping[str, str]) -> str:
            came.set()
            try:
                await asyncio.Event().wait()
            finally:
                gone.set()
            raise RefusedError("too late")

        server = Server(cache(), admit=admit)
        port = server.listen("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.stream_stream(DELTA)()
            await call.write(question())
            await came.wait()
            call.cancel()
            await gone.wait()
        assert server.status() == ()
        await server.stop()

    play(act)


def test_a_fault_in_admitting_costs_the_call_and_not_the_server() -> None:
    async def act() -> None:
        async def admit(_peer: str, metadata: Mapping[str, str]) -> str:
            if "bad" in metadata:
                raise ZeroDivisionError("a fault")
            return "known"

        server = Server(cache(), admit=admit)
        port = server.listen("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.stream_stream(DELTA)(metadata=(("bad", "1"),))
            assert await call.code() == grpc.StatusCode.INTERNAL
            assert await asked(channel.stream_stream(DELTA)()) == ["a"]
        await server.stop()

    play(act)
