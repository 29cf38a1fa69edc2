import asyncio
import datetime as dt
import os
import socket
import ssl
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast

import grpc
import grpc.aio
import pytest

from pillion.http2.group import Group
from pillion.http2.limits import Limits
from pillion.http2.protocol import Names
from pillion.pki.authority import Authority, create, issue
from pillion.xds.cache import Cache
from pillion.xds.front import MOST_CONNECTIONS, MOST_HANDSHAKES, Front, Handshakes, Newcomer, Owner
from pillion.xds.server import SERVICE, Server
from support.asking import asked
from support.h2 import HELLO
from support.xds import see

NOW = dt.datetime.now(dt.UTC)


def with_front(
    act: Callable[[Front, list[str]], Awaitable[None]], handshakes: int = MOST_HANDSHAKES, **limits: float
) -> None:
    async def scene() -> None:
        peers: list[str] = []
        cache = Cache(lambda _, peer: peers.append(peer) or "all")
        cache.publish("all", see(CDS="a", EDS="a"))
        server = Server(cache, limits=Limits(**limits))
        async with asyncio.timeout(20):
            async with Front(server, handshakes) as front:
                await act(front, peers)
            await server.stop(0)

    asyncio.run(scene())


async def spoken(path: Path) -> tuple[bool, asyncio.StreamWriter]:
    """Connect and say hello; return whether anybody answers."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(HELLO)
        return bool(await reader.read(9)), writer
    except ConnectionError:
        return False, writer


def test_a_caller_is_known_by_its_socket(tmp_path: Path) -> None:
    async def act(front: Front, peers: list[str]) -> None:
        for name in ("prod/a", "prod/b"):
            await front.open(tmp_path / name.replace("/", "-"), name)
        for name in ("prod/a", "prod/b"):
            path = tmp_path / name.replace("/", "-")
            async with grpc.aio.insecure_channel(f"unix:{path}") as channel:
                assert await asked(channel.stream_stream(f"/{SERVICE}/DeltaAggregatedResources")()) == ["a"]
            assert peers[-1] == name

    with_front(act)


def test_a_closed_socket_ends_its_connections_and_leaves_nothing(tmp_path: Path) -> None:
    async def act(front: Front, _: list[str]) -> None:
        await front.open(tmp_path / "s", "s")
        reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
        writer.write(HELLO)
        assert await reader.read(9)
        front.close(tmp_path / "s")
        while await reader.read(1000):
            pass
        writer.close()
        assert not (tmp_path / "s").exists()
        await front.open(tmp_path / "s", "again")
        is_served, writer = await spoken(tmp_path / "s")
        assert is_served
        writer.close()

    with_front(act)
    assert not list(tmp_path.iterdir())


def test_a_dead_socket_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "s").touch()

    async def act(front: Front, _: list[str]) -> None:
        await front.open(tmp_path / "s", "s", Owner(uid=os.getuid(), mode=0o660))
        assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o660
        with pytest.raises(FileExistsError):
            await front.open(tmp_path / "s", "t")

    with_front(act)


def test_a_socket_takes_a_few_connections_and_ends_the_others_until_one_leaves(tmp_path: Path) -> None:
    async def act(front: Front, _: list[str]) -> None:
        await front.open(tmp_path / "s", "s")
        await front.open(tmp_path / "t", "t")
        taken: list[asyncio.StreamWriter] = []
        for _ in range(MOST_CONNECTIONS):
            is_served, writer = await spoken(tmp_path / "s")
            assert is_served
            taken.append(writer)
        for _ in range(50):
            is_served, writer = await spoken(tmp_path / "s")
            assert not is_served
            writer.close()
        is_served, writer = await spoken(tmp_path / "t")
        assert is_served, "another socket is none the worse"
        writer.close()
        taken.pop().close()
        is_served = False
        while not is_served:
            is_served, writer = await spoken(tmp_path / "s")
            taken.append(writer)
        for writer in taken:
            writer.close()

    with_front(act)


def test_a_caller_who_says_nothing_is_cut_off_and_one_who_spoke_is_not(tmp_path: Path) -> None:
    async def act(front: Front, _: list[str]) -> None:
        await front.open(tmp_path / "s", "s")
        heard, speech = await asyncio.open_unix_connection(tmp_path / "s")
        speech.write(HELLO)
        mute, silence = await asyncio.open_unix_connection(tmp_path / "s")
        assert await mute.read() == b""
        silence.close()
        speech.write(b"\0\0\x08\x06\0\0\0\0\0pillion?")
        while not (await heard.read(100)).endswith(b"pillion?"):
            pass
        speech.close()

    with_front(act, first=0.2)


def test_connections_end_with_the_front(tmp_path: Path) -> None:
    async def scene() -> None:
        server = Server(Cache(lambda _, __: "all"))
        async with asyncio.timeout(20):
            async with Front(server) as front:
                await front.open(tmp_path / "s", "s")
                reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
                writer.write(HELLO)
                await reader.read(9)
            while await reader.read(1000):
                pass
            writer.close()

    asyncio.run(scene())


def server_side(authority: Authority, folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=authority.certificate)
    leaf = issue(authority, ["localhost"], NOW)
    (folder / "leaf.pem").write_text(leaf.key + leaf.certificate)
    context.load_cert_chain(folder / "leaf.pem")
    return context


class Hand:
    """A client that shakes hands as far as it is told to."""

    def __init__(self, authority: Authority) -> None:
        context = ssl.create_default_context(cadata=authority.certificate)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")

    async def reach(self, port: int) -> "Hand":
        """Connect, and be silent."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        return self

    async def shake(self) -> bool:
        """Say hello; return whether the server answers. All that lacks is the client's last word."""
        with pytest.raises(ssl.SSLWantReadError):
            self._tls.do_handshake()
        self.writer.write(self._outgoing.read())
        try:
            while more := await self.reader.read(65536):
                self._incoming.write(more)
                try:
                    self._tls.do_handshake()
                except ssl.SSLWantReadError:
                    continue
                return True
        except ConnectionError:
            pass
        return False

    async def finish(self, last: bytes = HELLO) -> bool:
        """Say the last word, and something to it; return whether anybody answers."""
        self._tls.write(last)
        self.writer.write(self._outgoing.read())
        while more := await self.reader.read(65536):
            self._incoming.write(more)
            with suppress(ssl.SSLWantReadError):
                return bool(self._tls.read())
        return False

    async def is_sent_away(self) -> bool:
        """Wait for the end."""
        with suppress(ConnectionError):
            await self.reader.read()
        return True

    def is_cut(self) -> bool:
        """Return whether the other end is gone by now."""
        with socket.socket(fileno=os.dup(self.writer.get_extra_info("socket").fileno())) as own:
            own.setblocking(False)
            try:
                return own.recv(1) == b""
            except ConnectionError:
                return True
            except BlockingIOError:
                return False


