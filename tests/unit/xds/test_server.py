"""What the server does with calls that are none of its own, and with callers whom it does not know yet."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import grpc
import grpc.aio
import pytest

from pillion.http2.frames import HEADERS
from pillion.xds.cache import Attached, Cache, Notify
from pillion.xds.provider import RefusedError
from pillion.xds.request import Node
from pillion.xds.server import SERVICE, Server
from support.asking import asked, question
from support.h2 import HELLO, block, headers, parsed
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


@pytest.mark.parametrize("fault", [ZeroDivisionError, asyncio.CancelledError])
def test_a_fault_in_admitting_costs_the_call_and_not_the_server(fault: type[BaseException]) -> None:
    async def act() -> None:
        async def admit(_peer: str, metadata: Mapping[str, str]) -> str:
            if "bad" in metadata:
                raise fault("a fault")
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


class UntellableError(RefusedError):
    """Nobody can say why."""

    def __str__(self) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize("fault", [UntellableError, RefusedError, ZeroDivisionError])
@pytest.mark.parametrize("is_broken", [True, False])
def test_a_fault_in_sending_a_caller_away_does_not_reach_who_started_the_server(
    fault: type[Exception], is_broken: bool
) -> None:
    async def act() -> None:
        lines: list[asyncio.Transport] = []

        async def admit(caller: str, _metadata: Mapping[str, str]) -> str:
            if caller != "bad":
                return "known"
            if is_broken:
                lines[0].write_eof()  # whatever is written from now on is a fault
            raise fault

        def named(transport: asyncio.Transport) -> str:
            lines.append(transport)
            return "bad"

        server = Server(cache(), admit=admit)
        port = server.listen("127.0.0.1:0")
        await server.start()
        ours, theirs = socket.socketpair()
        group = server.group()
        await asyncio.get_running_loop().connect_accepted_socket(lambda: group.protocol(named), ours)
        reader, writer = await asyncio.open_connection(sock=theirs)
        writer.write(HELLO + headers(1, fields=block(path=DELTA)))
        answer = b""
        while HEADERS not in {each.kind for each in parsed(answer)} and (more := await reader.read(1000)):
            answer += more
        assert is_broken == reader.at_eof()
        writer.close()
        await group.gone(20)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            assert await asked(channel.stream_stream(DELTA)()) == ["a"]
        await server.stop()

    play(act)


class Clinging(Cache):
    """Does not let go of its first stream."""

    first: Attached | None = None

    def attach(self, node: Node, peer: str, notify: Notify) -> Attached:
        attached = super().attach(node, peer, notify)
        self.first = self.first or attached
        return attached

    def forget(self, attached: Attached) -> None:
        super().forget(attached)
        if attached is self.first:
            raise ZeroDivisionError


def test_all_streams_end_though_one_does_not_end_well() -> None:
    async def act() -> None:
        clinging = Clinging(lambda _node, _peer: "all")
        clinging.publish("all", see(CDS="a", EDS="a"))
        server = Server(clinging)
        port = server.listen("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            calls = [channel.stream_stream(DELTA)() for _ in range(3)]
            for call in calls:
                assert await asked(call) == ["a"]
            server.end_streams()
            for call in calls:
                assert await call.read() is grpc.aio.EOF
                assert await call.code() == grpc.StatusCode.OK
        assert server.status() == ()
        await server.stop()

    play(act)
