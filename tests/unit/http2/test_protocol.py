"""Connections on a real event loop: calls of real gRPC clients, and clients that are slow, silent, old or rude."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from hpack import Encoder

from pillion.http2 import frames
from pillion.http2.budget import LIMITS
from pillion.http2.call import Call
from pillion.http2.errors import ErrorCode
from pillion.http2.group import Group
from pillion.http2.limits import Limits
from pillion.http2.protocol import MOST_UNSENT
from pillion.http2.status import Status
from support.h2 import CALL, HELLO, PATH, block, data, headers, message, parsed, settings

FILL = 900_000
WIDE = frames.PREFACE + settings(window=(1 << 31) - 1) + frames.window_update(0, (1 << 30))
"""The hello of a client that takes much at once."""


class Echo:
    """Says what it hears; `end`, `fail`, `fill` and `flood` are told apart."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.is_over = asyncio.Event()
        self.said = 0
        self.is_flood = False
        call.accept(self)

    def received(self, content: bytes, /) -> None:
        if content == b"fail":
            raise ZeroDivisionError("a fault")
        if content == b"end":
            self.call.end(Status.PERMISSION_DENIED, "as you wish, é")
        elif content == b"fill":
            self.said += 1
            self.call.send((bytes(FILL),))
            self.call.flush()
        elif content == b"flood":
            self.is_flood = True
            self.resumed()
        else:
            self.call.send((content[:1], content[1:]))
            self.call.flush()

    def finished(self) -> None:
        self.call.end(Status.OK)

    def resumed(self) -> None:
        while self.is_flood and self.call.ready:
            self.said += 1
            self.call.send((bytes(50_000),))
        self.call.flush()

    def stop(self) -> None:
        self.call.end(Status.OK)

    def closed(self) -> None:
        assert not self.is_over.is_set()
        self.is_over.set()


class Scene:
    """A group of connections on a port."""

    def __init__(self, **limits: Any) -> None:
        self.echoes: list[Echo] = []
        self.group = Group(lambda call: self.echoes.append(Echo(call)), Limits(**limits))
        self.port = 0

    def channel(self) -> Any:
        return grpc.aio.insecure_channel(f"127.0.0.1:{self.port}", [("grpc.use_local_subchannel_pool", 1)])

    def call(self, channel: Any, **more: Any) -> Any:
        return channel.stream_stream(PATH)(**more)


@asynccontextmanager
async def scene(**limits: Any) -> AsyncIterator[Scene]:
    made = Scene(**limits)
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    protocol = lambda: made.group.protocol(lambda _: "somebody")  # noqa: E731
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
    async with asyncio.timeout(30), server:
        yield made
        server.close()
        made.group.leave()
        await made.group.gone(0)
    assert all(each.is_over.is_set() for each in made.echoes)
    assert faults == []


def play(act: Callable[[Scene], Awaitable[None]], **limits: Any) -> None:
    async def run() -> None:
        async with scene(**limits) as made:
            await act(made)

    asyncio.run(run())


