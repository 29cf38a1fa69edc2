import asyncio
import datetime as dt
import os
import ssl
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc
import grpc.aio
import pytest

from pillion.http2.limits import Limits
from pillion.pki.authority import create, issue
from pillion.xds.cache import Cache
from pillion.xds.front import MOST_CONNECTIONS, Front, Owner
from pillion.xds.server import SERVICE, Server
from support.asking import asked
from support.h2 import HELLO
from support.xds import see

NOW = dt.datetime.now(dt.UTC)


def with_front(act: Callable[[Front, list[str]], Awaitable[None]], **limits: float) -> None:
    async def scene() -> None:
        peers: list[str] = []
        cache = Cache(lambda _, peer: peers.append(peer) or "all")
        cache.publish("all", see(CDS="a", EDS="a"))
        server = Server(cache, limits=Limits(**limits))
        async with asyncio.timeout(20):
            async with Front(server) as front:
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


def test_a_caller_by_tls_is_who_its_certificate_names(tmp_path: Path) -> None:
    authority = create("tests", NOW)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=authority.certificate)
    leaf = issue(authority, ["localhost"], NOW)
    (tmp_path / "leaf.pem").write_text(leaf.key + leaf.certificate)
    context.load_cert_chain(tmp_path / "leaf.pem")
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
