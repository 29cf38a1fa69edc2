import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pillion.agent import http
from pillion.value import FrozenMap


async def answered(request: http.Request) -> http.Response:
    word = f"{request.method} {request.target} {request.path} {request.headers.get('x-a', '')} {request.peer}"
    return http.Response(status=404 if request.path == "/missing" else 200, body=word.encode())


def exchange(talk: Callable[[int], Awaitable[None]]) -> None:
    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            server = http.Server(answered, group)
            await talk(await server.start("127.0.0.1", 0))
            server.close()

    asyncio.run(both())


def test_a_question_and_an_answer() -> None:
    async def talk(port: int) -> None:
        asked = http.Request(target="/a?b=c", method="POST", headers=FrozenMap({"X-A": "value"}))
        answer = await http.fetch(("127.0.0.1", port), asked)
        assert answer.body == b"POST /a?b=c /a value 127.0.0.1"
        assert answer.status == 200
        missing = await http.fetch(("127.0.0.1", port), http.Request(target="/missing"))
        assert missing.status == 404

    exchange(talk)


@pytest.mark.parametrize("line", [b"hello\r\n\r\n", b"GET / FTP/1\r\n\r\n", b"GET /" + b"a" * 70000 + b"\r\n\r\n"])
def test_nonsense_is_a_bad_request(line: bytes) -> None:
    async def talk(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(line)
        assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
        writer.close()

    exchange(talk)


def test_a_client_that_goes_away_does_no_harm() -> None:
    async def talk(port: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.transport.abort()
        answer = await http.fetch(("127.0.0.1", port), http.Request(target="/"))
        assert answer.status == 200

    exchange(talk)


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", None),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", None),
        (b"SSH-2.0\r\n\r\n", None),
        (b"HTTP/1.1 2", None),
    ],
)
def test_answers_of_others(sent: bytes, body: bytes | None) -> None:
    async def play() -> None:
        def say(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(sent)
            writer.close()

        server = await asyncio.start_server(say, "127.0.0.1", 0)
        async with server:
            address = ("127.0.0.1", server.sockets[0].getsockname()[1])
            if body is None:
                with pytest.raises(http.HttpError):
                    await http.fetch(address, http.Request(target="/"))
            else:
                assert (await http.fetch(address, http.Request(target="/"))).body == body

    asyncio.run(play())


def test_an_answer_that_does_not_come() -> None:
    async def play() -> None:
        server = await asyncio.start_server(lambda _, writer: silent.append(writer), "127.0.0.1", 0)
        async with server:
            address = ("127.0.0.1", server.sockets[0].getsockname()[1])
            with pytest.raises(TimeoutError):
                await http.fetch(address, http.Request(target="/"), timeout=0.05)
        for writer in silent:
            writer.close()
            await writer.wait_closed()

    silent: list[asyncio.StreamWriter] = []

    asyncio.run(play())
