import asyncio
import os
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest

from pillion.xds.front import MOST_CONNECTIONS, Front, Owner


class Echo(asyncio.Protocol):
    """Answers with the peer's address first, then with what comes in."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(f"ipv4:127.0.0.1:{transport.get_extra_info('peername')[1]}\n".encode())

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


def with_front(act: Callable[[Front], Awaitable[None]]) -> None:
    async def scene() -> None:
        server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with asyncio.timeout(20), server, Front(port) as front:
            await act(front)
            await until(lambda: False, rounds=3)

    asyncio.run(scene())


async def until(condition: Callable[[], bool], rounds: int = 10_000) -> None:
    for _ in range(rounds):
        if condition():
            return
        await asyncio.sleep(0)


def test_a_caller_is_known_by_its_socket(tmp_path: Path) -> None:
    async def act(front: Front) -> None:
        for name in ("prod/a", "prod/b"):
            await front.open(tmp_path / name.replace("/", "-"), name)
        for name in ("prod/a", "prod/b"):
            reader, writer = await asyncio.open_unix_connection(tmp_path / name.replace("/", "-"))
            peer = (await reader.readline()).decode().strip()
            assert front.caller(peer) == name
            writer.close()
            await until(lambda peer=peer: front.caller(peer) is None)
            assert front.caller(peer) is None
        assert front.caller("ipv4:127.0.0.1:1") is None

    with_front(act)


def test_bytes_arrive_whole_and_in_order_however_many(tmp_path: Path) -> None:
    async def act(front: Front) -> None:
        await front.open(tmp_path / "s", "s")
        reader, writer = await asyncio.open_unix_connection(tmp_path / "s", limit=1 << 24)
        await reader.readline()
        sent = os.urandom(5_000_000)
        writer.write(sent)
        assert await reader.readexactly(len(sent)) == sent
        writer.close()

    with_front(act)


def test_a_closed_socket_ends_its_connections_and_leaves_nothing(tmp_path: Path) -> None:
    async def act(front: Front) -> None:
        await front.open(tmp_path / "s", "s")
        reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
        await reader.readline()
        front.close(tmp_path / "s")
        assert await reader.read() == b""
        writer.close()
        assert not (tmp_path / "s").exists()
        await front.open(tmp_path / "s", "again")

    with_front(act)
    assert not list(tmp_path.iterdir())


def test_a_dead_socket_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "s").touch()

    async def act(front: Front) -> None:
        await front.open(tmp_path / "s", "s", Owner(uid=os.getuid(), mode=0o660))
        assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o660
        with pytest.raises(FileExistsError):
            await front.open(tmp_path / "s", "t")

    with_front(act)


def test_a_caller_is_cut_off_when_the_server_is_away(tmp_path: Path) -> None:
    async def scene() -> None:
        async with await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
        async with asyncio.timeout(20), Front(port) as front:
            await front.open(tmp_path / "s", "s")
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
            assert await reader.read() == b""
            writer.close()

    asyncio.run(scene())


def test_a_socket_takes_a_few_connections_and_ends_the_others_until_one_leaves(tmp_path: Path) -> None:
    async def act(front: Front) -> None:
        await front.open(tmp_path / "s", "s")
        await front.open(tmp_path / "t", "t")
        taken: list[asyncio.StreamWriter] = []
        for _ in range(MOST_CONNECTIONS):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
            assert await reader.readline()
            taken.append(writer)
        for _ in range(50):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
            assert await reader.read() == b""
            writer.close()
        reader, writer = await asyncio.open_unix_connection(tmp_path / "t")
        assert await reader.readline(), "another socket is none the worse"
        writer.close()
        taken.pop().close()
        answer = b""
        while not answer:
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
            answer = await reader.read(1)
            taken.append(writer)
        for writer in taken:
            writer.close()

    with_front(act)


def test_a_caller_who_says_nothing_is_cut_off_and_one_who_spoke_is_not(tmp_path: Path) -> None:
    async def scene() -> None:
        server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with asyncio.timeout(20), server, Front(port, patience=0.2) as front:
            await front.open(tmp_path / "s", "s")
            talker, speech = await asyncio.open_unix_connection(tmp_path / "s")
            speech.write(b"hello")
            mute, silence = await asyncio.open_unix_connection(tmp_path / "s")
            assert (await mute.read()).startswith(b"ipv4:")
            silence.close()
            await talker.readline()
            assert await talker.readexactly(5) == b"hello"
            speech.write(b"again")
            assert await talker.readexactly(5) == b"again"
            speech.close()

    asyncio.run(scene())
