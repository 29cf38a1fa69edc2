"""Unix and TLS sockets in front of a TCP server: a connection is who its socket, or its certificate, belongs to.

A caller gets a listening Unix socket of its own, or comes by TLS; the bytes go to the server on loopback and back. The
server sees a loopback port, and `caller` turns that into the caller's name: an identity as strong as the right to open
the socket, or as the certificate. Connections that did not come through here have no name.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import cast, final

from pillion.value import Value
from pillion.xds.tls import SecureTransport

HIGH_WATER = 1 << 20
"""Bytes that one direction of a connection may hold back before it stops reading."""
MOST_CONNECTIONS = 8
"""Connections that one Unix socket may have at once: its proxy needs one, a second while it starts anew."""
FIRST_BYTE_TIMEOUT = 10.0
"""Seconds that a caller has to say something."""
Names = Callable[[asyncio.Transport], str]
"""Names who is at the other end of a connection."""


NOWHERE = Path()
"""Where connections come in that have no path."""


class Owner(Value):
    """Who may open a socket: its owner, and by `mode` others."""

    uid: int = -1
    """-1: whoever runs the front."""
    gid: int = -1
    mode: int = 0o600


@final
class Half(asyncio.Protocol):
    """One side of a connection: what it reads, the other side writes."""

    __slots__ = ("deadline", "front", "name", "names", "other", "transport")

    def __init__(self, front: "Front", name: str, other: "Half | None" = None, names: Names | None = None) -> None:
        self.front = front
        self.name = name
        self.names = names
        self.other = other
        self.transport: asyncio.Transport | None = None
        self.deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; the outer half waits with its bytes until the inner half is there."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=HIGH_WATER)
        if self.other is None:
            if self.names is not None:
                self.name = self.names(self.transport)
            self.transport.pause_reading()
            self.front.arrived(self)
        else:
            self.front.joined(self, self.other)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on."""
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None
        other = self.other
        if other is not None and other.transport is not None:
            other.transport.write(data)

    def pause_writing(self) -> None:
        """Hold the other side back: this one is slow."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """Let the other side go on."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """End both sides."""
        if self.deadline is not None:
            self.deadline.cancel()
        self.front.left(self)
        self.transport = None
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


@final
class Front:
    """Unix and TLS sockets in front of `host:port`. An async context manager; sockets come and go while it runs.

    A Unix socket has `MOST_CONNECTIONS` at most, so whoever may open one cannot use up the descriptors of all.
    """

    def __init__(self, port: int, host: str = "127.0.0.1", *, patience: float = FIRST_BYTE_TIMEOUT) -> None:
        """Stand before a server; callers who say nothing for `patience` seconds are cut off."""
        self._inner = (host, port)
        self._patience = patience
        self._tasks = asyncio.TaskGroup()
        self._servers: dict[Path, asyncio.Server] = {}
        self._tls: list[asyncio.Server] = []
        self._halves: dict[Half, Path | None] = {}
        self._callers: dict[str, str] = {}
        self._empty: asyncio.Future[None] | None = None

    async def __aenter__(self) -> "Front":
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for path in list(self._servers):
            self.close(path)
        for server in self._tls:
            server.close()
        for half, home in list(self._halves.items()):
            if home == NOWHERE and half.transport is not None:
                half.transport.close()
        if self._halves:
            self._empty = asyncio.get_running_loop().create_future()
            await self._empty
        await self._tasks.__aexit__(kind, error, trace)

    def caller(self, peer: str) -> str | None:
        """Return the name of the socket behind a loopback address (`ipv4:127.0.0.1:4711`); None when there is none."""
        return self._callers.get(peer)

    async def open(self, path: Path, name: str, owner: Owner | None = None) -> None:
        """Listen on a new socket at `path`, in place of a dead one; callers there are `name`. Raises `OSError`."""
        if path in self._servers:
            raise FileExistsError(f"{path} is served already")
        listener = _listener(path, owner or Owner())
        loop = asyncio.get_running_loop()
        self._servers[path] = await loop.create_unix_server(
            lambda: self._outer(path, name), sock=listener, backlog=MOST_CONNECTIONS
        )

    async def open_tls(self, host: str, port: int, context: ssl.SSLContext, names: Names) -> int:
        """Listen for TLS; `names` turns a connection whose handshake is done into its caller. Raises `OSError`.

        Returns the port. What the context is changed to counts for connections to come.
        """
        server = await asyncio.get_running_loop().create_server(
            lambda: SecureTransport(self._outer(NOWHERE, "", names), context), host or None, port, backlog=1024
        )
        self._tls.append(server)
        return cast(tuple[str, int], server.sockets[0].getsockname()[:2])[1]

    def close(self, path: Path) -> None:
        """Stop listening at `path`, end its connections and remove the socket."""
        server = self._servers.pop(path)
        server.close()
        for half in [half for half, home in self._halves.items() if home == path]:
            if half.transport is not None:
                half.transport.close()
        with suppress(FileNotFoundError):
            path.unlink()

    def _outer(self, path: Path, name: str, names: Names | None = None) -> Half:
        half = Half(self, name, names=names)
        if names is None:  # one of TLS may fail before it is a connection, and is never told of
            self._halves[half] = path
        return half

    def arrived(self, outer: Half) -> None:
        """Connect a caller to the server, unless its socket has too many already."""
        home = self._halves.setdefault(outer, NOWHERE)
        if outer.transport is None:
            return
        if home != NOWHERE and sum(each == home for each in self._halves.values()) > MOST_CONNECTIONS:
            outer.transport.abort()
            return
        outer.deadline = asyncio.get_running_loop().call_later(self._patience, outer.transport.abort)
        self._tasks.create_task(self._connect(outer))

    async def _connect(self, outer: Half) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: Half(self, outer.name, outer), *self._inner)
        except OSError:
            if outer.transport is not None:
                outer.transport.close()

    def joined(self, inner: Half, outer: Half) -> None:
        """Note whose connection the server sees, before it can have read a byte of it."""
        if inner.transport is None:
            return
        if outer.transport is None:
            inner.transport.close()
            return
        host, port = cast(tuple[str, int], inner.transport.get_extra_info("sockname")[:2])
        self._callers[_peer(host, port)] = inner.name
        self._halves[inner] = None
        outer.other = inner
        outer.transport.resume_reading()

    def left(self, half: Half) -> None:
        """Forget one side."""
        if self._halves.pop(half, None) is None and half.transport is not None:
            name = cast(tuple[str, int] | None, half.transport.get_extra_info("sockname"))
            if name is not None and len(name) >= 2:
                self._callers.pop(_peer(name[0], name[1]), None)
        if self._empty is not None and not self._halves and not self._empty.done():
            self._empty.set_result(None)


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


def _peer(host: str, port: int) -> str:
    return f"ipv6:%5B{host}%5D:{port}" if ":" in host else f"ipv4:{host}:{port}"
