import asyncio
import contextlib
from collections.abc import Callable

from pillion.http2 import frames
from pillion.http2.call import Call
from pillion.http2.errors import ErrorCode
from pillion.http2.group import Group
from pillion.http2.limits import Limits
from pillion.http2.status import Status
from support.h2 import HELLO, data, headers, message, parsed


async def listening(group: Group) -> tuple[asyncio.Server, int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: group.protocol(lambda _: "x"), "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


def test_who_is_not_accepted_yet_may_say_a_window_and_hears_of_the_end() -> None:
    async def act() -> None:
        calls: list[Call] = []
        group = Group(calls.append, Limits())
        server, port = await listening(group)
        async with asyncio.timeout(20), server:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HELLO + headers(1) + data(1, message(bytes(100_000))[:16_000]) * 4)
            await until(lambda: bool(calls))
            group.leave()
            sent = parsed(await reader.read(-1))
            assert all(each.kind != frames.WINDOW_UPDATE or not each.stream for each in sent)
            (answer,) = [each for each in sent if each.kind == frames.HEADERS]
            assert str(int(Status.UNAVAILABLE)).encode() in answer.payload
            writer.close()
            await group.gone(5)
            assert len(group) == 0

    asyncio.run(act())


class Stays:
    """Does not end when it is told to."""

    def __init__(self, call: Call) -> None:
        self.gone = asyncio.Event()
        call.accept(self)

    def received(self, content: bytes, /) -> None: ...

    def finished(self) -> None: ...

    def resumed(self) -> None: ...

    def stop(self) -> None: ...

    def closed(self) -> None:
        self.gone.set()


def test_a_closed_group_takes_nobody_in_and_cuts_those_who_stay() -> None:
    async def act() -> None:
        calls: list[Stays] = []
        group = Group(lambda call: calls.append(Stays(call)), Limits())
        server, port = await listening(group)
        async with asyncio.timeout(20), server:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HELLO + headers(1))
            await until(lambda: bool(calls))
            group.leave()
            other, late = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.suppress(ConnectionError):
                assert await other.read() == b""
            await group.gone(0.05)
            assert calls[0].gone.is_set()
            for each in (writer, late):
                each.close()

    asyncio.run(act())


def test_who_was_told_goodbye_takes_nobodys_place() -> None:
    async def act() -> None:
        group = Group(lambda _: None, Limits(farewell=1000.0), most=2)
        server, port = await listening(group)
        async with asyncio.timeout(20), server:
            lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
            for _, writer in lines:
                writer.write(HELLO + frames.goaway(0, ErrorCode.NO_ERROR, ""))
            await until(lambda: len(group) == 2)
            for reader, _ in lines:
                await reader.read(-1)
            for takes in (True, True, False):
                lines.append(await asyncio.open_connection("127.0.0.1", port))
                with contextlib.suppress(ConnectionError):
                    lines[-1][1].write(HELLO)
                    assert bool(await lines[-1][0].read(9)) == takes
            group.cut()
            await group.gone(0)
            for _, writer in lines:
                writer.close()

    asyncio.run(act())


async def until(true: Callable[[], bool]) -> None:
    """Let the loop go round until something is true."""
    while not true():  # noqa: ASYNC110 (nobody tells when)
        await asyncio.sleep(0)