def test_handshakes_end_with_the_front(tmp_path: Path) -> None:
    authority = create("tests", NOW)

    async def scene() -> None:
        server = Server(Cache(lambda _, __: "all"))
        async with asyncio.timeout(20):
            async with Front(server) as front:
                port = await front.open_tls("127.0.0.1", 0, server_side(authority, tmp_path), named)
                silent, speaking = [await Hand(authority).reach(port) for _ in range(2)]
                assert await speaking.shake()
            assert silent.is_cut()
            assert speaking.is_cut()
            for each in (silent, speaking):
                each.writer.close()
            await server.stop()

    asyncio.run(scene())


def test_who_says_nothing_makes_room_for_who_comes_and_not_who_speaks(tmp_path: Path) -> None:
    authority = create("tests", NOW)

    async def act(front: Front, _: list[str]) -> None:
        port = await front.open_tls("127.0.0.1", 0, server_side(authority, tmp_path), named)
        first, second, third = [await Hand(authority).reach(port) for _ in range(3)]
        assert await first.shake(), "there is room for three"
        fourth = await Hand(authority).reach(port)
        assert await second.is_sent_away(), "the oldest that has said nothing"
        assert await third.shake()
        assert await fourth.shake()
        fifth = await Hand(authority).reach(port)
        assert await fifth.is_sent_away(), "all others are at it"
        assert await first.finish(), "who is served needs no room for a handshake"
        sixth = await Hand(authority).reach(port)
        assert await sixth.shake()
        for each in (third, fourth, sixth):
            assert await each.finish()
        third.writer.close()
        seventh, eighth = [await Hand(authority).reach(port) for _ in range(2)]
        assert await seventh.shake()
        seventh.writer.write(b"this is no TLS")
        assert await seventh.is_sent_away(), "who has failed leaves room, too"
        ninth, tenth = [await Hand(authority).reach(port) for _ in range(2)]
        for each in (eighth, ninth, tenth):
            assert await each.shake()
            assert await each.finish()
        for each in (first, second, fourth, fifth, sixth, seventh, eighth, ninth, tenth):
            each.writer.close()

    with_front(act, handshakes=3)


