"""The xDS server: aggregated discovery by gRPC, whichever way a client comes.

Callers come by addresses in plain text (`listen`), or by sockets that say who they are (`front`). Each stream is a
`Session`; calls, connections and bytes are the business of `http2`.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import cast, final

from msgspec.structs import replace

from pillion.http2.call import Call
from pillion.http2.group import Group
from pillion.http2.limits import Limits
from pillion.http2.status import Status
from pillion.xds.provider import Admit, Provider, RefusedError
from pillion.xds.request import Node
from pillion.xds.session import Session, status_of
from pillion.xds.status import StreamStatus
from pillion.xds.stream import Dialect

LOG = logging.getLogger(__name__)
SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
METHODS: dict[str, Dialect] = {
    f"/{SERVICE}/StreamAggregatedResources": "state",
    f"/{SERVICE}/DeltaAggregatedResources": "delta",
}
BACKLOG = 1024
LIMITS = Limits()


@final
class Server:
    """Serves a provider's views on one or more addresses."""

    def __init__(
        self,
        provider: Provider,
        identify: Callable[[str], str | None] = lambda peer: peer,
        admit: Admit | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        """Set up a server.

        Args:
            provider: decides what each node sees.
            identify: turns the address of who comes by `listen` (`ipv4:127.0.0.1:4711`) into the name that the
                provider is given; None turns the peer away.
            admit: looks at a call's metadata too, before its stream begins, and may take its time.
            limits: of each connection.
        """
        self._provider = provider
        self._identify = identify
        self._admit = admit
        self._limits = limits
        self._sessions: dict[Session, None] = {}
        self._extensions: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._groups: dict[Group, None] = {}
        self._own = self.group()
        self._sockets: list[socket.socket] = []
        self._listeners: list[asyncio.Server] = []
        self._tasks: asyncio.TaskGroup | None = None
        """Where callers are admitted, if that takes time."""

    def listen(self, address: str) -> int:
        """Listen on `host:port` or `unix:path` in plain text; return the port. Raises `OSError` when it is taken."""
        try:
            listener = _listener(address)
        except OSError as error:
            raise OSError(error.errno, f"cannot listen on {address}: {error.strerror}") from error
        self._sockets.append(listener)
        name: object = listener.getsockname()
        return cast(int, name[1]) if isinstance(name, tuple) else 0

    async def start(self) -> None:
        """Begin to serve."""
        loop = asyncio.get_running_loop()
        if self._admit is not None and self._tasks is None:
            self._tasks = await asyncio.TaskGroup().__aenter__()
        for each in self._sockets:
            serve = loop.create_unix_server if each.family == socket.AF_UNIX else loop.create_server
            made = await serve(lambda: self._own.protocol(self._name), sock=each, backlog=BACKLOG)
            self._listeners.append(made)
        self._sockets.clear()

    async def stop(self, grace: float = 1.0) -> None:
        """End all streams, then the connections; what is left after `grace` seconds is cut."""
        for listener in self._listeners:
            listener.close()
        for each in self._sockets:
            each.close()
        self._listeners.clear()
        self._sockets.clear()
        groups = list(self._groups)
        for group in groups:
            group.leave()
        await asyncio.gather(*(group.gone(grace) for group in groups))
        tasks, self._tasks = self._tasks, None
        if tasks is not None:
            await tasks.__aexit__(None, None, None)

    def end_streams(self) -> None:
        """End all streams in good order; their clients come again, and say what they know."""
        for session in list(self._sessions):
            session.stop()

    def status(self) -> tuple[StreamStatus, ...]:
        """Return the status of every stream, in the order in which they began."""
        return tuple(session.status() for session in self._sessions)

    def group(self, most: int = 0) -> Group:
        """Make a place for connections that come another way, `most` of them at once (0: any number)."""
        group = Group(self._serve, self._limits, most)
        self._groups[group] = None
        return group

    def forget(self, group: Group) -> None:
        """Let go of a place whose connections are cut."""
        self._groups.pop(group, None)

    def _name(self, transport: asyncio.Transport) -> str | None:
        return self._identify(_peer(cast("object", transport.get_extra_info("peername"))))

    def _serve(self, call: Call) -> None:
        dialect = METHODS.get(call.request.path)
        if dialect is None:
            call.end(Status.UNIMPLEMENTED, "there is no such method")
        elif call.caller is None:
            call.end(Status.PERMISSION_DENIED, "unknown peer")
        elif self._admit is None:
            self._begin(call, dialect, call.caller)
        elif self._tasks is None:
            call.end(Status.UNAVAILABLE, "shutting down")
        else:
            call.waiting = self._tasks.create_task(self._admitted(call, dialect, call.caller, self._admit))

    async def _admitted(self, call: Call, dialect: Dialect, caller: str, admit: Admit) -> None:
        try:
            await self._decided(call, dialect, caller, admit)
        except asyncio.CancelledError:
            if not call.is_over:  # it was not the call's end that cancelled
                self._give_up(call)
            raise
        except Exception:  # none may get out: it would end all that take their time, and whoever started the server
            LOG.exception("a caller cannot be admitted")
            self._give_up(call)

    async def _decided(self, call: Call, dialect: Dialect, caller: str, admit: Admit) -> None:
        try:
            peer = await admit(caller, call.metadata)
        except RefusedError as refused:
            call.end(status_of(refused), str(refused))
        else:
            if not call.is_over:
                self._begin(call, dialect, peer)
        call.flush()

    @staticmethod
    def _give_up(call: Call) -> None:
        try:
            call.end(Status.INTERNAL, "internal error")
            call.flush()
        except Exception:
            LOG.exception("a caller cannot be told so")

    def _begin(self, call: Call, dialect: Dialect, peer: str) -> None:
        session = Session(call, dialect, peer, self._provider, self)
        self._sessions[session] = None
        call.accept(session)

    def share(self, node: Node, /) -> Node:
        """Let equal lists of extensions (there are some five hundred in each Envoy) be one object."""
        known = self._extensions.setdefault(node.extensions, node.extensions)
        if len(self._extensions) > 64:
            self._extensions.clear()
        return replace(node, extensions=known)

    def left(self, session: Session, /) -> None:
        """Forget a session."""
        self._sessions.pop(session, None)


def _listener(address: str) -> socket.socket:
    """Make a socket that listens on `host:port` (or `:port`, on every address) or `unix:path`."""
    if address.startswith("unix:"):
        path = Path(address.removeprefix("unix:"))
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(BACKLOG)
        return listener
    host, _, port = address.rpartition(":")
    place = (host.strip("[]"), int(port))
    if not host and socket.has_dualstack_ipv6():
        return socket.create_server(place, family=socket.AF_INET6, backlog=BACKLOG, dualstack_ipv6=True)
    return socket.create_server(place, family=socket.AF_INET6 if ":" in place[0] else socket.AF_INET, backlog=BACKLOG)


def _peer(name: object) -> str:
    """Write a socket's address as gRPC does."""
    if not isinstance(name, tuple):
        return "unix:"
    host, port, *_ = cast("tuple[str, int]", name)
    return f"ipv6:%5B{host}%5D:{port}" if ":" in host else f"ipv4:{host}:{port}"
