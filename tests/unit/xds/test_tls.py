"""TLS for a protocol above it: who calls is who the certificate names."""

import asyncio
import contextlib
import datetime as dt
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar, cast

from pillion.pki.authority import Authority, Leaf, create, issue
from pillion.xds.tls import SecureTransport

NOW = dt.datetime.now(dt.UTC)


class Echo(asyncio.Protocol):
    """Answers with the caller's name first, then with what comes in."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(f"{name(self.transport)}\n".encode())

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


def name(transport: asyncio.Transport) -> str:
    certificate = transport.get_extra_info("peercert") or {}
    return next((value for kind, value in certificate.get("subjectAltName", ()) if kind == "URI"), "nobody")


def use(context: ssl.SSLContext, leaf: Leaf, folder: Path) -> ssl.SSLContext:
    file = folder / "leaf.pem"
    file.write_text(leaf.key + leaf.certificate)
    context.load_cert_chain(file)
    return context


def server_side(authority: Authority, folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=authority.certificate)
    return use(context, issue(authority, ["127.0.0.1"], NOW), folder)


def client_side(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority.certificate)


def with_server(
    context: ssl.SSLContext, act: Callable[[int], Awaitable[None]], behind: Callable[[], asyncio.Protocol] = Echo
) -> None:
    async def scene() -> None:
        made: list[SecureTransport] = []

        def secure() -> SecureTransport:
            made.append(SecureTransport(behind(), context))
            return made[-1]

        server = await asyncio.get_running_loop().create_server(secure, "127.0.0.1", 0)
        async with asyncio.timeout(20), server:
            await act(server.sockets[0].getsockname()[1])
            for each in made:
                each.abort()
            await asyncio.sleep(0)

    asyncio.run(scene())


async def asked(port: int, context: ssl.SSLContext) -> str | None:
    """Connect, send something there and back, and tell how the server names us."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, limit=1 << 22)
    called = (await reader.readline()).decode().strip()
    writer.write(bytes(1_000_000))
    assert len(await reader.readexactly(1_000_000)) == 1_000_000
    writer.close()
    await writer.wait_closed()
    return called


def test_a_caller_is_known_by_its_certificate_or_is_nobody(tmp_path: Path) -> None:
    authority = create("tests", NOW)

    async def act(port: int) -> None:
        assert await asked(port, client_side(authority)) == "nobody"
        leaf = issue(authority, ["spiffe://td/ns/a/sa/b"], NOW)
        assert await asked(port, use(client_side(authority), leaf, tmp_path)) == "spiffe://td/ns/a/sa/b"

    with_server(server_side(authority, tmp_path), act)


def test_a_certificate_of_another_authority_is_sent_away(tmp_path: Path) -> None:
    authority, other = create("tests", NOW), create("others", NOW)

    async def act(port: int) -> None:
        leaf = issue(other, ["spiffe://td/ns/a/sa/b"], NOW)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=use(client_side(authority), leaf, tmp_path)
        )
        try:
            assert await reader.read() == b""
        except (ssl.SSLError, ConnectionError):
            pass
        finally:
            writer.close()

    context = server_side(authority, tmp_path)
    with_server(context, act)


def test_connections_to_come_see_a_new_certificate(tmp_path: Path) -> None:
    old, new = create("tests", NOW), create("others", NOW)
    context = server_side(old, tmp_path)

    async def act(port: int) -> None:
        assert await asked(port, client_side(old)) == "nobody"
        use(context, issue(new, ["127.0.0.1"], NOW), tmp_path)
        assert await asked(port, client_side(new)) == "nobody"

    with_server(context, act)


def test_who_does_not_speak_tls_is_sent_away(tmp_path: Path) -> None:
    async def act(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        while await reader.read(1000):
            pass  # the alert
        writer.close()

    with_server(server_side(create("tests", NOW), tmp_path), act)


async def by_hand(
    port: int, authority: Authority
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]]:
    """Connect; what ends the handshake has yet to be sent."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_side(authority).wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        try:
            client.do_handshake()
            return reader, writer, (client, incoming, outgoing)
        except ssl.SSLWantReadError:
            writer.write(outgoing.read())
            incoming.write(await reader.read(65536))


def test_what_comes_with_the_last_word_of_the_handshake_is_not_lost(tmp_path: Path) -> None:
    """A client speaks at once, in the packet that ends the handshake."""
    authority = create("tests", NOW)

    async def act(port: int) -> None:
        reader, writer, (client, incoming, outgoing) = await by_hand(port, authority)
        client.write(b"at once")
        writer.write(outgoing.read())
        heard = b""
        while not heard.endswith(b"at once"):
            try:
                heard += client.read()
            except ssl.SSLWantReadError:
                incoming.write(await reader.read(65536))
        writer.close()

    with_server(server_side(authority, tmp_path), act)


class Pour(asyncio.Protocol):
    """Writes much more than anybody wants to hold, at once."""

    transports: ClassVar[list[asyncio.Transport]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        poured = cast(asyncio.Transport, transport)
        self.transports.append(poured)
        poured.write(bytes(30_000_000))


def test_a_reader_that_is_slow_holds_the_writer_back(tmp_path: Path) -> None:
    authority = create("tests", NOW)

    async def act(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client_side(authority), limit=1000)
        await reader.readexactly(1)
        for _ in range(2000):
            await asyncio.sleep(0)
        assert Pour.transports[-1].get_write_buffer_size() > 15_000_000, "what nobody reads stays with who wrote it"
        assert len(await reader.readexactly(29_999_999)) == 29_999_999
        writer.close()

    with_server(server_side(authority, tmp_path), act, Pour)


class Leaves(Pour):
    """Says what it has to say, and leaves when that is on its way."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transports[-1].set_write_buffer_limits(high=0)

    def resume_writing(self) -> None:
        asyncio.get_running_loop().call_soon(self.transports[-1].write_eof)


def test_who_takes_leave_loses_nothing_though_the_client_goes_on_speaking(tmp_path: Path) -> None:
    """What comes and is not read would make the socket's end a reset."""
    authority = create("tests", NOW)

    async def act(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client_side(authority), limit=1000)
        left = 30_000_000
        while left:
            writer.write(b"and so on")
            left -= len(await reader.readexactly(min(left, 1_000_000)))
        assert await reader.read() == b""
        writer.close()

    with_server(server_side(authority, tmp_path), act, Leaves)


def test_who_goes_on_speaking_when_nobody_listens_is_cut_off(tmp_path: Path) -> None:
    authority = create("tests", NOW)

    async def act(port: int) -> None:
        reader, writer, (_, _, outgoing) = await by_hand(port, authority)
        writer.write(outgoing.read())
        while await reader.read(1 << 20):
            pass
        with contextlib.suppress(ConnectionError):
            for _ in range(1000):
                writer.write(bytes(1 << 16))
                await writer.drain()
        assert writer.transport.is_closing(), "it was reset"
        writer.close()

    with_server(server_side(authority, tmp_path), act, Leaves)