def slow_line(port: int) -> socket.socket:
    """Connect without room for much."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.connect(("127.0.0.1", port))
    line.setblocking(False)
    return line


async def frames_of(reader: asyncio.StreamReader) -> list[frames.Frame]:
    """Read all that comes until the connection ends."""
    try:
        return parsed(await reader.read(-1))
    except ConnectionError:
        return []


async def until(true: Callable[[], bool]) -> None:
    """Let the loop go round until something is true."""
    while not true():  # noqa: ASYNC110 (nobody tells when)
        await asyncio.sleep(0)


async def farewell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    """Answer whoever asks whether we are there, until the connection is to end; return the code."""
    while True:
        head = await reader.readexactly(9)
        payload = await reader.readexactly(int.from_bytes(head[:3]))
        if head[3] == frames.GOAWAY:
            return int.from_bytes(payload[4:8])
        if head[3] == frames.PING:
            writer.write(frames.frame(frames.PING, frames.ACK, 0, payload))


async def next_frame(reader: asyncio.StreamReader, kind: int) -> frames.Frame:
    while True:
        head = await reader.readexactly(9)
        payload = await reader.readexactly(int.from_bytes(head[:3]))
        if head[3] == kind:
            return frames.Frame(kind, head[4], int.from_bytes(head[5:]), payload)


def test_messages_of_any_size_there_and_back() -> None:
    async def act(on: Scene) -> None:
        async with on.channel() as channel:
            call = on.call(channel)
            for size in (1, 100, 16_384, 70_000, 3_000_000):
                content = bytes(range(256)) * (size // 256 + 1)
                await call.write(content[:size])
                assert await call.read() == content[:size]
            await call.done_writing()
            assert await call.read() is grpc.aio.EOF
            assert await call.code() == grpc.StatusCode.OK

    play(act)


def test_the_end_of_a_call_is_told_with_its_words() -> None:
    async def act(on: Scene) -> None:
        async with on.channel() as channel:
            call = on.call(channel)
            await call.write(b"hello")
            assert await call.read() == b"hello"
            await call.write(b"end")
            assert await call.code() == grpc.StatusCode.PERMISSION_DENIED
            assert await call.details() == "as you wish, é"

    play(act)


def test_a_fault_in_serving_costs_one_call(caplog: pytest.LogCaptureFixture) -> None:
    async def act(on: Scene) -> None:
        async with on.channel() as channel:
            call, other = on.call(channel), on.call(channel)
            await call.write(b"fail")
            assert await call.code() == grpc.StatusCode.INTERNAL
            await other.write(b"hello")
            assert await other.read() == b"hello"

    play(act)
    assert "ZeroDivisionError" in caplog.text


def test_a_message_that_is_too_big_and_one_that_is_compressed_are_refused() -> None:
    async def act(on: Scene) -> None:
        async with on.channel() as channel:
            call = on.call(channel)
            await call.write(bytes(2000))
            assert await call.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            call = on.call(channel, compression=grpc.Compression.Gzip)
            await call.write(bytes(900))
            assert await call.code() == grpc.StatusCode.UNIMPLEMENTED

    play(act, message=1000)


def test_a_client_s_patience_ends_the_call() -> None:
    async def act(on: Scene) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(HELLO + headers(1, fields=block(grpc_timeout="20m")))
        await next_frame(reader, frames.HEADERS)
        (echo,) = on.echoes
        await echo.is_over.wait()
        writer.write(headers(3, fields=block(grpc_timeout="soon")))
        await next_frame(reader, frames.HEADERS)
        assert len(on.echoes) == 1
        writer.close()

    play(act)


@pytest.mark.parametrize("fields", [block(method="GET"), block(content_type="text/html")])
def test_what_is_no_call_is_answered_by_http(fields: bytes) -> None:
    async def act(on: Scene) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(HELLO + headers(1, fields=fields))
        answer = await next_frame(reader, frames.HEADERS)
        assert answer.flags & frames.END_STREAM
        assert answer.payload[-3:] in {b"405", b"415"}
        writer.close()
        assert on.echoes == []

    play(act)


def test_a_slow_reader_fills_its_own_line_and_nothing_else() -> None:
    async def act(on: Scene) -> None:
        line = socket.create_connection(("127.0.0.1", on.port))
        line.setblocking(False)
        loop = asyncio.get_running_loop()
        hello = frames.PREFACE + settings(window=(1 << 31) - 1) + frames.window_update(0, (1 << 31) - 1 - 65535)
        await loop.sock_sendall(line, hello + headers(1) + data(1, message(b"flood")))
        await until(lambda: bool(on.echoes) and not on.echoes[0].call.ready)
        async with on.channel() as channel:
            call = on.call(channel)
            await call.write(b"hello")
            assert await call.read() == b"hello"
        slow = on.echoes[0]
        said = slow.said
        assert said * 50_000 < 50_000_000, "the windows would take two gigabytes"
        while slow.said < said + 20:
            await loop.sock_recv(line, 1 << 20)
        line.close()
        await slow.is_over.wait()

    play(act)


def test_who_says_nothing_or_not_enough_is_cut_off() -> None:
    async def act(on: Scene) -> None:
        for said in (b"", frames.PREFACE[:5], frames.PREFACE):
            reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
            writer.write(said)
            assert all(each.kind == frames.SETTINGS for each in await frames_of(reader))
            writer.close()

    play(act, first=0.05)


def test_who_does_not_answer_is_cut_off_and_who_does_is_not() -> None:
    async def act(on: Scene) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(HELLO)
        for _ in range(3):
            ping = await next_frame(reader, frames.PING)
            writer.write(frames.frame(frames.PING, frames.ACK, 0, ping.payload))
        assert any(each.kind == frames.PING for each in await frames_of(reader))
        writer.close()

    play(act, first=0.01, silence=0.02, answer=0.5)


def test_a_connection_without_calls_is_ended_and_one_with_a_call_is_not() -> None:
    async def act(on: Scene) -> None:
        async with on.channel() as channel:
            call = on.call(channel)
            await call.write(b"hello")
            assert await call.read() == b"hello"
            reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
            writer.write(HELLO)
            assert await farewell(reader, writer) == ErrorCode.NO_ERROR
            writer.close()
            await call.write(b"again")
            assert await call.read() == b"again"

    play(act, first=0.01, silence=0.02, idle=0.05, answer=0.5)


def test_an_old_connection_ends_in_good_order() -> None:
    async def act(on: Scene) -> None:
        async with on.channel() as channel:
            call = on.call(channel)
            await call.write(b"hello")
            assert await call.read() == b"hello"
            assert await call.read() is grpc.aio.EOF
            assert await call.code() == grpc.StatusCode.OK
            call = on.call(channel)
            await call.write(b"again")
            assert await call.read() == b"again"

    play(act, first=0.01, silence=30.0, age=0.3)


def test_an_end_in_good_order_loses_nothing_though_the_client_goes_on_speaking() -> None:
    """What comes and is not read would make the socket's end a reset, and what is on its way would be lost."""

    async def act(on: Scene) -> None:
        line = slow_line(on.port)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(line, WIDE + headers(1) + data(1, message(b"fill")))
        await until(lambda: bool(on.echoes) and on.echoes[0].said > 0)
        on.group.leave()
        got = b""
        while more := await loop.sock_recv(line, 30_000):
            got += more
            await loop.sock_sendall(line, frames.window_update(0, 1) + frames.window_update(1, 1))
        line.close()
        found = parsed(got)
        assert sum(len(each.payload) for each in found if each.kind == frames.DATA) == 5 + FILL
        assert [each.kind for each in found if each.kind in {frames.GOAWAY, frames.HEADERS}] == [
            frames.HEADERS,
            frames.GOAWAY,
            frames.HEADERS,
        ]
        await until(lambda: not len(on.group))

    play(act, farewell=1000.0)


def test_who_asks_and_does_not_read_is_cut_off() -> None:
    """Answers wait for no window; a few bytes of a call, which is refused, are answered by many."""

    async def act(on: Scene) -> None:
        line, loop, encoder = slow_line(on.port), asyncio.get_running_loop(), Encoder()
        fields = [*CALL.items(), ("grpc-timeout", "soon")]
        await loop.sock_sendall(line, HELLO + headers(1, end=True, fields=encoder.encode(fields)))
        again = encoder.encode(fields)
        number = 1
        with contextlib.suppress(ConnectionError):
            while number == 1 or len(on.group):
                numbers = range(number + 2, number + 102, 2)
                number = numbers[-1]
                await loop.sock_sendall(line, b"".join(headers(each, end=True, fields=again) for each in numbers))
                for _ in range(4):
                    await asyncio.sleep(0)  # it is read: more than a hundred calls at once would be another fault
        await until(lambda: not len(on.group))
        line.close()
        assert MOST_UNSENT / 200 < number // 2 < LIMITS["fields"] / (len(again) + 64)

    play(act, farewell=1000.0)


def test_who_goes_on_speaking_when_nobody_listens_is_cut_off() -> None:
    async def act(on: Scene) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(1000):
                writer.write(bytes(1 << 16))
                await writer.drain()
        await until(lambda: not len(on.group))
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    play(act, farewell=1000.0)


def test_a_connection_that_breaks_the_rules_ends_its_calls_and_is_told_why() -> None:
    async def act(on: Scene) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(HELLO + headers(1) + data(1, message(b"x")) + frames.frame(frames.PUSH_PROMISE, 4, 1, bytes(4)))
        goaway = (await frames_of(reader))[-1]
        assert (goaway.kind, int.from_bytes(goaway.payload[4:8])) == (frames.GOAWAY, ErrorCode.PROTOCOL_ERROR)
        writer.close()
        await on.echoes[0].is_over.wait()

    play(act)


def test_a_client_that_leaves_is_let_go_when_its_calls_are_over() -> None:
    async def act(on: Scene) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(HELLO + headers(1) + frames.goaway(0, ErrorCode.NO_ERROR, "") + data(1, message(b"hello")))
        assert (await next_frame(reader, frames.DATA)).payload == message(b"hello")
        writer.write(data(1, b"", end=True))
        await frames_of(reader)
        writer.close()

    play(act)


def test_a_client_that_leaves_and_falls_silent_is_cut_off() -> None:
    async def act(on: Scene) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(HELLO + headers(1) + frames.goaway(0, ErrorCode.NO_ERROR, ""))
        await until(lambda: bool(on.echoes))
        assert any(each.kind == frames.PING for each in await frames_of(reader))
        writer.close()

    play(act, first=0.01, silence=0.02, answer=0.1)


def test_a_client_that_leaves_may_be_left_too() -> None:
    async def act(on: Scene) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(HELLO + headers(1) + frames.goaway(0, ErrorCode.NO_ERROR, ""))
        await until(lambda: bool(on.echoes))
        on.group.leave()
        kinds = [each.kind for each in await frames_of(reader)]
        assert kinds[-3:] == [frames.GOAWAY, frames.HEADERS, frames.RST_STREAM]
        writer.close()

    play(act)


def test_what_comes_on_a_call_that_ended_does_not_use_the_connection_up() -> None:
    async def act(on: Scene) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(HELLO + headers(1) + data(1, message(b"fill")))
        await until(lambda: bool(on.echoes) and on.echoes[0].said > 0)
        on.echoes[0].stop()  # its trailers wait behind what has no window
        writer.write(b"".join(data(1, bytes(10_000)) for _ in range(4)))
        assert (await next_frame(reader, frames.WINDOW_UPDATE)).stream == 0
        writer.close()

    play(act)


def test_many_incomplete_messages_are_too_much() -> None:
    async def act(on: Scene) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        half = message(bytes(1000))[:700]
        writer.write(HELLO + headers(1) + data(1, half) + headers(3) + data(3, half))
        assert (await next_frame(reader, frames.HEADERS)).stream == 3
        writer.write(data(1, bytes(1005 - 700)))
        assert (await next_frame(reader, frames.DATA)).stream == 1
        writer.write(headers(5) + data(5, half))
        writer.write(data(5, bytes(1005 - 700)))
        assert (await next_frame(reader, frames.DATA)).stream == 5, "what is over is not counted"
        writer.close()

    play(act, message=1000)