class Pour(asyncio.Protocol):
    """Has much to say at once."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.paused, self.resumed = asyncio.Event(), asyncio.Event()

    def protocol(self, names: Names) -> "Pour":
        self.names = names
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        assert self.names(transport) == "nobody"
        transport.write(bytes(30_000_000))

    def pause_writing(self) -> None:
        self.paused.set()

    def resume_writing(self) -> None:
        self.resumed.set()


@asynccontextmanager
async def newcomers(authority: Authority, folder: Path, handshakes: Handshakes, pour: Pour) -> AsyncIterator[int]:
    """Listen for connections that are poured much to; gives the port."""
    context = server_side(authority, folder)
    group = cast(Group, pour)
    async with asyncio.timeout(20):
        made = await asyncio.get_running_loop().create_server(
            lambda: Newcomer(handshakes, group, named, context), "127.0.0.1", 0
        )
        async with made:
            yield made.sockets[0].getsockname()[1]
            await handshakes.end()


def test_what_is_said_at_the_end_of_the_handshake_is_held_back_by_a_slow_reader(tmp_path: Path) -> None:
    authority = create("tests", NOW)

    async def scene() -> None:
        pour = Pour(named)
        async with newcomers(authority, tmp_path, Handshakes(1), pour) as port:
            context = ssl.create_default_context(cadata=authority.certificate)
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=context, server_hostname="localhost", limit=1000
            )
            await pour.paused.wait()
            assert not pour.resumed.is_set()
            assert len(await reader.readexactly(30_000_000)) == 30_000_000
            await pour.resumed.wait()
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    asyncio.run(scene())


def test_who_comes_when_all_have_gone_is_sent_away(tmp_path: Path) -> None:
    authority = create("tests", NOW)

    async def scene() -> None:
        handshakes = Handshakes(1)
        await handshakes.end()
        async with newcomers(authority, tmp_path, handshakes, Pour(named)) as port:
            hand = await Hand(authority).reach(port)
            assert await hand.is_sent_away()
            assert not len(handshakes)
            hand.writer.close()

    asyncio.run(scene())


def test_many_that_come_at_once_are_all_served(tmp_path: Path) -> None:
    authority = create("tests", NOW)

    async def come(port: int) -> None:
        hand = await Hand(authority).reach(port)
        assert await hand.shake()
        assert await hand.finish()
        hand.writer.close()

    async def act(front: Front, _: list[str]) -> None:
        port = await front.open_tls("127.0.0.1", 0, server_side(authority, tmp_path), named)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(100):
                tasks.create_task(come(port))

    with_front(act, handshakes=100)


def test_a_caller_by_tls_is_who_its_certificate_names(tmp_path: Path) -> None:
    authority = create("tests", NOW)
    context = server_side(authority, tmp_path)
    caller = issue(authority, ["spiffe://td/ns/a/sa/b"], NOW)
    root = authority.certificate.encode()
    shown = grpc.ssl_channel_credentials(root, caller.key.encode(), caller.certificate.encode())

    async def act(front: Front, peers: list[str]) -> None:
        port = await front.open_tls("127.0.0.1", 0, context, named)
        for credentials in (shown, grpc.ssl_channel_credentials(root)):
            options = [("grpc.ssl_target_name_override", "localhost")]
            async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options) as channel:
                assert await asked(channel.stream_stream(f"/{SERVICE}/DeltaAggregatedResources")()) == ["a"]
        assert peers == ["spiffe://td/ns/a/sa/b", "nobody"]

    with_front(act)


def named(transport: asyncio.Transport) -> str:
    certificate = transport.get_extra_info("peercert") or {}
    return next((value for kind, value in certificate.get("subjectAltName", ()) if kind == "URI"), "nobody")
