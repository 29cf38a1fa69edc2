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
class Front:
    """Sockets in front of a server. An async context manager; sockets come and go while it runs.

    A Unix socket has `MOST_CONNECTIONS` at most, so whoever may open one cannot use up the descriptors of all.
    """

    def __init__(self, behind: Behind) -> None:
        self._behind = behind
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
        await asyncio.gather(*(group.gone(0) for group in self._cut))

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
            lambda: SecureTransport(group.protocol(names), context), host or None, port, backlog=1024
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
