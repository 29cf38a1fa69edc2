"""Sockets that say who calls: a Unix socket of one's own, or TLS with a certificate.

A caller is who its socket, or its certificate, belongs to: an identity as strong as the right to open the socket, or as
the certificate. Connections go straight to the server, which is given the name.
"""

import asyncio
import os
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, cast, final

from pillion.http2.group import Group
from pillion.http2.protocol import Names
from pillion.value import Value
from pillion.xds.tls import SecureTransport

MOST_CONNECTIONS = 8
"""Connections that one Unix socket may have at once: its proxy needs one, a second while it starts anew."""
MOST_HANDSHAKES = 2048
"""Connections by TLS that may be at their handshakes at once, some 45 kB each: two thousand proxies may come together.

Beyond that, the one that has said nothing for the longest time makes room. Who has begun to speak keeps its place, else
a crowd would push out those who are almost done; so if all have begun, the newcomer is sent away, and comes again.
"""


class Owner(Value):
    """Who may open a socket: its owner, and by `mode` others."""

    uid: int = -1
    """-1: whoever runs the front."""
    gid: int = -1
    mode: int = 0o600


class Behind(Protocol):
    """Whoever serves the connections (`server.Server`)."""

    def group(self, most: int = 0) -> Group:
        """Make a place for connections, `most` of them at once."""
        ...

    def forget(self, group: Group) -> None:
        """Let go of such a place."""
        ...


@final
class Handshakes:
    """Connections by TLS that are not served yet, for their handshakes are not done."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._silent: dict[Newcomer, None] = {}
        """Those that have said nothing, the oldest first."""
        self._speaking: dict[Newcomer, None] = {}
        self._leaving: dict[Newcomer, None] = {}
        """Those that are cut off, until they are gone."""
        self._is_closed = False
        self._nobody = asyncio.Event()

    def __len__(self) -> int:
        return len(self._silent) + len(self._speaking)

    def arrived(self, line: "Newcomer") -> None:
        """Take a connection in, or cut it off."""
        self._silent[line] = None
        if self._is_closed:
            self._cut(line)
        elif len(self) > self._most:
            self._cut(next(iter(self._silent)))

    def heard(self, line: "Newcomer") -> None:
        """Learn that a connection speaks."""
        if line in self._silent:
            del self._silent[line]
            self._speaking[line] = None

    def left(self, line: "Newcomer") -> None:
        """Forget a connection: its handshake is done, or it is gone."""
        for each in (self._silent, self._speaking, self._leaving):
            each.pop(line, None)
        if not (self or self._leaving):
            self._nobody.set()

    async def end(self) -> None:
        """Cut off all, take no more, and wait until all are gone."""
        self._is_closed = True
        for line in (*self._silent, *self._speaking):
            self._cut(line)
        while self._leaving:
            self._nobody.clear()
            await self._nobody.wait()

    def _cut(self, line: "Newcomer") -> None:
        self._silent.pop(line, None)
        self._speaking.pop(line, None)
        self._leaving[line] = None
        line.abort()


@final
class Newcomer(asyncio.Protocol):
    """A connection by TLS until its handshake is done; from then on it is its `SecureTransport`'s alone."""

    __slots__ = ("_context", "_group", "_handshakes", "_is_done", "_names", "_secure", "_transport")

    def __init__(self, handshakes: Handshakes, group: Group, names: Names, context: ssl.SSLContext) -> None:
        self._handshakes = handshakes
        self._group = group
        self._names = names
        self._context = context
        self._secure: SecureTransport | None = None
        self._transport: asyncio.Transport | None = None
        self._is_done = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake, if there is room."""
        self._transport = cast(asyncio.Transport, transport)
        try:
            secure = SecureTransport(self._group.protocol(self._name), self._context)
        except BaseException:
            transport.close()
            raise
        self._handshakes.arrived(self)
        if not transport.is_closing():
            self._secure = secure
            secure.connection_made(transport)

    def _name(self, secure: asyncio.Transport) -> str | None:
        self._is_done = True
        return self._names(secure)

    def data_received(self, data: bytes) -> None:
        """Go on with the handshake; when it is done, stand aside."""
        if self._secure is None or self._transport is None:
            return
        self._handshakes.heard(self)
        self._secure.data_received(data)
        if self._is_done:
            self._transport.set_protocol(self._secure)
            self._go()

    def eof_received(self) -> bool:
        """Pass on that the client says no more."""
        return self._secure is not None and self._secure.eof_received()

    def pause_writing(self) -> None:
        """Pass on that the connection is slow: what ends the handshake may come with a question of much to tell."""
        if self._secure is not None:
            self._secure.pause_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on that the connection is gone."""
        secure = self._secure
        self._go()
        if secure is not None:
            secure.connection_lost(exc)

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def _go(self) -> None:
        self._handshakes.left(self)
        self._secure = self._transport = None  # the protocol above keeps `_name`, and must not keep itself by it


@final
class Front:
    """Sockets in front of a server. An async context manager; sockets come and go while it runs.

    A Unix socket has `MOST_CONNECTIONS` at most, so whoever may open one cannot use up the descriptors of all.
    """

    def __init__(self, behind: Behind, handshakes: int = MOST_HANDSHAKES) -> None:
        """Set up a front; `handshakes` by TLS may be under way at once."""
        self._behind = behind
        self._handshakes = Handshakes(handshakes)
        self._sockets: dict[Path, tuple[asyncio.Server, Group]] = {}
        self._secure: list[tuple[asyncio.Server, Group]] = []
        self._cut: list[Group] = []
        """Those whose connections are being cut."""

    async def __aenter__(self) -> "Front":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for path in list(self._sockets):
            self.close(path)
        for server, group in self._secure:
            server.close()
            self._end(group)
        await asyncio.gather(self._handshakes.end(), *(group.gone(0) for group in self._cut))

    async def open(self, path: Path, name: str, owner: Owner | None = None) -> None:
        """Listen on a new socket at `path`, in place of a dead one; callers there are `name`. Raises `OSError`."""
        if path in self._sockets:
            raise FileExistsError(f"{path} is served already")
        listener = _listener(path, owner or Owner())
        group = self._behind.group(MOST_CONNECTIONS)
        server = await asyncio.get_running_loop().create_unix_server(
            lambda: group.protocol(lambda _: name), sock=listener, backlog=MOST_CONNECTIONS
        )
        self._sockets[path] = server, group

    async def open_tls(self, host: str, port: int, context: ssl.SSLContext, names: Names) -> int:
        """Listen for TLS; `names` turns a connection whose handshake is done into its caller. Raises `OSError`.

        Returns the port. What the context is changed to counts for connections to come.
        """
        group = self._behind.group()
        server = await asyncio.get_running_loop().create_server(
            lambda: Newcomer(self._handshakes, group, names, context), host or None, port, backlog=1024
        )
        self._secure.append((server, group))
        return cast(tuple[str, int], server.sockets[0].getsockname()[:2])[1]

    def close(self, path: Path) -> None:
        """Stop listening at `path`, end its connections and remove the socket."""
        server, group = self._sockets.pop(path)
        server.close()
        self._end(group)
        with suppress(FileNotFoundError):
            path.unlink()

    def _end(self, group: Group) -> None:
        group.cut()
        self._behind.forget(group)
        self._cut = [each for each in self._cut if len(each)] + [group]


def _listener(path: Path, owner: Owner) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    try:
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        path.chmod(owner.mode)
        os.chown(path, owner.uid, owner.gid)
        listener.listen(MOST_CONNECTIONS)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener
